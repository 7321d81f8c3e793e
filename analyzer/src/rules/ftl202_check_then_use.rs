//! FTL202: an element is used after testing that it is there, while another thread can remove it.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if k in d: d[k]`, `if k in d: del d[k]`, `if k in d: d.pop(k)` and `if x in s: s.remove(x)` on a shared container from which another thread can remove the element, when no lock covers both steps.
    ///
    /// ## Why is this bad?
    /// The element can be gone when it is used: `KeyError` or `ValueError`, in the thread that tested.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// sessions = {"a": 1}
    ///
    /// def close(name):
    ///     if name in sessions:
    ///         del sessions[name]  # error
    ///
    /// def main():
    ///     threads = [threading.Thread(target=close, args=("a",)) for _ in range(4)]
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
    /// sessions = {"a": 1}
    ///
    /// def close(name):
    ///     sessions.pop(name, None)
    ///
    /// def main():
    ///     threads = [threading.Thread(target=close, args=("a",)) for _ in range(4)]
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
    /// A use inside a `try` that catches the exception is left alone.
    ///
    /// ## Replay
    /// Stops one thread between the test and the use, lets another thread remove the element, and watches for the exception.
    pub(crate) static RULE = {
        code: "FTL202",
        name: "check-then-use",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "an element is used after testing that it is there, while another thread can remove it",
        replay: Replay::With(Strategy::CheckThenAct),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CheckThenUse], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "the element of `{place}` can be gone after the test: {who} can remove it before it is used"
        )
    })
}
