//! FTL306: a dependency has free-threaded wheels that switch the GIL back on.

use super::words;
use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::surroundings::Trouble;

declare_rule! {
    /// ## What it does
    /// Reports a dependency whose locked version ships wheels for free-threaded interpreters of which it is known that their extensions do not declare themselves. What is installed is read instead of asking the table (FTL301).
    ///
    /// ## Why is this bad?
    /// The installation succeeds and the first import enables the GIL for the rest of the process. A wheel with the right tag is no sign of support: build tools make one without being asked.
    ///
    /// ## Example
    /// What is reported depends on the lock file; the first line stands for one.
    /// ```python
    /// # locked: sqlalchemy 2.0.51 gil-in-wheel
    /// import sqlalchemy  # error
    /// ```
    ///
    /// ## Use instead
    /// A release that declares support.
    /// ```python
    /// # locked: sqlalchemy 2.0.54
    /// import sqlalchemy
    /// ```
    ///
    /// ## Known limits
    /// Only packages of a table are known, each with the versions of which it was seen. A package whose extensions are switched off by a variable of the environment in a file of the project has low confidence.
    ///
    /// ## Replay
    /// Imports the module in a fresh interpreter and watches `sys._is_gil_enabled()`.
    pub(crate) static RULE = {
        code: "FTL306",
        name: "ft-wheel-but-gil-used",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a dependency has free-threaded wheels that switch the GIL back on",
        replay: Replay::With(Strategy::GilFlip),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for dependency in ctx.dependencies(Trouble::GilInWheel) {
        out.push(dependency);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Dependency(it) => format!(
            "{} has wheels for {} that switch the GIL back on{}",
            words::distribution(&it.facts),
            it.facts.target,
            words::needed_by(&it.facts)
        ),
        _ => String::new(),
    }
}
