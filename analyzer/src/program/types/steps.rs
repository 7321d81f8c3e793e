//! What stands one step below a value: attributes, methods, elements.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::{AllocSite, MAX_TYPES, Node, Ty, TypeTable, Types, entity_type, is_property, made_by};
use crate::domain::{Bound, Origin, Place, Step};
use crate::program::world::{ClassGid, Entity, FuncGid, World};

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
                (ty, Step::Elem) => {
                    if let Some(site) = ty.container() {
                        out.extend(self.node(&Node::Elem(site)).iter().cloned());
                        out.extend(self.elements(world, site));
                    }
                }
                _ => {}
            }
            if out.len() > MAX_TYPES {
                out.truncate(MAX_TYPES);
                break;
            }
        }
        out
    }

    /// Types of the elements a display was made with.
    pub(super) fn elements(&self, world: &World, site: AllocSite) -> Types {
        let mut out = Types::new();
        if let Some(alloc) = world.func(site.0).allocs.get(site.1 as usize) {
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

    /// What a method of a container hands out: one of its elements, or a view that has the same elements.
    pub(super) fn taken_out(&self, world: &World, func: FuncGid, callee: Origin) -> Types {
        let Origin::Place(place) = callee else { return Types::new() };
        let place = &world.func(func).places[place as usize];
        let Some((Step::Attr(name), front)) = place.path.split_last() else {
            return Types::new();
        };
        let view = match name.as_str() {
            "get" | "pop" | "popleft" | "setdefault" | "get_nowait" => false,
            "values" | "itervalues" => true,
            _ => return Types::new(),
        };
        let receiver = Place { base: place.base.clone(), path: front.into() };
        let held = self.place(world, func, &receiver);
        let containers: Types = held.into_iter().filter(|it| it.container().is_some()).collect();
        if view { containers } else { self.step(world, &containers, &Step::Elem) }
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
