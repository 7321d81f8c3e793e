//! FTL609: the order of a shared sorted list or heap is changed by several threads.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `bisect.insort` into a shared list that other threads change too, and `heapq` functions on a list that others change by other means, when no lock covers both.
    ///
    /// ## Why is this bad?
    /// `insort` looks for the position first and inserts afterwards. An insertion by another thread in between puts the element at a wrong position: the list is no longer sorted, and later searches miss elements. A heap that is changed behind the back of `heapq` is no longer a heap.
    ///
    /// ## Example
    /// ```python
    /// import bisect
    /// import threading
    ///
    /// deadlines = []
    ///
    /// def work():
    ///     bisect.insort(deadlines, 1)  # error
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
    /// import bisect
    /// import threading
    ///
    /// deadlines = []
    /// lock = threading.Lock()
    ///
    /// def work():
    ///     with lock:
    ///         bisect.insort(deadlines, 1)
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
    /// `heapq` functions beside each other are atomic from CPython 3.14 on and not reported. Sorted containers of other libraries are not looked at.
    ///
    /// ## Replay
    /// Lets threads insert with no control at all, and looks for an order that is broken.
    pub(crate) static RULE = {
        code: "FTL609",
        name: "sorted-structure-race",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "the order of a shared list is kept by several threads",
        replay: Replay::With(Strategy::Contend),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::SortedStructure], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "`{place}` loses its order: {who} can change it between the search and the insertion"
        )
    })
}
