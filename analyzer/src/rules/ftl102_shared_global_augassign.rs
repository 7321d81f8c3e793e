//! FTL102: a module variable is updated in place without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern, PlaceKind};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `global x; x += value`, and `module.x += value`, in functions that several threads can call, when no lock covers every such update.
    ///
    /// ## Why is this bad?
    /// A module variable is shared by all threads of the process, and the statement is a load, a computation and a store. On the free-threaded build another thread's store falls between them: four threads lost 69 % of their updates.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// done = 0
    ///
    /// def worker():
    ///     global done
    ///     done += 1  # error
    ///
    /// def main():
    ///     threads = [threading.Thread(target=worker) for _ in range(4)]
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
    /// done = 0
    /// done_lock = threading.Lock()
    ///
    /// def worker():
    ///     global done
    ///     with done_lock:
    ///         done += 1
    ///
    /// def main():
    ///     threads = [threading.Thread(target=worker) for _ in range(4)]
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
    /// Code that only runs at import is not reported. In a library every public function is taken to be callable from any thread.
    ///
    /// ## Replay
    /// Stops one thread after the load and before the store, lets another thread update, and compares the result with all serial orders.
    pub(crate) static RULE = {
        code: "FTL102",
        name: "shared-global-augassign",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a module variable is updated in place without a lock",
        replay: Replay::With(Strategy::SplitUpdate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Augment], |kind, contents| {
        !contents && matches!(kind, PlaceKind::Global { .. })
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
