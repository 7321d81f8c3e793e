//! FTL503: how often threads take turns is set, which means nothing without the GIL.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports calls of `sys.setswitchinterval` and `sys.setcheckinterval`, unless a test before them asks whether the GIL is on. The severity is info: it is reported when the rule is selected.
    ///
    /// ## Why is this bad?
    /// The interval says how long a thread keeps the GIL while others wait for it. Without the GIL nobody waits: a long interval protects nothing, a short one provokes no race, and a fair share is up to the system.
    ///
    /// ## Example
    /// ```python
    /// import sys
    ///
    /// sys.setswitchinterval(1e-6)  # error
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import sys
    ///
    /// if getattr(sys, "_is_gil_enabled", lambda: True)():
    ///     sys.setswitchinterval(1e-6)
    /// ```
    ///
    /// ## Known limits
    /// What the interval is set for is not known. A function that is called through a variable is not followed.
    ///
    /// ## Replay
    /// None: the call does nothing.
    pub(crate) static RULE = {
        code: "FTL503",
        name: "switchinterval-reliance",
        since: "0.1.0",
        severity: Severity::Info,
        summary: "how often threads take turns is set, which means nothing without the GIL",
        replay: Replay::Never("the call does nothing"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for it in ctx.misreadings(Topic::Switching) {
        out.push(it);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
