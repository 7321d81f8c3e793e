//! FTL207: a flag is tested and then set without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if not self.started: self.started = True; ...` and `if self.closed: return; self.closed = True` when the flag is shared and no lock covers test and store.
    ///
    /// ## Why is this bad?
    /// Two threads can both find the flag unset and both run what should run once.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Service:
    ///     def __init__(self):
    ///         self.started = False
    ///         self.starts = []
    ///
    ///     def start(self):
    ///         if not self.started:
    ///             self.started = True  # error
    ///             self.starts.append(1)
    ///
    /// def main():
    ///     service = Service()
    ///     threads = [threading.Thread(target=service.start) for _ in range(4)]
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
    /// class Service:
    ///     def __init__(self):
    ///         self.once = threading.Lock()
    ///         self.starts = []
    ///
    ///     def start(self):
    ///         if self.once.acquire(blocking=False):
    ///             self.starts.append(1)
    ///
    /// def main():
    ///     service = Service()
    ///     threads = [threading.Thread(target=service.start) for _ in range(4)]
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
    /// A flag whose body does no harm when it runs twice is reported all the same.
    ///
    /// ## Replay
    /// Stops one thread between the test and the store, lets another thread enter, and counts the entries.
    pub(crate) static RULE = {
        code: "FTL207",
        name: "test-and-set-flag",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a flag is tested and then set without a lock",
        replay: Replay::With(Strategy::TestAndSet),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::TestAndSet], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "flag `{place}` is tested and then set without a lock: {who} can find it unset too, and what should run once runs twice"
        )
    })
}
