//! FTL502: the interpreter is asked about the GIL in a way that does not answer.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports questions about the GIL whose answer is the same on all interpreters, or on all but one release: `sys._is_gil_enabled` without the call, `Py_GIL_DISABLED` compared with `None` or a text or looked for among the variables, a text in `sys.version` that no release has, or 3.13 alone, a function that returns what no CPython has. Also right questions at the wrong time or place: an answer that is kept before other modules are imported, a call without a test in a project whose `requires-python` allows releases before 3.13, threads that are started only where the GIL is on.
    ///
    /// ## Why is this bad?
    /// Nothing fails. A function is always true, so `if sys._is_gil_enabled:` takes the branch for the GIL everywhere. `get_config_var("Py_GIL_DISABLED")` is 0 on a usual build of 3.13 and later, so `is not None` calls that build free-threaded too. "experimental free-threading build" left `sys.version` with 3.14.
    ///
    /// ## Example
    /// ```python
    /// import sys
    ///
    /// workers = 1 if sys._is_gil_enabled else 8  # error
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import sys
    /// import sysconfig
    ///
    /// workers = 1 if getattr(sys, "_is_gil_enabled", lambda: True)() else 8
    /// built_for_it = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    /// ```
    ///
    /// ## Known limits
    /// Only the uses in a table are known. A question about the build where the state of the process is meant is not reported; nor is a function that goes through a variable first. A file that asks anywhere for the version, or by `hasattr`, counts as careful. Which later import brings the GIL back is not looked up.
    ///
    /// ## Replay
    /// None: the answer is wrong whatever threads do.
    pub(crate) static RULE = {
        code: "FTL502",
        name: "wrong-gil-detection",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a question about the GIL that every interpreter answers alike",
        replay: Replay::Never("the answer is wrong whatever threads do"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for misread in ctx.misreadings(Topic::Gil) {
        out.push(misread);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
