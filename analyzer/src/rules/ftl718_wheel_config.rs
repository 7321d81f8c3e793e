//! FTL718: free-threaded wheels are left out, or asked for in a way that has no effect.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::knowledge::Topic;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports settings of cibuildwheel, in `pyproject.toml` and in CI, that leave the free-threaded interpreters out (`skip`, `build`, `CIBW_SKIP`, `CIBW_BUILD`), and words that newer releases do not know (`enable = ["cpython-freethreading"]`, `free-threaded-support`). The severity is info: it is reported when the rule is selected.
    ///
    /// ## Why is this bad?
    /// Without such wheels users of 3.14t build the package from its sources, or cannot install it. cibuildwheel 3.1 and later builds them without being asked; whether an extension may run without the GIL is said in its code, not there.
    ///
    /// ## Example
    /// ```toml
    /// [tool.cibuildwheel]
    /// build = "cp*"
    /// skip = ["pp*", "cp31?t-*"]  # error
    /// enable = ["cpython-freethreading"]  # error
    /// ```
    ///
    /// ## Use instead
    /// ```toml
    /// [tool.cibuildwheel]
    /// build = "cp*"
    /// skip = ["pp*", "cp313t-*"]
    /// ```
    ///
    /// ## Known limits
    /// Whether the extension declares itself is not known: wheels that switch the GIL on are worse than none. What is inside of braces in a pattern is not worked out.
    ///
    /// ## Replay
    /// None: it is about configuration.
    pub(crate) static RULE = {
        code: "FTL718",
        name: "wheel-config",
        since: "0.1.0",
        severity: Severity::Info,
        summary: "free-threaded wheels are left out, or asked for in a way that has no effect",
        replay: Replay::Never("it is about configuration"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for setting in ctx.misreadings(Topic::Wheels) {
        out.push(setting);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
