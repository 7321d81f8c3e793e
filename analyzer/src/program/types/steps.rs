//! What stands one step below a value: attributes, methods, elements.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::{
    AllocSite, BY_CALL, MAX_TYPES, NOWHERE, Node, Ty, TypeTable, Types, entity_type, is_property,
    made_by,
};
use crate::domain::{Base, Bound, Container, Origin, Place, Step};
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
                    out.push(Ty::External(Name::join(&[outer, name], "."), *site));
                }
                // Each branch of `tee` goes through the same items.
                (Ty::External(name, _), Step::Elem) if name == "itertools.tee" => {
                    out.push(ty.clone());
                }
                (Ty::External(name, _), Step::Elem) if name.starts_with(LOCALS) => {
                    out.push(Ty::External(Name::new_static("types.FrameType.f_locals[]"), NOWHERE));
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
        // The attribute of a frame, whatever holds the frame.
        if types.is_empty() && matches!(step, Step::Attr(name) if name == "f_locals") {
            out.push(Ty::External(Name::new_static(LOCALS), NOWHERE));
        }
        out
    }

    /// What a call of a function makes.
    pub(super) fn run(&self, world: &World, func: FuncGid, site: AllocSite) -> Types {
        if is_generator(world, func) {
            let name = Name::new_static("types.GeneratorType");
            return SmallVec::from_iter([Ty::External(name, site)]);
        }
        self.node(&Node::Return(func)).into()
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
                        if alloc.kind == Container::Tuple {
                            out.extend(self.callback(world, site.0, *elem));
                        }
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
        let keeps = |it: &Ty| match it {
            Ty::Made(..) => true,
            Ty::External(name, _) => name.starts_with("collections."),
            _ => false,
        };
        let containers: Types = held.into_iter().filter(keeps).collect();
        if view { containers } else { self.step(world, &containers, &Step::Elem) }
    }

    /// The functions that a place holds: a method of the own object, or a parameter.
    fn callback(&self, world: &World, func: FuncGid, origin: Origin) -> Types {
        let Origin::Place(place) = origin else { return Types::new() };
        let place = &world.func(func).places[place as usize];
        match (&place.base, place.path.as_slice()) {
            (Base::SelfObj, [Step::Attr(name)]) => {
                let method = world.class_of(func).and_then(|it| world.method(it, name));
                method.filter(|it| !is_property(world, *it)).map(Ty::Method).into_iter().collect()
            }
            (Base::Param(index), []) => {
                let held = self.node(&Node::Param(func, *index)).iter();
                held.filter(|it| is_callback(it)).cloned().collect()
            }
            _ => Types::new(),
        }
    }

    /// What calling something outside the project makes. Of what is taken out of a queue only functions count, alone or
    /// packed with their arguments: objects that go through a queue belong to one thread at a time.
    pub(super) fn called(&self, method: Name, on: AllocSite, at: AllocSite, out: &mut Types) {
        if on != NOWHERE && takes(&method) {
            let held = self.node(&Node::Elem((on.0, on.1 | BY_CALL))).iter();
            let packed = |it: &&Ty| is_callback(it) || matches!(it, Ty::Made(Container::Tuple, _));
            out.extend(held.filter(packed).cloned());
        }
        out.push(Ty::External(method, at));
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

/// Methods that put their first argument into what they are called on.
pub(crate) fn stores_argument(method: &str) -> bool {
    matches!(method, "append" | "add" | "appendleft" | "put" | "put_nowait")
}

/// Methods of queues that take something out, by their full names.
fn takes(method: &str) -> bool {
    let Some((queue, method)) = method.rsplit_once('.') else { return false };
    matches!(method, "get" | "get_nowait" | "pop" | "popleft")
        && (queue.starts_with("queue.") || queue == "collections.deque")
}

fn is_callback(ty: &Ty) -> bool {
    match ty {
        Ty::Func(_) | Ty::Method(_) => true,
        Ty::External(name, _) => name == "functools.partial",
        _ => false,
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
