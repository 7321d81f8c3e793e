//! FTL504: a decision is made by the number of references to an object.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports a comparison of `sys.getrefcount(x)` with a number.
    ///
    /// ## Why is this bad?
    /// The free-threaded build counts differently: functions, classes, methods and modules have deferred counting and a huge number instead of a count, objects that live for ever as well, and other threads count apart from the owner. A cache that drops what "nobody else has" keeps it, a copy that is made only for a second owner is made always or never. With the GIL the number is exact for most objects, so the code seems right there.
    ///
    /// ## Example
    /// ```python
    /// import sys
    ///
    ///
    /// def nobody_else_has(function):
    ///     return sys.getrefcount(function) <= 3  # error
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import weakref
    ///
    /// cache = weakref.WeakValueDictionary()
    ///
    ///
    /// def cached(key):
    ///     return cache.get(key)
    /// ```
    ///
    /// ## Known limits
    /// A count that goes through a variable, is compared with another count, or is given to a method of a test (`assertEqual`) is not reported. For a plain object that one thread has the number is the same as with the GIL. In 127 releases from the index and in the standard library of 3.14 there is no finding.
    ///
    /// ## Replay
    /// None: the number differs between two builds, not between two schedules of one.
    pub(crate) static RULE = {
        code: "FTL504",
        name: "refcount-reliance",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a decision by the number of references to an object",
        replay: Replay::Never("the number differs between two builds, not between two schedules of one"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for misread in ctx.misreadings(Topic::References) {
        out.push(misread);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
