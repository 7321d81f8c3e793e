//! FTL305: a dependency is older than the first version that supports free threading.

use super::words;
use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, declare_rule};
use crate::surroundings::Trouble;

declare_rule! {
    /// ## What it does
    /// Reports a dependency whose locked or pinned version is older than the first one of which its authors state that it runs without the GIL.
    ///
    /// ## Why is this bad?
    /// A free-threaded wheel is often there before the support is: build tools make one without being asked. What has not been made ready may switch the GIL back on, or crash.
    ///
    /// ## Example
    /// What is reported depends on the lock file; the first line stands for one.
    /// ```python
    /// # locked: msgpack 1.1.2 too-old
    /// import msgpack  # error
    /// ```
    ///
    /// ## Use instead
    /// The version that the message names, or a later one.
    /// ```python
    /// # locked: msgpack 1.2.0
    /// import msgpack
    /// ```
    ///
    /// ## Known limits
    /// Only packages of a table are known, with the state of the day that the note names. A lower bound without a lock file is not reported: what will be installed is not known.
    ///
    /// ## Replay
    /// None: the version that is installed may be another one.
    pub(crate) static RULE = {
        code: "FTL305",
        name: "dependency-too-old-for-ft",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a dependency is older than the first version that supports free threading",
        replay: Replay::Never("the version that is installed may be another one"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for dependency in ctx.dependencies(Trouble::TooOld) {
        out.push(dependency);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Dependency(it) => format!(
            "{} is too old for {}: support is stated from {} on{}",
            words::distribution(&it.facts),
            it.facts.target,
            it.facts.supported,
            words::needed_by(&it.facts)
        ),
        _ => String::new(),
    }
}
