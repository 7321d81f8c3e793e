//! FTL209: an attribute of a foreign object is set after testing that it is not there.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if not hasattr(obj, "a"): obj.a = make()` on an object that several threads share, when no lock covers test and store. For `self` this is FTL205.
    ///
    /// ## Why is this bad?
    /// Two threads can both find the attribute missing; each makes a value, and the one that is stored first is lost together with what was done to it.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Job:
    ///     pass
    ///
    /// job = Job()
    ///
    /// def results(target: Job):
    ///     if not hasattr(target, "results"):
    ///         target.results = []  # error
    ///     return target.results
    ///
    /// def work():
    ///     results(job).append(1)
    ///
    /// for _ in range(2):
    ///     threading.Thread(target=work).start()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// class Job:
    ///     def __init__(self):
    ///         self.results = []
    ///
    /// job = Job()
    ///
    /// def work():
    ///     job.results.append(1)
    ///
    /// for _ in range(2):
    ///     threading.Thread(target=work).start()
    /// ```
    ///
    /// ## Known limits
    /// Names of attributes that are not written out (`setattr(obj, name, value)`) are not looked at.
    ///
    /// ## Replay
    /// Stops one thread between test and store, lets the other one set the attribute, and watches whether both do.
    pub(crate) static RULE = {
        code: "FTL209",
        name: "check-then-setattr",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "an attribute of another object is set after testing that it is not there",
        replay: Replay::With(Strategy::InitOnce),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CheckThenSetattr], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "`{place}` is set after a test that it is missing: {who} can also find it missing, and one of the two values is lost"
        )
    })
}
