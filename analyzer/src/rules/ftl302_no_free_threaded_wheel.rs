//! FTL302: a dependency has wheels, and none for the free-threaded interpreter.

use super::words;
use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, declare_rule};
use crate::surroundings::Trouble;

declare_rule! {
    /// ## What it does
    /// Reports a dependency whose locked version has no wheel that the free-threaded interpreter takes, although there are wheels for others on this platform, and no pure Python one; or only sources, of which it is known that they do not build into something that runs without the GIL. Also a project whose `requires-python`, or whose lock file, leaves that interpreter out: its lock says nothing of wheels then.
    ///
    /// ## Why is this bad?
    /// The installation builds the package from its sources, which needs a compiler, takes long, and gives an extension that nobody has tested without the GIL; or it fails.
    ///
    /// ## Example
    /// What is reported depends on the lock file; the first line stands for one.
    /// ```python
    /// # locked: orjson 3.11.9 no-wheel
    /// import orjson  # error
    /// ```
    ///
    /// ## Use instead
    /// A release that has such a wheel, or another package.
    /// ```python
    /// # locked: msgspec 0.20.0
    /// import msgspec
    /// ```
    ///
    /// ## Known limits
    /// The wheels that a lock file names are compared with one release (`target-version`, else 3.14t) and the platform ftlint runs on. A package of which there is no wheel for this platform at all, with or without the GIL, is not reported. What only developers need (groups) is reported where the code imports it. Without a lock file nothing is known of wheels, and nothing is reported.
    ///
    /// ## Replay
    /// None: it is about what can be installed.
    pub(crate) static RULE = {
        code: "FTL302",
        name: "no-free-threaded-wheel",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a dependency has wheels, and none for the free-threaded interpreter",
        replay: Replay::Never("it is about what can be installed"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for dependency in ctx.dependencies(Trouble::NoWheel) {
        out.push(dependency);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Dependency(it) if it.facts.distribution.is_empty() => it.facts.known.clone(),
        Evidence::Dependency(it) => format!(
            "{} has no wheel for {}{}",
            words::distribution(&it.facts),
            it.facts.target,
            words::needed_by(&it.facts)
        ),
        _ => String::new(),
    }
}
