//! Functions whose result a decorator keeps: is the result something that must exist once?

use super::Facts;
use crate::domain::{Base, Container, Event, FunctionFacts, Op, Origin};
use crate::knowledge::KNOWLEDGE;
use crate::knowledge::atomicity::ATOMICITY;
use crate::program::types::Ty;
use crate::program::world::{ClassGid, Entity, FuncGid};

impl Facts<'_> {
    /// A cache decorator on a function that makes an object with an identity or a state of its own.
    pub(super) fn makes_what_must_exist_once(&self, func: FuncGid, last: &Event) -> bool {
        let Origin::Call(call) = last.value else { return false };
        if !self.is_cached(func) {
            return false;
        }
        match self.world.entity(func, self.world.func(func).calls[call as usize].callee) {
            Some(Entity::External(name)) => {
                KNOWLEDGE.locks.contains_key(name.as_str()) || ATOMICITY.is_unique(&name)
            }
            Some(Entity::Class(class)) => self.has_state(class),
            _ => false,
        }
    }

    /// A lock, a thread, a connection, or an object with a lock of its own.
    pub(super) fn is_certainly_unique(&self, func: FuncGid, value: Origin) -> bool {
        let Origin::Call(call) = value else { return false };
        match self.world.entity(func, self.world.func(func).calls[call as usize].callee) {
            Some(Entity::Class(class)) => self.locks.owners.contains_key(&class),
            // Of two clients with a pool each, one is dropped again.
            Some(Entity::External(name)) => {
                KNOWLEDGE.locks.contains_key(name.as_str()) || ATOMICITY.is_certainly_unique(&name)
            }
            _ => false,
        }
    }

    fn is_cached(&self, func: FuncGid) -> bool {
        let parent = self.world.parent(func).unwrap_or(func);
        self.world.func(func).decorators.iter().any(|decorator| {
            let callee = match *decorator {
                Origin::Call(call) => self.world.func(parent).calls[call as usize].callee,
                other => other,
            };
            matches!(self.world.entity(parent, callee), Some(Entity::External(name)) if ATOMICITY.caches(&name))
        })
    }

    /// A class whose methods change its objects after they are made, or that gives them containers to be filled.
    pub(super) fn has_state(&self, class: ClassGid) -> bool {
        if self.locks.owners.contains_key(&class) {
            return true;
        }
        let module = self.world.classes[class as usize].module;
        self.world.class(class).methods.iter().any(|(name, local)| {
            let func = self.world.func_gid(module, *local);
            let making =
                matches!(name.as_str(), "__init__" | "__new__" | "__post_init__" | "__setstate__")
                    || self.contexts.init_only[func as usize];
            let it = self.world.func(func);
            it.events.iter().any(|event| {
                let place = &it.places[event.place as usize];
                match &place.base {
                    Base::SelfObj if making => is_empty_container(it, event.value),
                    Base::SelfObj => place.path.len() == 1 && changes(&event.op),
                    // Making one changes something that stays when the object is gone.
                    Base::Global(_) | Base::Cls => making && changes(&event.op),
                    _ => false,
                }
            })
        })
    }

    /// A mapping whose method of this name is written as two steps in Python.
    pub(super) fn is_mixin(&self, held: &[Ty], method: &str) -> bool {
        let rows =
            |name: &str| ATOMICITY.mixin(name).is_some_and(|it| it.iter().any(|it| it == method));
        held.iter().any(|ty| match ty {
            Ty::External(name, _) => rows(name),
            Ty::Instance(class) => {
                let own = self.world.method(*class, &ruff_python_ast::name::Name::new(method));
                own.is_none()
                    && self.world.classes[*class as usize].external_bases.iter().any(|it| rows(it))
            }
            _ => false,
        })
    }
}

/// The operation changes what stands at its place.
fn changes(op: &Op) -> bool {
    match op {
        Op::Store | Op::SetItem | Op::DelItem => true,
        Op::Method(name) => super::iteration::changes(name),
        _ => false,
    }
}

/// A container without elements, there to be filled.
fn is_empty_container(it: &FunctionFacts, value: Origin) -> bool {
    let Origin::Alloc(alloc) = value else { return false };
    let alloc = &it.allocs[alloc as usize];
    alloc.elems.is_empty() && alloc.kind != Container::Tuple
}
