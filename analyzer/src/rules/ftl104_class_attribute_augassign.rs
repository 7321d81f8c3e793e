//! FTL104: a class attribute is updated in place without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern, PlaceKind};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `cls.n += 1`, `type(self).n += 1` and `ClassName.n += 1` when no lock that all instances share covers the update. Instance counters in `__init__` are included: the instance is new, the class is not.
    ///
    /// ## Why is this bad?
    /// A class attribute is process-wide. Two threads that make or use instances read the same value and write the same successor: an update is lost, or two instances get the same number.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Job:
    ///     made = 0
    ///
    ///     def __init__(self):
    ///         Job.made += 1  # error
    ///
    /// def worker():
    ///     Job()
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
    /// import itertools
    /// import threading
    ///
    /// class Job:
    ///     numbers = itertools.count(1)
    ///
    ///     def __init__(self):
    ///         self.number = next(Job.numbers)
    ///
    /// def worker():
    ///     Job()
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
    /// `self.n += 1` where `n` is only a default of the class makes an attribute of the instance; it is judged as such.
    ///
    /// ## Replay
    /// Stops one thread after the load and before the store, lets another thread update, and compares the result with all serial orders.
    pub(crate) static RULE = {
        code: "FTL104",
        name: "class-attribute-augassign",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a class attribute is updated in place without a lock",
        replay: Replay::With(Strategy::SplitUpdate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Augment], |kind, contents| {
        !contents && matches!(kind, PlaceKind::ClassAttribute { .. })
    }) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "class attribute `{place}` is updated without a common lock: {who} can write between the read and the write, and one update is lost"
        )
    })
}
