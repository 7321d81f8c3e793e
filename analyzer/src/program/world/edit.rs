//! What an edit inside of functions changes of the world: the facts of some functions, and what the names in them stand
//! for. Edits that add, remove or rename something, or that change what is written about a class, begin a new world.

use std::sync::Arc;

use ruff_python_ast::name::Name;
use rustc_hash::FxHashSet;

use super::{ClassEntry, FuncGid, ModuleEntry, ModuleId, World, to_u32};
use crate::domain::{FunctionFacts, ImportSite, ModuleFacts};

impl World {
    /// Takes over the facts of edited modules and returns the functions whose facts are others now. `None` when more has
    /// changed than the insides of functions; the world is of no use then.
    pub(crate) fn take_over(&mut self, edited: &[(ModuleId, ModuleEntry)]) -> Option<Vec<FuncGid>> {
        let mut changed = Vec::new();
        for (module, entry) in edited {
            let old = &self.modules[*module as usize];
            if old.is_test != entry.is_test || !same_outside(&old.facts, &entry.facts) {
                return None;
            }
            let functions = (0u32..).zip(old.facts.functions.iter().zip(&entry.facts.functions));
            let differ = functions.filter(|(_, (old, new))| old != new);
            changed.extend(differ.map(|it| self.func_gid(*module, it.0)));
        }
        for (module, entry) in edited {
            self.modules[*module as usize].facts = Arc::clone(&entry.facts);
            let (named, answers) = self.named_in(*module);
            self.named[*module as usize] = named;
            self.answers[*module as usize] = answers;
        }
        let same = edited
            .iter()
            .all(|(module, _)| self.classes_stay(*module) && self.stores_stay(*module));
        same.then_some(changed)
    }

    /// The classes of a module are what they were.
    fn classes_stay(&self, module: ModuleId) -> bool {
        let first = self.class_gid(module, 0);
        let n = to_u32(self.modules[module as usize].facts.classes.len());
        (first..first + n).all(|it| same_class(&self.classes[it as usize], &self.entry(it)))
    }

    /// The names of attributes that are stored on other objects are what they were.
    fn stores_stay(&mut self, module: ModuleId) -> bool {
        let now = Self::foreign_stores_of(&self.modules[module as usize]);
        let before = std::mem::replace(&mut self.stores[module as usize], now);
        let set = |it: &[Name]| it.iter().cloned().collect::<FxHashSet<Name>>();
        let (before, now) = (set(&before), set(&self.stores[module as usize]));
        let elsewhere = |name: &Name| self.stores.iter().any(|it| it.contains(name));
        now.iter().all(|it| self.foreign_stores.contains(it))
            && before.difference(&now).all(elsewhere)
    }
}

/// The same functions, classes and names.
fn same_outside(old: &ModuleFacts, new: &ModuleFacts) -> bool {
    let import = |a: &ImportSite, b: &ImportSite| a.module == b.module && a.func == b.func;
    old.functions.len() == new.functions.len()
        && old.functions.iter().zip(&new.functions).all(|(old, new)| same_head(old, new))
        && old.classes == new.classes
        && old.bindings == new.bindings
        && old.star_imports == new.star_imports
        && old.imports.len() == new.imports.len()
        && old.imports.iter().zip(&new.imports).all(|(a, b)| import(a, b))
        && (old.is_package, old.uses_pytest, old.says_thread_safe, old.main)
            == (new.is_package, new.uses_pytest, new.says_thread_safe, new.main)
}

/// What is known of a function without looking into it, but for its parameters.
fn same_head(old: &FunctionFacts, new: &FunctionFacts) -> bool {
    old.name == new.name
        && old.qualname == new.qualname
        && (old.kind, old.parent, old.class, old.site)
            == (new.kind, new.parent, new.class, new.site)
        && (old.is_async, old.is_generator, old.bound, old.caller_locks)
            == (new.is_async, new.is_generator, new.bound, new.caller_locks)
        && old.decorators == new.decorators
}

/// `new` has not inherited anything yet.
fn same_class(old: &ClassEntry, new: &ClassEntry) -> bool {
    old.bases == new.bases
        && old.external_bases[..old.n_own_external] == new.external_bases[..]
        && old.methods == new.methods
        && old.instance_attrs == new.instance_attrs
        && old.plain_attrs == new.plain_attrs
        && old.class_attrs == new.class_attrs
}
