//! FTL518: processes are started because of the GIL.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports a comment that gives the GIL as the reason for the processes that start below it (`ProcessPoolExecutor`, `multiprocessing.Pool`, `Process`). The severity is info: it is reported when the rule is selected.
    ///
    /// ## Why is this bad?
    /// On the free-threaded build threads run in parallel, without copies of what they work on and without its pickling. Processes may still be right, for memory that must not be shared or for a crash that must not spread.
    ///
    /// ## Example
    /// ```python
    /// from concurrent.futures import ProcessPoolExecutor
    ///
    ///
    /// def run(jobs):
    ///     # Processes, to get around the GIL.  # error
    ///     with ProcessPoolExecutor() as pool:
    ///         return list(pool.map(str, jobs))
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// from concurrent.futures import ProcessPoolExecutor
    ///
    ///
    /// def run(jobs):
    ///     # A job may crash the interpreter.
    ///     with ProcessPoolExecutor() as pool:
    ///         return list(pool.map(str, jobs))
    /// ```
    ///
    /// ## Known limits
    /// Only a comment in the four lines above is read. Processes without such a comment are not reported, whatever they compute.
    ///
    /// ## Replay
    /// None: nothing breaks.
    pub(crate) static RULE = {
        code: "FTL518",
        name: "gil-workaround",
        since: "0.1.0",
        severity: Severity::Info,
        summary: "processes are started because of the GIL",
        replay: Replay::Never("nothing breaks"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for it in ctx.misreadings(Topic::Workaround) {
        out.push(it);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
