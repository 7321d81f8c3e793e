//! FTL109: two elements or attributes of a shared object are exchanged in several steps.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `a[i], a[j] = a[j], a[i]`, `o.x, o.y = o.y, o.x` and `random.shuffle(a)` on shared objects that other threads also change, when no lock covers both.
    ///
    /// ## Why is this bad?
    /// An exchange is two reads and two writes. Another exchange or store in between makes one value appear twice and another disappear.
    ///
    /// ## Example
    /// ```python
    /// import random
    /// import threading
    ///
    /// cards = list(range(52))
    ///
    /// def work():
    ///     random.shuffle(cards)  # error
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
    /// import random
    /// import threading
    ///
    /// cards = list(range(52))
    /// lock = threading.Lock()
    ///
    /// def work():
    ///     with lock:
    ///         random.shuffle(cards)
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
    /// Exchanges through a temporary variable are not seen. Indices that are different for each thread are not told apart.
    ///
    /// ## Replay
    /// Stops a thread inside the exchange, lets another one exchange meanwhile, and compares the elements with those of all serial
    /// orders.
    pub(crate) static RULE = {
        code: "FTL109",
        name: "shared-swap",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "elements of a shared object are exchanged while another thread can change them",
        replay: Replay::With(Strategy::Interleave),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Swap], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "exchange in `{place}` is several steps: {who} can change it meanwhile and a value is lost"
        )
    })
}
