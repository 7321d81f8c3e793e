//! FTL101: an attribute of a shared object is updated in place without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern, PlaceKind};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `obj.attr += value` (and `-=`, `|=`, ...) on an object that two threads can reach, when no lock covers every such update.
    ///
    /// ## Why is this bad?
    /// The statement loads the attribute, computes, and stores the result. Another thread's store can fall between the load and the store; it is then overwritten and lost. With the GIL, CPython 3.10 and later do not switch threads inside a plain `self.n += 1`, so the code appears to work until it runs on a free-threaded build: there, four threads lost 27 % of their updates.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Server:
    ///     def __init__(self):
    ///         self.hits = 0
    ///
    ///     def handle(self):
    ///         self.hits += 1  # error
    ///
    /// def main():
    ///     server = Server()
    ///     threads = [threading.Thread(target=server.handle) for _ in range(4)]
    ///     for thread in threads:
    ///         thread.start()
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
    /// class Server:
    ///     def __init__(self):
    ///         self.hits = 0
    ///         self.lock = threading.Lock()
    ///
    ///     def handle(self):
    ///         with self.lock:
    ///             self.hits += 1
    ///
    /// def main():
    ///     server = Server()
    ///     threads = [threading.Thread(target=server.handle) for _ in range(4)]
    ///     for thread in threads:
    ///         thread.start()
    ///     for thread in threads:
    ///         thread.join()
    ///
    /// if __name__ == "__main__":
    ///     main()
    /// ```
    ///
    /// ## Known limits
    /// `+=` on a list, set or dict that is never rebound stores the same object back and loses nothing; it is only recognised when every assignment of the attribute is visible. Whether a class of a library is shared is judged by the signs its code gives; see `docs/confidence.md`.
    ///
    /// ## Replay
    /// Stops one thread after the load and before the store, lets another thread update, and compares the result with all serial orders.
    pub(crate) static RULE = {
        code: "FTL101",
        name: "shared-attribute-augassign",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "an attribute of a shared object is updated in place without a lock",
        replay: Replay::With(Strategy::SplitUpdate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Augment], |kind, contents| {
        !contents && matches!(kind, PlaceKind::InstanceAttribute { .. } | PlaceKind::Object { .. })
    }) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "`{place}` is updated without a common lock: {who} can write between the read and the write, and one update is lost"
        )
    })
}
