//! FTL105: an element of a shared container is updated in place without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `d[key] += value` and `items[i] += value` on a container that two threads can reach, when no lock covers every such update.
    ///
    /// ## Why is this bad?
    /// Reading an element and storing one are each atomic; the statement is both, with a computation between. Another thread's store to the same key is lost: four threads counting in one dict lost 58 % of their updates on the free-threaded build.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// counts = {"ok": 0}
    ///
    /// def worker():
    ///     counts["ok"] += 1  # error
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
    /// counts = {"ok": 0}
    /// lock = threading.Lock()
    ///
    /// def worker():
    ///     with lock:
    ///         counts["ok"] += 1
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
    /// Keys that are provably different in each thread (`threading.get_ident()`) are left alone; other disjoint keys are not recognised.
    ///
    /// ## Replay
    /// Stops one thread after the load and before the store, lets another thread update the same key, and compares with all serial orders.
    pub(crate) static RULE = {
        code: "FTL105",
        name: "shared-subscript-augassign",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "an element of a shared container is updated in place without a lock",
        replay: Replay::With(Strategy::SplitUpdate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Augment], |_, contents| contents) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "`{place}` is updated without a common lock: {who} can write the same element between the read and the write, and one update is lost"
        )
    })
}
