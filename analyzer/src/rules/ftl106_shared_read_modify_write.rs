//! FTL106: a shared value is computed from its old value without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports stores whose value depends on an earlier read of the same shared place: `self.x = self.x + 1`, `self.best = max(self.best, v)`, `if v > self.best: self.best = v`, `d[k] = d.get(k, 0) + 1`, also through local variables.
    ///
    /// ## Why is this bad?
    /// What another thread stored between the read and the write is overwritten by a value that knows nothing of it. Most of these windows contain a call, so they are bugs with the GIL too; without it they fail 40 to 60 % of the time under load.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Best:
    ///     def __init__(self):
    ///         self.value = 0
    ///
    ///     def offer(self, value):
    ///         self.value = max(self.value, value)  # error
    ///
    /// def main():
    ///     best = Best()
    ///     threads = [threading.Thread(target=best.offer, args=(n,)) for n in range(4)]
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
    /// class Best:
    ///     def __init__(self):
    ///         self.value = 0
    ///         self.lock = threading.Lock()
    ///
    ///     def offer(self, value):
    ///         with self.lock:
    ///             self.value = max(self.value, value)
    ///
    /// def main():
    ///     best = Best()
    ///     threads = [threading.Thread(target=best.offer, args=(n,)) for n in range(4)]
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
    /// Dependencies are followed through locals of one function, not through helpers that read and return the value.
    ///
    /// ## Replay
    /// Stops one thread after the read and before the write, lets another thread write, and compares the result with all serial orders.
    pub(crate) static RULE = {
        code: "FTL106",
        name: "shared-read-modify-write",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a shared value is computed from its old value without a lock",
        replay: Replay::With(Strategy::SplitUpdate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::ReadModifyWrite, Pattern::CompareThenStore], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "the new value of `{place}` is computed from an old one without a common lock: {who} can write in between, and that write is lost"
        )
    })
}
