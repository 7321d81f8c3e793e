//! FTL103: a variable of an enclosing function is updated in place by several threads.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern, PlaceKind};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `nonlocal x; x += value` in an inner function that runs on several threads which share the enclosing call.
    ///
    /// ## Why is this bad?
    /// All callers of the inner function use the same cell. The update is a load, a computation and a store, and another thread's store between them is lost.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// def count():
    ///     total = 0
    ///
    ///     def worker():
    ///         nonlocal total
    ///         total += 1  # error
    ///
    ///     threads = [threading.Thread(target=worker) for _ in range(4)]
    ///     for thread in threads:
    ///         thread.start()
    ///     for thread in threads:
    ///         thread.join()
    ///     return total
    ///
    /// if __name__ == "__main__":
    ///     count()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// def count():
    ///     total = 0
    ///     lock = threading.Lock()
    ///
    ///     def worker():
    ///         nonlocal total
    ///         with lock:
    ///             total += 1
    ///
    ///     threads = [threading.Thread(target=worker) for _ in range(4)]
    ///     for thread in threads:
    ///         thread.start()
    ///     for thread in threads:
    ///         thread.join()
    ///     return total
    ///
    /// if __name__ == "__main__":
    ///     count()
    /// ```
    ///
    /// ## Known limits
    /// A closure that only escapes by being stored somewhere is reported with low confidence.
    ///
    /// ## Replay
    /// Runs the program; stops one thread after the load and before the store and lets another thread update.
    pub(crate) static RULE = {
        code: "FTL103",
        name: "shared-closure-augassign",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a variable of an enclosing function is updated in place by several threads",
        replay: Replay::With(Strategy::SplitUpdate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Augment], |kind, contents| {
        !contents && matches!(kind, PlaceKind::Cell { .. })
    }) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "`{place}` of the enclosing function is updated without a common lock: {who} can write between the read and the write, and one update is lost"
        )
    })
}
