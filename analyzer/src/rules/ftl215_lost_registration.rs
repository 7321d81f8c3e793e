//! FTL215: something is registered after a test of a flag that another thread sets before it goes through the registered.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if self.done: call() else: self.callbacks.append(f)` when another thread sets `done` and then goes through `callbacks`, and no lock covers both.
    ///
    /// ## Why is this bad?
    /// Between the test and the append the other thread can set the flag and go through the list. What is appended afterwards is never called, closed or delivered.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Result:
    ///     def __init__(self):
    ///         self.done = False
    ///         self.callbacks = []
    ///
    ///     def add(self, callback):
    ///         if self.done:
    ///             callback()
    ///         else:
    ///             self.callbacks.append(callback)  # error
    ///
    ///     def finish(self):
    ///         self.done = True
    ///         for callback in self.callbacks:
    ///             callback()
    ///
    /// result = Result()
    /// threading.Thread(target=result.finish).start()
    /// result.add(print)
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// class Result:
    ///     def __init__(self):
    ///         self.lock = threading.Lock()
    ///         self.done = False
    ///         self.callbacks = []
    ///
    ///     def add(self, callback):
    ///         with self.lock:
    ///             if not self.done:
    ///                 self.callbacks.append(callback)
    ///                 return
    ///         callback()
    ///
    ///     def finish(self):
    ///         with self.lock:
    ///             self.done = True
    ///             callbacks = list(self.callbacks)
    ///         for callback in callbacks:
    ///             callback()
    ///
    /// result = Result()
    /// threading.Thread(target=result.finish).start()
    /// result.add(print)
    /// ```
    ///
    /// ## Known limits
    /// Flag and list have to be attributes of `self`, and the other function has to set the flag before it reads the list.
    ///
    /// ## Replay
    /// Stops a thread between the test and the registration, lets another one finish meanwhile, and looks at whether what was
    /// registered is ever called, as it is in every serial order.
    pub(crate) static RULE = {
        code: "FTL215",
        name: "lost-registration",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "something is registered after a test of a flag that another thread can set meanwhile",
        replay: Replay::With(Strategy::Register),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CheckThenRegister], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "what is added to `{place}` here can be lost: {who} can set the tested flag and go through it before"
        )
    })
}
