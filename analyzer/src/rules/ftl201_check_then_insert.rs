//! FTL201: a key is inserted after testing that it is missing, without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if k not in d: d[k] = v`, `if d.get(k) is None: d[k] = v`, `try: d[k] except KeyError: d[k] = v` and `if x not in items: items.append(x)` on a shared container, when no lock covers test and insertion.
    ///
    /// ## Why is this bad?
    /// Two threads can both find the key missing. Both make a value, the second store replaces the first, and whoever got the first object works on one that nobody else sees.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// sessions = {}
    ///
    /// def session(name):
    ///     if name not in sessions:
    ///         sessions[name] = object()  # error
    ///     return sessions[name]
    ///
    /// def main():
    ///     threads = [threading.Thread(target=session, args=("a",)) for _ in range(4)]
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
    /// sessions = {}
    ///
    /// def session(name):
    ///     return sessions.setdefault(name, object())
    ///
    /// def main():
    ///     threads = [threading.Thread(target=session, args=("a",)) for _ in range(4)]
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
    /// `setdefault` evaluates its default every time; when making the value twice does harm, take a lock and test again inside. `setdefault` is atomic on exact dicts only, not on `UserDict` and other Python mappings.
    ///
    /// ## Replay
    /// Stops one thread between the test and the store, lets another thread insert the same key, and counts the insertions.
    pub(crate) static RULE = {
        code: "FTL201",
        name: "check-then-insert",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a key is inserted after testing that it is missing, without a lock",
        replay: Replay::With(Strategy::CheckThenAct),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CheckThenInsert], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "the key can appear in `{place}` between the test and the insertion: {who} can insert it too, and one of the two values is lost"
        )
    })
}
