//! What module-level names are bound to, found before lowering so that reads of functions, classes and imports do
//! not count as accesses to variables; and how relative imports become absolute.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Stmt};
use rustc_hash::FxHashSet;

use crate::domain::FunctionKind;
use crate::index::scopes::Scopes;

/// Module-level knowledge.
pub(crate) struct Definitions {
    /// Names that are variables at module level.
    pub(crate) variables: FxHashSet<Name>,
    /// Names bound at module level in any way.
    pub(crate) bound: FxHashSet<Name>,
    /// Names that imports bind.
    pub(crate) imported: FxHashSet<Name>,
    module: String,
    is_package: bool,
}

impl Definitions {
    /// Collects the module-level names.
    pub(crate) fn collect(body: &[Stmt], scopes: &Scopes, module: &str, is_package: bool) -> Self {
        let (mut defined, mut imported) = (FxHashSet::default(), FxHashSet::default());
        for stmt in body {
            defs(stmt, &mut defined, &mut imported);
        }
        defined.extend(imported.iter().cloned());
        let top = &scopes.all[0];
        let mut variables: FxHashSet<Name> = top.bound.difference(&defined).cloned().collect();
        let mut bound = top.bound.clone();
        for scope in scopes.all.iter().filter(|it| it.kind != FunctionKind::Module) {
            for name in scope.globals.intersection(&scope.bound) {
                variables.insert(name.clone());
                bound.insert(name.clone());
            }
        }
        imported.retain(|it| !variables.contains(it));
        Definitions { variables, bound, imported, module: module.to_owned(), is_package }
    }

    /// The absolute dotted path of `from <level dots><module> import`.
    pub(crate) fn absolute(&self, level: u32, module: Option<&str>) -> String {
        if level == 0 {
            return module.unwrap_or_default().to_owned();
        }
        let mut parts: Vec<&str> = self.module.split('.').collect();
        let drop = (level as usize).saturating_sub(usize::from(self.is_package));
        parts.truncate(parts.len().saturating_sub(drop));
        parts.extend(module.iter().filter(|it| !it.is_empty()));
        parts.join(".")
    }
}

fn defs(stmt: &Stmt, out: &mut FxHashSet<Name>, imported: &mut FxHashSet<Name>) {
    let mut block = |body: &[Stmt]| body.iter().for_each(|it| defs(it, out, imported));
    match stmt {
        Stmt::FunctionDef(it) => {
            out.insert(it.name.id.clone());
        }
        Stmt::ClassDef(it) => {
            out.insert(it.name.id.clone());
        }
        Stmt::Import(it) => imported.extend(it.names.iter().map(|alias| {
            alias.asname.as_ref().map_or_else(
                || crate::index::scopes::first_part(&alias.name.id),
                |it| it.id.clone(),
            )
        })),
        Stmt::ImportFrom(it) => {
            imported.extend(
                it.names
                    .iter()
                    .map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).id.clone()),
            );
        }
        Stmt::If(it) => {
            block(&it.body);
            it.elif_else_clauses.iter().for_each(|it| block(&it.body));
        }
        Stmt::Try(it) => {
            block(&it.body);
            for handler in &it.handlers {
                let ast::ExceptHandler::ExceptHandler(handler) = handler;
                block(&handler.body);
            }
            block(&it.orelse);
            block(&it.finalbody);
        }
        Stmt::With(it) => block(&it.body),
        _ => {}
    }
}
