//! FTL203: something is taken from a shared container after testing that it is not empty.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if items: items.pop()`, `if len(q) > 0: q.popleft()`, `while not q.empty(): q.get()` when several threads take from the container and no lock covers test and removal.
    ///
    /// ## Why is this bad?
    /// Another thread can take the last element after the test. Lists and deques then raise `IndexError`; a `queue.Queue` blocks for ever in `get()`.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// jobs = [1]
    ///
    /// def worker():
    ///     if jobs:
    ///         jobs.pop()  # error
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
    /// jobs = [1]
    ///
    /// def worker():
    ///     try:
    ///         jobs.pop()
    ///     except IndexError:
    ///         pass
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
    /// A single consumer is only recognised when the program shows that one thread takes from the container.
    ///
    /// ## Replay
    /// Stops one thread between the test and the removal, lets another thread take the last element, and watches for the exception or the blocked thread.
    pub(crate) static RULE = {
        code: "FTL203",
        name: "check-then-pop",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "something is taken from a shared container after testing that it is not empty",
        replay: Replay::With(Strategy::CheckThenAct),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CheckThenPop], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!("`{place}` can be empty after the test: {who} can take the last element first")
    })
}
