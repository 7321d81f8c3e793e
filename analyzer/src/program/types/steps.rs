//! What stands one step below a value: attributes, methods, elements.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::{
    AllocSite, MAX_TYPES, NOWHERE, Node, Ty, TypeTable, Types, entity_type, is_property, made_by,
};
use crate::domain::{Bound, Container, Origin, Step};
use crate::program::world::{ClassGid, Entity, FuncGid, World};

/// The variables of a running function, seen from outside.
const LOCALS: &str = "types.FrameType.f_locals";

impl TypeTable {
    pub(super) fn step(&self, world: &World, types: &[Ty], step: &Step) -> Types {
        let mut out = Types::new();
        for ty in types {
            match (ty, step) {
                (Ty::Instance(class), Step::Attr(name)) => match world.method(*class, name) {
                    Some(method) if is_property(world, method) => {
                        out.extend(self.node(&Node::Return(method)).iter().cloned());
                    }
                    Some(method) if world.func(method).bound == Bound::Free => {
                        out.push(Ty::Func(method));
                    }
                    Some(method) => out.push(Ty::Method(method)),
                    None => out.extend(self.attr(world, *class, name)),
                },
                (Ty::Class(class), Step::Attr(name)) => match world.method(*class, name) {
                    Some(method) if world.func(method).bound == Bound::Class => {
                        out.push(Ty::Method(method));
                    }
                    Some(method) => out.push(Ty::Func(method)),
                    None => out.extend(self.attr(world, *class, name)),
                },
                (Ty::External(outer, site), Step::Attr(name)) => {
                    out.push(Ty::External(Name::new(format!("{outer}.{name}")), *site));
                }
                // Each branch of `tee` goes through the same items.
                (Ty::External(name, _), Step::Elem) if name == "itertools.tee" => {
                    out.push(ty.clone());
                }
                (Ty::External(name, _), Step::Elem) if name.starts_with(LOCALS) => {
                    out.push(Ty::External(Name::new_static("types.FrameType.f_locals[]"), NOWHERE));
                }
                (Ty::Made(_, site) | Ty::External(_, site), Step::Elem) if *site != NOWHERE => {
                    out.extend(self.node(&Node::Elem(*site)).iter().cloned());
                    if let Ty::Made(kind, _) = ty {
                        out.extend(self.elements(world, *kind, *site));
                    }
                }
                _ => {}
            }
            if out.len() > MAX_TYPES {
                out.truncate(MAX_TYPES);
                break;
            }
        }
        // The attribute of a frame, whatever holds the frame.
        if types.is_empty() && matches!(step, Step::Attr(name) if name == "f_locals") {
            out.push(Ty::External(Name::new_static(LOCALS), NOWHERE));
        }
        out
    }

    /// What a call of a function makes.
    pub(super) fn called(&self, world: &World, func: FuncGid, site: AllocSite) -> Types {
        if is_generator(world, func) {
            let name = Name::new_static("types.GeneratorType");
            return SmallVec::from_iter([Ty::External(name, site)]);
        }
        self.node(&Node::Return(func)).into()
    }

    /// Types of the elements a display was made with.
    pub(super) fn elements(&self, world: &World, kind: Container, site: AllocSite) -> Types {
        let mut out = Types::new();
        // Calls and displays are numbered apart: `dict()` is not the display of its number.
        let alloc = world.func(site.0).allocs.get(site.1 as usize);
        if let Some(alloc) = alloc.filter(|it| it.kind == kind) {
            for elem in alloc.elems.iter().take(MAX_TYPES) {
                // Only what names resolve directly: an element may be made from other elements of the same list.
                match *elem {
                    Origin::Place(_) => {
                        out.extend(entity_type(world.entity(site.0, *elem).as_ref()));
                    }
                    Origin::Call(call) => out.extend(made_directly(world, site.0, call)),
                    elem => out.extend(self.of(world, site.0, elem)),
                }
            }
        }
        out
    }

    /// Types of an attribute, wherever in the hierarchy it is assigned.
    pub(super) fn attr(&self, world: &World, class: ClassGid, name: &Name) -> Types {
        let own = self.node(&Node::Attr(class, name.clone()));
        if !own.is_empty() {
            return own.into();
        }
        for base in world.ancestors(class).iter().copied() {
            let inherited = self.node(&Node::Attr(base, name.clone()));
            if !inherited.is_empty() {
                return inherited.into();
            }
        }
        SmallVec::new()
    }
}

/// What a call of a plainly named class or external makes.
pub(super) fn made_directly(world: &World, func: FuncGid, call: u32) -> Option<Ty> {
    match world.entity(func, world.func(func).calls[call as usize].callee)? {
        Entity::Class(class) => Some(Ty::Instance(class)),
        Entity::External(name) => Some(made_by(name, (func, call))),
        _ => None,
    }
}

/// A function whose call makes a generator. Decorators may make something else of it.
fn is_generator(world: &World, func: FuncGid) -> bool {
    let it = world.func(func);
    it.is_generator && !it.is_async && it.decorators.is_empty()
}
