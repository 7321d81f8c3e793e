//! FTL212: a mapping written in Python is used as if its methods were atomic.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `pop(key, default)`, `popitem()` and `setdefault(...)` on a shared `UserDict`, `os.environ`, `shelve` or class derived from `MutableMapping` that does not define the method itself, and `setdefault(...)` on a shared `ChainMap` or `WeakValueDictionary`, when several threads do so without a lock.
    ///
    /// ## Why is this bad?
    /// In these classes each of the methods is a test and an action in Python, not one step as in a dict. `pop(key, None)` can raise `KeyError`, and `setdefault` can hand different objects to two threads.
    ///
    /// ## Example
    /// ```python
    /// import threading
    /// from collections import UserDict
    ///
    /// sessions = UserDict()
    ///
    /// def work():
    ///     sessions.pop("main", None)  # error
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
    /// import threading
    ///
    /// sessions = {}
    ///
    /// def work():
    ///     sessions.pop("main", None)
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
    /// The type must be known from where the mapping is made.
    ///
    /// ## Replay
    /// None: no strategy stops a thread between the steps of a method of the mapping, which are not in the finding's own code.
    pub(crate) static RULE = {
        code: "FTL212",
        name: "mapping-mixin-not-atomic",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a method of a mapping written in Python is used as if it were atomic",
        replay: Replay::Never("no strategy stops a thread inside a method of the mapping"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::MappingMixin], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!("this method of `{place}` is several steps in Python: {who} can come in between")
    })
}
