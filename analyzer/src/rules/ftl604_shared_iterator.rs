//! FTL604: one iterator is advanced by several threads.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports an iterator (`iter(xs)`, `zip`, `map`, `enumerate`, `itertools.cycle`, `csv.reader`, ...) that is kept in a shared place and advanced by several threads, when no lock covers each step.
    ///
    /// ## Why is this bad?
    /// Iterators are not thread-safe: an element is delivered twice, or never. With the GIL one step of an iterator written in C is atomic, so round robins with `next(self.cycle)` break for the first time on a free-threaded build; on CPython 3.14t an `itertools.cycle` that several threads take from crashes the interpreter as well. `itertools.count()` is atomic and not reported.
    ///
    /// ## Example
    /// ```python
    /// import itertools
    /// import threading
    ///
    /// hosts = itertools.cycle(["a", "b", "c"])
    ///
    /// def work():
    ///     return next(hosts)  # error
    ///
    /// def main():
    ///     threads = [threading.Thread(target=work) for _ in range(4)]
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
    /// hosts = ["a", "b", "c"]
    /// turn = itertools.count()
    ///
    /// def work():
    ///     return hosts[next(turn) % len(hosts)]
    ///
    /// def main():
    ///     threads = [threading.Thread(target=work) for _ in range(4)]
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
    /// File objects and database cursors are not looked at. `iter(queue.get, STOP)` only calls the function and is fine.
    ///
    /// ## Replay
    /// Lets threads advance the iterator with no control at all, and looks for elements that come twice, and for exceptions.
    pub(crate) static RULE = {
        code: "FTL604",
        name: "shared-iterator",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "one iterator is advanced by several threads",
        replay: Replay::With(Strategy::Contend),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::SharedIterator], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "iterator `{place}` is advanced by {who} too: elements are delivered twice or not at all"
        )
    })
}
