//! Facts of one module: what its functions access, call, hold and test. No byte ranges: the wall.

mod asks;
pub(crate) mod branches;
pub(crate) mod call;
pub(crate) mod definitions;
pub(crate) mod defs;
pub(crate) mod env;
pub(crate) mod escape;
pub(crate) mod expr;
pub(crate) mod frame;
pub(crate) mod handed;
pub(crate) mod imports;
pub(crate) mod iterate;
pub(crate) mod lower;
pub(crate) mod prose;
pub(crate) mod regions;
pub(crate) mod room;
pub(crate) mod tests;
pub(crate) mod windows;

use ruff_python_ast::Stmt;
use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

use crate::domain::{Binding, FunctionKind, ImportSite, ModuleFacts, NONE, exact, share};
use crate::index::Sites;
use crate::index::scopes::Scopes;

/// The facts of an empty module.
pub(crate) fn nothing() -> ModuleFacts {
    lower_module(&[], "", "", false).0
}

/// Lowers a module. Returns the facts and where each site stands.
pub(crate) fn lower_module(
    body: &[Stmt],
    text: &str,
    module: &str,
    is_package: bool,
) -> (ModuleFacts, Sites) {
    let scopes = Scopes::build(body);
    let definitions = definitions::Definitions::collect(body, &scopes, module, is_package);
    let mut lowerer = lower::Lowerer {
        text,
        speaks_of_gil: asks::may_ask(text),
        uses_threads: None,
        scopes: &scopes,
        definitions: &definitions,
        sites: vec![Vec::new(); scopes.all.len()],
        defs: vec![TextRange::default(); scopes.all.len()],
        functions: std::iter::repeat_with(|| None).take(scopes.all.len()).collect(),
        classes: Vec::new(),
        imports: Vec::new(),
        star_imports: Vec::new(),
        module_bindings: Vec::new(),
        frames: Vec::new(),
        spare: Vec::new(),
        main: None,
        type_checking: 0,
        renamed: Vec::new(),
    };
    let name = Name::new_static("<module>");
    lowerer.enter(FunctionKind::Module, 0, name, "<module>".to_owned(), NONE, 0);
    lowerer.block(body);
    lowerer.finish();
    let mut bindings = settle(lowerer.module_bindings, &definitions);
    exact(&mut bindings);
    let sites = Sites::new(&lowerer.sites, lowerer.defs);
    let mut functions: Vec<_> =
        lowerer.functions.into_iter().map(|it| it.unwrap_or_else(unreached)).collect();
    let is_pytest = |it: &ImportSite| it.module == "pytest" || it.module.starts_with("pytest.");
    let uses_pytest = lowerer.imports.iter().any(is_pytest);
    let facts = ModuleFacts {
        places: share(&mut functions),
        functions,
        classes: lowerer.classes,
        bindings,
        star_imports: lowerer.star_imports,
        imports: lowerer.imports,
        uses_pytest,
        is_package,
        says_thread_safe: prose::docstring(body).is_some_and(prose::says_thread_safe),
        main: lowerer.main,
        settings: Vec::new(),
    };
    (facts, sites)
}

/// One binding for each module-level name, sorted by name.
fn settle(
    mut bindings: Vec<(Name, Binding)>,
    definitions: &definitions::Definitions,
) -> Vec<(Name, Binding)> {
    // Later definitions win over earlier ones, except that a fallback does not replace an import; a name that is
    // also assigned as a variable is a variable.
    bindings.sort_by(|a, b| a.0.cmp(&b.0));
    bindings.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same && !matches!(earlier.1, Binding::Import(_)) {
            earlier.1 = later.1.clone();
        }
        same
    });
    for (name, binding) in &mut bindings {
        if definitions.variables.contains(name) && !matches!(binding, Binding::Import(_)) {
            *binding = Binding::Variable;
        }
    }
    let known: rustc_hash::FxHashSet<Name> = bindings.iter().map(|it| it.0.clone()).collect();
    bindings.extend(
        definitions
            .bound
            .iter()
            .filter(|it| !known.contains(*it))
            .map(|it| (it.clone(), Binding::Variable)),
    );
    bindings.sort_by(|a, b| a.0.cmp(&b.0));
    bindings
}

/// Stands for a scope that lowering does not enter (a lambda in an annotation), so that ids stay aligned.
fn unreached() -> crate::domain::FunctionFacts {
    let name = Name::new_static("<unreached>");
    frame::Frame::facts(FunctionKind::Lambda, name, String::new(), 0, 0)
}
