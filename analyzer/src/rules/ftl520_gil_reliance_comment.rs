//! FTL520: a comment relies on the GIL.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports comments and docstrings that say that the GIL protects the code: "thanks to the GIL", "protected by the GIL", "atomic in CPython", "thread-safe because of the GIL". The severity is info: it is reported when the rule is selected.
    ///
    /// ## Why is this bad?
    /// Whoever wrote it has looked at the code with threads in mind, and has found a place that is only safe because threads take turns. On the free-threaded build they do not.
    ///
    /// ## Example
    /// ```python
    /// hits = {}
    ///
    ///
    /// def hit(key):
    ///     # No lock is needed, thanks to the GIL.  # error
    ///     hits[key] = hits.get(key, 0) + 1
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// hits = {}
    /// lock = threading.Lock()
    ///
    ///
    /// def hit(key):
    ///     # Several threads come here.
    ///     with lock:
    ///         hits[key] = hits.get(key, 0) + 1
    /// ```
    ///
    /// ## Known limits
    /// Words are compared, in English. A line that also speaks of free threading, or denies what it says, is not reported. Other findings in the function do not become surer by it.
    ///
    /// ## Replay
    /// None: a comment does not run.
    pub(crate) static RULE = {
        code: "FTL520",
        name: "gil-reliance-comment",
        since: "0.1.0",
        severity: Severity::Info,
        summary: "a comment relies on the GIL",
        replay: Replay::Never("a comment does not run"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for it in ctx.misreadings(Topic::Reliance) {
        out.push(it);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
