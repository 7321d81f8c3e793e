//! FTL308: a file switches the GIL on or off for the whole process.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports `PYTHON_GIL=0`, `PYTHON_GIL=1`, `-X gil=0` and `-X gil=1` in files that say how Python runs: Dockerfiles, files of Compose, units of systemd, shell scripts, CI, tox, nox, `pyproject.toml`, and the first line of scripts.
    ///
    /// ## Why is this bad?
    /// With 1 the GIL is on from the start, and the free-threaded build is only slower. With 0 it stays off although an extension asks for it: what protects that extension is gone, and it may corrupt memory. That is an error in a file that says how a program runs; where tests run, it is a warning. An interpreter with the GIL does not start with 0.
    ///
    /// ## Example
    /// ```python
    /// #!/usr/bin/env -S python3 -X gil=0  # error
    /// print("starts")
    /// ```
    /// ```dockerfile
    /// FROM python:3.14t
    /// ENV PYTHON_GIL=0  # error
    /// CMD ["python", "-X", "gil=1", "app.py"]  # error
    /// ```
    ///
    /// ## Use instead
    /// Nothing: the GIL is off until an extension needs it, and `ftlint extensions` shows which one does.
    /// ```python
    /// #!/usr/bin/env python3
    /// print("starts")
    /// ```
    /// ```dockerfile
    /// FROM python:3.14t
    /// CMD ["python", "app.py"]
    /// ```
    ///
    /// ## Known limits
    /// Lines are read one by one: a value that is computed is not seen. Where the tests of a project run with both values, both are meant. With 1 in a file for tests the confidence is low. Only the usual files are looked at: directly in the project, in `.github/workflows`, and in folders for containers, scripts and CI.
    ///
    /// ## Replay
    /// None: it is about configuration.
    pub(crate) static RULE = {
        code: "FTL308",
        name: "gil-forced-in-config",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a file switches the GIL on or off for the whole process",
        replay: Replay::Never("it is about configuration"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for setting in ctx.misreadings(Topic::Forced) {
        out.push(setting);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
