//! FTL407: a thread takes a lock that it holds already and that does not allow it.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{DeadlockKind, Evidence};
use crate::rule::{Replay, Severity, Strategy, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports code that holds a lock which is not re-entrant (`threading.Lock`, `Condition(Lock())`) and calls something that takes the same lock again: in the same function, in a method called on the same object, in a property, or in an operator (`self[key]`, `key in self`, `len(self)`).
    ///
    /// ## Why is this bad?
    /// The thread waits for itself, for ever, and everybody else who needs the lock waits with it. One thread is enough.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Cache:
    ///     def __init__(self):
    ///         self._lock = threading.Lock()
    ///         self._values = {}
    ///
    ///     def __getitem__(self, key):
    ///         with self._lock:
    ///             return self._values[key]
    ///
    ///     def first(self, keys):
    ///         with self._lock:
    ///             return self[keys[0]]  # error
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// class Cache:
    ///     def __init__(self):
    ///         self._lock = threading.Lock()
    ///         self._values = {}
    ///
    ///     def __getitem__(self, key):
    ///         with self._lock:
    ///             return self._values[key]
    ///
    ///     def first(self, keys):
    ///         with self._lock:
    ///             return self._values[keys[0]]
    /// ```
    ///
    /// ## Known limits
    /// Two objects of one class are told apart by `self` only. Conditions on the way are not evaluated. Handlers that are called under the lock and are given the object are reported at low confidence: nothing says that they take it. Semaphores, and locks that another function gives back, are left out: waiting for them is how threads signal each other.
    ///
    /// ## Replay
    /// Calls the function in one thread, and looks at the lock that it waits for: is it one that a frame around it holds?
    pub(crate) static RULE = {
        code: "FTL407",
        name: "nonreentrant-reacquire",
        since: "0.1.0",
        severity: Severity::Error,
        summary: "a lock that is not re-entrant is taken again by the thread that holds it",
        replay: Replay::With(Strategy::Reacquire),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for deadlock in ctx.deadlocks(DeadlockKind::Reacquire) {
        out.push(deadlock);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    let Evidence::Deadlock(it) = evidence else { return String::new() };
    let lock = it.locks.first().map_or("", String::as_str);
    if !it.theirs.is_empty() {
        return format!(
            "handlers run while `{lock}` is held, which is not re-entrant: one that uses this object waits for ever"
        );
    }
    let taker = it.mine.last().map_or("", |it| &*it.site.function);
    format!(
        "the thread waits for itself: it holds `{lock}`, which is not re-entrant, and `{taker}` takes it again"
    )
}
