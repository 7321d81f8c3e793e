//! FTL211: a module's `__getattr__` imports a submodule and looks it up on the module again.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports a module-level `__getattr__` that runs `import package.name as name` and returns the result without binding it first.
    ///
    /// ## Why is this bad?
    /// The statement looks the name up on the package once the import is done. While another thread is still importing, the name is not there, so `__getattr__` runs again, and again: `RecursionError`, or an `AttributeError` for a module that exists.
    ///
    /// ## Example
    /// ```python
    /// def __getattr__(name):
    ///     if name == "heavy":
    ///         import package.heavy as heavy  # error
    ///         return heavy
    ///     raise AttributeError(name)
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import importlib
    ///
    /// def __getattr__(name):
    ///     if name == "heavy":
    ///         module = importlib.import_module(f"{__name__}.heavy")
    ///         globals()[name] = module
    ///         return module
    ///     raise AttributeError(name)
    /// ```
    ///
    /// ## Known limits
    /// Only `__getattr__` functions at the top of a module are looked at.
    ///
    /// ## Replay
    /// Not replayed yet.
    pub(crate) static RULE = {
        code: "FTL211",
        name: "lazy-submodule-getattr",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a module __getattr__ imports a submodule by a statement that looks it up on the module",
        replay: Replay::Never("imports are not replayed"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::LazySubmodule], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!("`{place}` is looked up on the package again while {who} is importing it")
    })
}
