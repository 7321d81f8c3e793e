//! FTL401: shared state is changed without the lock that guards it elsewhere.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{AccessKind, Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports a change to a shared place without any lock, when another thread holds a lock around a read and a write of the same place that belong together; and two reads without the lock of values that are updated together under it.
    ///
    /// ## Why is this bad?
    /// A lock protects only when every change takes it. The change without it falls between the read and the write of the other side, and one of the two is lost, although the other side did everything right.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Stats:
    ///     def __init__(self):
    ///         self.lock = threading.Lock()
    ///         self.total = 0
    ///
    ///     def add(self, value):
    ///         with self.lock:
    ///             self.total += value
    ///
    ///     def reset(self):
    ///         self.total = 0  # error
    ///
    /// def main():
    ///     stats = Stats()
    ///     threads = [threading.Thread(target=stats.add, args=(n,)) for n in range(4)]
    ///     for thread in threads:
    ///         thread.start()
    ///     stats.reset()
    ///     for thread in threads:
    ///         thread.join()
    ///
    /// if __name__ == "__main__":
    ///     main()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// class Stats:
    ///     def __init__(self):
    ///         self.lock = threading.Lock()
    ///         self.total = 0
    ///
    ///     def add(self, value):
    ///         with self.lock:
    ///             self.total += value
    ///
    ///     def reset(self):
    ///         with self.lock:
    ///             self.total = 0
    ///
    /// def main():
    ///     stats = Stats()
    ///     threads = [threading.Thread(target=stats.add, args=(n,)) for n in range(4)]
    ///     for thread in threads:
    ///         thread.start()
    ///     stats.reset()
    ///     for thread in threads:
    ///         thread.join()
    ///
    /// if __name__ == "__main__":
    ///     main()
    /// ```
    ///
    /// ## Known limits
    /// Single reads without the lock are not reported: they are atomic. Two reads in one expression are, when one region updates both values. Neither are changes reported that only meet single guarded writes: one store is atomic.
    ///
    /// ## Replay
    /// Stops a thread in the region that holds the lock, lets another one make the change without it, and compares the results, the
    /// exceptions and the value of the place with those of all serial orders.
    pub(crate) static RULE = {
        code: "FTL401",
        name: "inconsistent-guard",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "shared state is changed without the lock that guards it elsewhere",
        replay: Replay::With(Strategy::Interleave),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Unguarded], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        let lock = window.other.locks.first().map_or("a lock", String::as_str);
        let counted = window.guard.as_ref().filter(|it| it.lock == lock && it.held > 1);
        let guards = counted.map_or(String::new(), |it| {
            format!(" (`{lock}` guards it in {} of {} accesses)", it.held, it.total)
        });
        if window.last.kind == AccessKind::Read {
            return format!(
                "`{place}` is read together with a value that belongs to it, without `{lock}`, under which {who} changes both{guards}"
            );
        }
        format!(
            "`{place}` is changed without `{lock}`, which {who} holds between reading and writing it{guards}"
        )
    })
}
