//! FTL418: a container leaves the lock that guards it.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports a function that holds a lock and returns the container which this lock guards, or a live view of it (`d.items()`), when the container is changed in place under the lock elsewhere.
    ///
    /// ## Why is this bad?
    /// The lock ends with the `return`. The caller goes through the same object that other threads change, and nothing in its code shows it.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Shop:
    ///     def __init__(self):
    ///         self._lock = threading.Lock()
    ///         self._prices = {}
    ///
    ///     def set(self, name, price):
    ///         with self._lock:
    ///             self._prices[name] = price
    ///
    ///     def prices(self):
    ///         with self._lock:
    ///             return self._prices  # error
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// class Shop:
    ///     def __init__(self):
    ///         self._lock = threading.Lock()
    ///         self._prices = {}
    ///
    ///     def set(self, name, price):
    ///         with self._lock:
    ///             self._prices[name] = price
    ///
    ///     def prices(self):
    ///         with self._lock:
    ///             return dict(self._prices)
    /// ```
    ///
    /// ## Known limits
    /// Containers of the project's own classes are left out, they may lock by themselves. What the callers do with the reference is not looked at, nor is a container inside of another one.
    ///
    /// ## Replay
    /// None: what the callers do with the container is not known.
    pub(crate) static RULE = {
        code: "FTL418",
        name: "guarded-reference-escape",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a guarded container is returned by reference from inside its guard",
        replay: Replay::Never("the callers of the function are not known"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::GuardedEscape], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let place = &window.place.text;
        let lock = window.last.locks.first().map_or("its lock", String::as_str);
        format!(
            "`{place}` leaves `{lock}` by reference: its users meet `{}`, which changes it in place",
            window.other.site.function.replace(".<locals>.", ".")
        )
    })
}
