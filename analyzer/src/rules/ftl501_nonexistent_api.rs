//! FTL501: a name for free threading that no `CPython` has.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports names that articles and answers give for free threading and that no CPython has: `sys._is_free_threaded()`, `sys._is_gil_disabled()`, the attribute `__gil_safe__` of extension modules, the build variable `Py_NOGIL`, a standard module `atomics`. Also where they are asked for by `getattr` or `hasattr`.
    ///
    /// ## Why is this bad?
    /// A plain use raises `AttributeError`. A careful one never does: `getattr(sys, "_is_free_threaded", lambda: False)()` says "with the GIL" on every interpreter, and the branch for free threading is never taken.
    ///
    /// ## Example
    /// ```python
    /// import sys
    ///
    /// free = getattr(sys, "_is_free_threaded", lambda: False)()  # error
    /// ```
    ///
    /// ## Use instead
    /// `sys._is_gil_enabled()`, from 3.13 on, says whether the GIL is on now; `Py_GIL_DISABLED` says how the interpreter was built.
    /// ```python
    /// import sys
    /// import sysconfig
    ///
    /// free = not getattr(sys, "_is_gil_enabled", lambda: True)()
    /// built_for_it = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    /// ```
    ///
    /// ## Known limits
    /// Only the names of a table are known. `atomics` is not reported where a package or a module of the project has that name.
    ///
    /// ## Replay
    /// None: the name is missing whatever threads do.
    pub(crate) static RULE = {
        code: "FTL501",
        name: "nonexistent-api",
        since: "0.1.0",
        severity: Severity::Error,
        summary: "a name for free threading that no CPython has",
        replay: Replay::Never("the name is missing whatever threads do"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for claim in ctx.claims() {
        out.push(claim);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::Claim(it) => it.problem.clone(),
        _ => String::new(),
    }
}
