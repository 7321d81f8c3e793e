//! Lowers imports: what they bind, and the statement itself for the rules about extensions.

use ruff_python_ast as ast;
use ruff_python_ast::name::Name;

use super::frame::Val;
use super::lower::Lowerer;
use crate::domain::{Base, ImportSite, Origin};
use crate::index::scopes::{Home, first_part};

impl Lowerer<'_> {
    pub(super) fn import(&mut self, stmt: &ast::StmtImport) {
        for alias in &stmt.names {
            let func = self.frame().scope;
            let site = self.site(stmt.range);
            if self.type_checking == 0 {
                self.imports.push(ImportSite { site, module: alias.name.id.clone(), func });
            }
            let (bound, target) = match &alias.asname {
                Some(name) => (name.id.clone(), alias.name.id.clone()),
                None => (first_part(&alias.name.id), first_part(&alias.name.id)),
            };
            self.bind_import(bound, target);
        }
        self.frame().clock += 1;
    }

    pub(super) fn import_from(&mut self, stmt: &ast::StmtImportFrom) {
        let base =
            self.definitions.absolute(stmt.level, stmt.module.as_ref().map(|it| it.id.as_str()));
        let func = self.frame().scope;
        for alias in &stmt.names {
            if alias.name.as_str() == "*" {
                self.star_imports.push(Name::new(&base));
                if self.type_checking == 0 {
                    let site = self.site(stmt.range);
                    self.imports.push(ImportSite { site, module: Name::new(&base), func });
                }
                continue;
            }
            let site = self.site(stmt.range);
            let target = Name::join(&[&*base, alias.name.as_str()], ".");
            if self.type_checking == 0 {
                self.imports.push(ImportSite { site, module: target.clone(), func });
            }
            self.renames(alias);
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).id.clone();
            self.bind_import(bound, target);
        }
        self.frame().clock += 1;
    }

    pub(super) fn bind_import(&mut self, bound: Name, target: Name) {
        let scope = self.frame().scope;
        if self.scopes.home(scope, &bound) == Home::Global {
            self.module_bindings.push((bound, crate::domain::Binding::Import(target)));
        } else {
            let origin = Origin::Place(self.frame().place(Base::Import(target), &[]));
            self.frame().bind(bound, Val::of(origin));
        }
    }
}
