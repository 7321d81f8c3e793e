//! FTL304: a dependency works without its extension on the free-threaded interpreter.

use super::words;
use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, declare_rule};
use crate::surroundings::Trouble;

declare_rule! {
    /// ## What it does
    /// Reports a dependency whose locked version has wheels with an extension for interpreters with the GIL, and for the free-threaded one only the pure Python wheel. The severity is info: it is reported when the rule is selected.
    ///
    /// ## Why is this bad?
    /// Everything works, and what the extension did runs as Python code, often ten times slower. A measurement that compares both interpreters compares two implementations.
    ///
    /// ## Example
    /// What is reported depends on the lock file; the first line stands for one.
    /// ```python
    /// # locked: protobuf 6.33.0 fallback
    /// import protobuf.message  # error
    /// ```
    ///
    /// ## Use instead
    /// A release with a free-threaded wheel; or nothing, where the speed does not matter.
    /// ```python
    /// # locked: websockets 16.0
    /// import websockets
    /// ```
    ///
    /// ## Known limits
    /// As for FTL302. Whether the extension matters for the program is not known.
    ///
    /// ## Replay
    /// None: nothing breaks.
    pub(crate) static RULE = {
        code: "FTL304",
        name: "pure-python-fallback",
        since: "0.1.0",
        severity: Severity::Info,
        summary: "a dependency works without its extension on the free-threaded interpreter",
        replay: Replay::Never("nothing breaks"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for dependency in ctx.dependencies(Trouble::Fallback) {
        out.push(dependency);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Dependency(it) => format!(
            "{} has no extension for {}, only pure Python{}",
            words::distribution(&it.facts),
            it.facts.target,
            words::needed_by(&it.facts)
        ),
        _ => String::new(),
    }
}
