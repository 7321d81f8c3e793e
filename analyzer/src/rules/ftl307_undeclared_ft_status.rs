//! FTL307: nobody states whether a dependency leaves the GIL off.

use super::words;
use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, declare_rule};
use crate::surroundings::Trouble;

declare_rule! {
    /// ## What it does
    /// Reports a dependency with an extension of which neither the files, nor a classifier of its authors, nor the table tells what it does on a free-threaded interpreter; also one whose authors call its support unstable. The severity is info: it is reported when the rule is selected.
    ///
    /// ## Why is this bad?
    /// It may switch the GIL back on, or have races in its C code. Only a look at the installed files tells: `ftlint extensions`.
    ///
    /// ## Example
    /// What is reported depends on the lock file; the first line stands for one.
    /// ```python
    /// # locked: ast-serialize 0.8.0 undeclared
    /// import ast_serialize  # error
    /// ```
    ///
    /// ## Use instead
    /// Install it into a free-threaded environment, where its files are read.
    /// ```python
    /// # locked: numpy 2.3.4
    /// import numpy
    /// ```
    ///
    /// ## Known limits
    /// Classifiers are read from the environment of the project, whatever interpreter it is made for, when it has the locked version.
    ///
    /// ## Replay
    /// None: install it, and `ftlint extensions` reads what it declares.
    pub(crate) static RULE = {
        code: "FTL307",
        name: "undeclared-ft-status",
        since: "0.1.0",
        severity: Severity::Info,
        summary: "nobody states whether a dependency leaves the GIL off",
        replay: Replay::Never("install it, and `ftlint extensions` reads what it declares"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for dependency in ctx.dependencies(Trouble::Undeclared) {
        out.push(dependency);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Dependency(it) => format!(
            "nobody states whether {} leaves the GIL off on {}{}",
            words::distribution(&it.facts),
            it.facts.target,
            words::needed_by(&it.facts)
        ),
        _ => String::new(),
    }
}
