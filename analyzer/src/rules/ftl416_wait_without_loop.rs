//! FTL416: a condition is waited for once, without a loop that tests what is waited for.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{DeadlockKind, Evidence};
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports `condition.wait()` outside of any loop, in a function that is not called in a loop either.
    ///
    /// ## Why is this bad?
    /// A notification that comes before the thread waits is lost, and the thread waits for ever. One that is meant for another thread wakes it too early, and it goes on without what it waited for.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Mailbox:
    ///     def __init__(self):
    ///         self.condition = threading.Condition()
    ///         self.letters = []
    ///
    ///     def put(self, letter):
    ///         with self.condition:
    ///             self.letters.append(letter)
    ///             self.condition.notify()
    ///
    ///     def get(self):
    ///         with self.condition:
    ///             self.condition.wait()  # error
    ///             return self.letters.pop()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// class Mailbox:
    ///     def __init__(self):
    ///         self.condition = threading.Condition()
    ///         self.letters = []
    ///
    ///     def put(self, letter):
    ///         with self.condition:
    ///             self.letters.append(letter)
    ///             self.condition.notify()
    ///
    ///     def get(self):
    ///         with self.condition:
    ///             while not self.letters:
    ///                 self.condition.wait()
    ///             return self.letters.pop()
    /// ```
    ///
    /// ## Known limits
    /// Any loop counts, whatever it tests. A wait with a limit of time is reported at low confidence: it may be meant as a nap.
    ///
    /// ## Replay
    /// Not replayed yet.
    pub(crate) static RULE = {
        code: "FTL416",
        name: "wait-without-loop",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a condition is waited for once, without a loop that tests what is waited for",
        replay: Replay::Never("no strategy sends the notification before the wait yet"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for it in ctx.deadlocks(DeadlockKind::LostWakeup) {
        out.push(it);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    let Evidence::Deadlock(it) = evidence else { return String::new() };
    let condition = it.locks.first().map_or("", String::as_str);
    format!(
        "`{condition}` is waited for once: a notification that came before is lost, and one for another thread ends the wait too early"
    )
}
