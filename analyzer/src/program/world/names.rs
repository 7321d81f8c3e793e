//! What names and dotted paths stand for, across modules.

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use super::{Entity, FuncGid, MAX_HOPS, ModuleId, Named, World, to_u32};
use crate::domain::{Base, Binding, FunctionFacts, NONE, Origin, Place, Step};

impl World {
    pub(super) fn resolve_bindings(&mut self) {
        self.bound = (0..to_u32(self.modules.len()))
            .into_par_iter()
            .map(|module| {
                let facts = &self.modules[module as usize].facts;
                facts.bindings.iter().map(|it| self.binding(module, &it.0, &it.1, 0)).collect()
            })
            .collect();
    }

    pub(super) fn name_places(&mut self) {
        let done: Vec<Named> = (0..to_u32(self.modules.len()))
            .into_par_iter()
            .map(|module| self.named_in(module))
            .collect();
        (self.named, self.answers) = done.into_iter().unzip();
    }

    /// What the places of a module stand for.
    pub(super) fn named_in(&self, module: ModuleId) -> Named {
        let mut known: FxHashMap<(Entity, u8), u32> = FxHashMap::default();
        let mut answers = Vec::new();
        let mut answer = |found: Option<(Entity, u8)>| {
            let Some(found) = found else { return NONE };
            *known.entry(found).or_insert_with_key(|it| {
                answers.push(it.clone());
                to_u32(answers.len() - 1)
            })
        };
        let places = &self.modules[module as usize].facts.places;
        let named = places.iter().map(|it| answer(self.longest_name(module, it))).collect();
        (named, answers.into())
    }

    /// Follows a place as far as it names things.
    pub(super) fn longest_name(&self, module: ModuleId, place: &Place) -> Option<(Entity, u8)> {
        let mut entity = match &place.base {
            Base::Global(name) => self.global(module, name, 0)?,
            Base::Import(path) => self.dotted(path, module, 0)?,
            _ => return None,
        };
        let mut covered = 0;
        for step in &place.path {
            let Step::Attr(name) = step else { break };
            let Some(next) = self.member(&entity, name, 0) else { break };
            entity = next;
            covered += 1;
        }
        Some((entity, covered))
    }

    /// What the longest nameable prefix of a place stands for, and how many steps it covers.
    pub(crate) fn named(&self, func: FuncGid, place: u32) -> Option<&(Entity, u8)> {
        self.answer(self.module_of(func), self.func(func), place)
    }

    fn answer(&self, module: ModuleId, func: &FunctionFacts, place: u32) -> Option<&(Entity, u8)> {
        let id = func.places.shared_id(place)?;
        let answer = self.named.get(module as usize)?.get(id as usize).copied()?;
        self.answers[module as usize].get(answer as usize)
    }

    /// The project module of a dotted name, seen from `near` (same root first).
    pub(crate) fn find_module(&self, name: &str, near: ModuleId) -> Option<ModuleId> {
        let ids = self.by_name.get(name)?;
        let root = &self.modules[near as usize].root;
        ids.iter()
            .find(|it| self.modules[**it as usize].root == *root)
            .or_else(|| ids.first())
            .copied()
    }

    /// Index of a module-level binding.
    fn symbol(&self, module: ModuleId, name: &Name) -> Option<usize> {
        let bindings = &self.modules[module as usize].facts.bindings;
        bindings.binary_search_by(|it| it.0.cmp(name)).ok()
    }

    /// What a module-level name stands for.
    pub(crate) fn global(&self, module: ModuleId, name: &Name, hops: u32) -> Option<Entity> {
        if hops > MAX_HOPS {
            return None;
        }
        let facts = &self.modules[module as usize].facts;
        if let Some(index) = self.symbol(module, name) {
            return match self.bound.get(module as usize) {
                Some(known) => known[index].clone(),
                None => self.binding(module, name, &facts.bindings[index].1, hops),
            };
        }
        if let Some(found) = self.behind_stars(module, name, hops) {
            return Some(found);
        }
        Some(Entity::External(Name::concat(&["builtins.", name])))
    }

    /// What a name stands for that star imports bring. Each module is looked at once: stars in a circle have more ways
    /// than can be walked.
    fn behind_stars(&self, module: ModuleId, name: &Name, hops: u32) -> Option<Entity> {
        let mut seen = vec![module];
        let mut next = 0;
        while let Some(&here) = seen.get(next) {
            next += 1;
            for star in &self.modules[here as usize].facts.star_imports {
                let other = self.find_module(star, here).filter(|it| !seen.contains(it));
                let Some(other) = other else { continue };
                seen.push(other);
                if self.symbol(other, name).is_some()
                    && let Some(found) = self.global(other, name, hops + 1)
                    && !matches!(found, Entity::External(_))
                {
                    return Some(found);
                }
            }
        }
        None
    }

    pub(super) fn binding(
        &self,
        module: ModuleId,
        name: &Name,
        binding: &Binding,
        hops: u32,
    ) -> Option<Entity> {
        match binding {
            Binding::Func(_) | Binding::Class(_) if self.is_configured(module, name) => {
                let path = format!("{}.{name}", self.modules[module as usize].name);
                Some(Entity::External(Name::new(path)))
            }
            Binding::Func(it) => Some(Entity::Func(self.func_gid(module, *it))),
            Binding::Class(it) => Some(Entity::Class(self.class_gid(module, *it))),
            Binding::Variable => Some(Entity::Variable(module, name.clone())),
            Binding::Import(path) => self.dotted(path, module, hops + 1),
        }
    }

    /// What a dotted path stands for.
    pub(crate) fn dotted(&self, path: &Name, near: ModuleId, hops: u32) -> Option<Entity> {
        if hops > MAX_HOPS {
            return None;
        }
        if let Some(module) = self.find_module(path, near) {
            return Some(Entity::Module(module));
        }
        let mut end = path.len();
        while let Some(dot) = path[..end].rfind('.') {
            if let Some(module) = self.find_module(&path[..dot], near) {
                let mut entity = Entity::Module(module);
                for part in path[dot + 1..].split('.') {
                    entity = self.member(&entity, &Name::new(part), hops + 1)?;
                }
                return Some(entity);
            }
            end = dot;
        }
        Some(Entity::External(path.clone()))
    }

    /// An attribute of an entity.
    pub(crate) fn member(&self, entity: &Entity, name: &Name, hops: u32) -> Option<Entity> {
        match entity {
            Entity::Module(module) => {
                let here = &self.modules[*module as usize];
                if self.knowledge.knows(&here.name, name) {
                    return Some(Entity::External(Name::join(&[&*here.name, name], ".")));
                }
                match self.global(*module, name, hops) {
                    Some(Entity::External(path)) if path.starts_with("builtins.") => {
                        let sub = self.find_module(&format!("{}.{name}", here.name), *module)?;
                        Some(Entity::Module(sub))
                    }
                    other => other,
                }
            }
            Entity::Class(class) => self.method(*class, name).map(Entity::Func),
            Entity::External(path) => Some(Entity::External(Name::join(&[path, name], "."))),
            Entity::Func(_) | Entity::Variable(..) => None,
        }
    }

    /// What an origin stands for, when it is a name that is never a variable.
    pub(crate) fn entity(&self, func: FuncGid, origin: Origin) -> Option<Entity> {
        match origin {
            Origin::Place(place) | Origin::Instance(place) => {
                if self.named.is_empty() {
                    return self.place_entity(func, &self.func(func).places[place as usize]);
                }
                let it = self.func(func);
                let (entity, covered) = self.answer(self.module_of(func), it, place)?;
                let whole = usize::from(*covered) == it.places[place as usize].path.len();
                whole.then(|| entity.clone())
            }
            Origin::Func(local) => Some(Entity::Func(self.func_gid(self.module_of(func), local))),
            Origin::Class(local) => {
                Some(Entity::Class(self.class_gid(self.module_of(func), local)))
            }
            _ => None,
        }
    }

    /// What a place stands for, when it is a name that is never a variable.
    pub(crate) fn place_entity(&self, func: FuncGid, place: &Place) -> Option<Entity> {
        let module = self.module_of(func);
        let mut entity = match &place.base {
            Base::Global(name) => self.global(module, name, 0)?,
            Base::Import(path) => self.dotted(path, module, 0)?,
            _ => return None,
        };
        for step in &place.path {
            let Step::Attr(name) = step else { return None };
            entity = self.member(&entity, name, 0)?;
        }
        Some(entity)
    }
}
