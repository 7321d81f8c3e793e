//! FTL311: tests or wheels are for 3.13t, which tools have given up.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports `3.13t`, `cp313t` and `py313t` in the configuration of CI, tox, nox and cibuildwheel, once for each file; not where it is left out on purpose. The severity is info: it is reported when the rule is selected.
    ///
    /// ## Why is this bad?
    /// 3.13t was the experimental release. The images of manylinux, cibuildwheel 4 and `PyO3` 0.29 have no builds for it, cffi never had, and packages publish wheels for 3.14t and later: such a job will stop to install what it needs.
    ///
    /// ## Example
    /// ```python
    /// import nox
    ///
    ///
    /// @nox.session(python=["3.13", "3.13t"])  # error
    /// def tests(session):
    ///     session.run("pytest")
    /// ```
    /// ```yaml
    /// jobs:
    ///   test:
    ///     strategy:
    ///       matrix:
    ///         python: ["3.14", "3.13t"]  # error
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import nox
    ///
    ///
    /// @nox.session(python=["3.13", "3.14t"])
    /// def tests(session):
    ///     session.run("pytest")
    /// ```
    /// ```yaml
    /// jobs:
    ///   test:
    ///     strategy:
    ///       matrix:
    ///         python: ["3.14", "3.14t"]
    ///         exclude:
    ///           - python: "3.13t"
    /// ```
    ///
    /// ## Known limits
    /// Only the usual files are looked at, as for FTL308.
    ///
    /// ## Replay
    /// None: it is about configuration.
    pub(crate) static RULE = {
        code: "FTL311",
        name: "target-313t",
        since: "0.1.0",
        severity: Severity::Info,
        summary: "tests or wheels are for 3.13t, which tools have given up",
        replay: Replay::Never("it is about configuration"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for setting in ctx.misreadings(Topic::OldRelease) {
        out.push(setting);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
