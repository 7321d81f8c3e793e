//! FTL111: the contents of a shared place are taken, then the place is emptied.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports code that takes what a shared container, buffer or counter holds and then empties it (`batch = list(self.q); self.q.clear()`, `out = self.buf; self.buf = []`, `n = self.n; self.n = 0`) while another thread can add to it, when no lock covers both. The emptying may stand in a method that is called.
    ///
    /// ## Why is this bad?
    /// What another thread adds between the two steps is neither in the copy nor in the new container: it is lost. After a swap of the reference, a thread that has loaded the old container still adds to it, although its contents are already handed on.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// pending = []
    ///
    /// def put(item):
    ///     pending.append(item)
    ///
    /// def drain():
    ///     batch = list(pending)
    ///     pending.clear()  # error
    ///     return batch
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(1,)), threading.Thread(target=drain)]
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
    /// from collections import deque
    ///
    /// pending = deque()
    ///
    /// def put(item):
    ///     pending.append(item)
    ///
    /// def drain():
    ///     batch = []
    ///     while True:
    ///         try:
    ///             batch.append(pending.popleft())
    ///         except IndexError:
    ///             return batch
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(1,)), threading.Thread(target=drain)]
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
    /// A value that is only handed to a call before the place is emptied (`send(self.buf); self.buf = []`) is not seen, nor is a method of another object that empties.
    ///
    /// ## Replay
    /// Stops a thread between the copy and the reset, lets another one add an element meanwhile, and looks for an element that is in
    /// neither.
    pub(crate) static RULE = {
        code: "FTL111",
        name: "copy-then-clear",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "contents of a shared place are taken and the place is emptied in a second step",
        replay: Replay::With(Strategy::CopyThenClear),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CopyThenClear], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!("`{place}` is taken, then emptied: what {who} adds in between is lost")
    })
}
