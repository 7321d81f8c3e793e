//! FTL211: lazy loading that another thread can see half done.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{AccessKind, Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports a module-level `__getattr__` that runs `import package.name as name` and returns the result without binding it first; and lazy loading that takes the marker of the work away when others cannot see the result yet: a `__getattr__` of a class that reads an entry of a table, sets the attribute and deletes the entry, or a function that pops a callable, calls it and asks itself again.
    ///
    /// ## Why is this bad?
    /// The statement looks the name up on the package once the import is done. While another thread is still importing, the name is not there, so `__getattr__` runs again, and again: `RecursionError`, or an `AttributeError` for a module that exists. When the marker goes early, a second thread finds neither the marker nor the result, and says that there is no such thing.
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
    /// Import statements are looked at in `__getattr__` functions at the top of a module only.
    ///
    /// ## Replay
    /// None: a module is imported once in a process, so the two imports cannot be led against each other.
    pub(crate) static RULE = {
        code: "FTL211",
        name: "lazy-submodule-getattr",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "lazy loading that another thread can see half done",
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
        if window.last.kind == AccessKind::Store {
            return format!(
                "`{place}` looks the submodule up on the package again while {who} imports it"
            );
        }
        format!(
            "the entry of `{place}` goes before its work is seen: {who} finds neither entry nor result"
        )
    })
}
