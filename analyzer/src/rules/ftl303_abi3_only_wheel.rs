//! FTL303: a dependency has only wheels of the stable ABI of interpreters with the GIL.

use super::words;
use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, declare_rule};
use crate::surroundings::Trouble;

declare_rule! {
    /// ## What it does
    /// Reports a dependency whose locked version has wheels for this platform only with the tag `abi3`.
    ///
    /// ## Why is this bad?
    /// `abi3` is the stable ABI of interpreters with the GIL. A free-threaded interpreter refuses such wheels: 3.13t and 3.14t have no stable ABI, 3.15t has another one, `abi3t`. The package is built from its sources, or cannot be installed.
    ///
    /// ## Example
    /// What is reported depends on the lock file; the first line stands for one.
    /// ```python
    /// # locked: lxml 6.0.0 abi3-only
    /// from lxml import etree  # error
    /// ```
    ///
    /// ## Use instead
    /// A release that has a wheel for the free-threaded interpreter, or one with the tag `abi3.abi3t` for 3.15t and later.
    /// ```python
    /// # locked: cryptography 46.0.3
    /// from cryptography import fernet
    /// ```
    ///
    /// ## Known limits
    /// As for FTL302: one release and one platform, and only what a lock file names.
    ///
    /// ## Replay
    /// None: it is about what can be installed.
    pub(crate) static RULE = {
        code: "FTL303",
        name: "abi3-only-wheel",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a dependency has only wheels of the stable ABI of interpreters with the GIL",
        replay: Replay::Never("it is about what can be installed"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for dependency in ctx.dependencies(Trouble::StableAbiOnly) {
        out.push(dependency);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Dependency(it) => format!(
            "{} has only `abi3` wheels, which {} refuses{}",
            words::distribution(&it.facts),
            it.facts.target,
            words::needed_by(&it.facts)
        ),
        _ => String::new(),
    }
}
