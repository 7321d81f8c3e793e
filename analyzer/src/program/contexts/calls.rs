//! Which functions a call may run.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::Edge;
use crate::domain::{Base, NONE, Origin, Step};
use crate::program::types::{Ty, TypeTable};
use crate::program::world::{FuncGid, World};

/// Reading a property calls its getter.
pub(super) fn property_edges(world: &World, from: FuncGid, edges: &mut Vec<Edge>) {
    let Some(class) = world.class_of(from) else { return };
    let facts = world.func(from);
    for place in &facts.places {
        if let (Base::SelfObj, Some(Step::Attr(name))) = (&place.base, place.path.first())
            && let Some(to) = world.method(class, name)
            && crate::program::types::is_property(world, to)
        {
            edges.push(Edge { from, to, call: NONE, on_self: true });
        }
    }
}

/// The functions a callee may be; a constructor stands for `__init__` and `__new__`.
pub(super) fn callees(
    world: &World,
    types: &TypeTable,
    from: FuncGid,
    callee: Origin,
) -> SmallVec<[FuncGid; 4]> {
    let mut out: SmallVec<[FuncGid; 4]> =
        types.targets(world, from, callee).into_iter().map(|it| it.0).collect();
    if let Origin::Place(place) = callee {
        let place = &world.func(from).places[place as usize];
        if let (Base::Super, [Step::Attr(name)]) = (&place.base, place.path.as_slice()) {
            out.extend(world.enclosing_class(from).and_then(|it| world.super_method(it, name)));
        }
        // `self.hook()` may be any override.
        if let (Base::SelfObj, [Step::Attr(name)]) = (&place.base, place.path.as_slice())
            && let Some(class) = world.class_of(from)
        {
            for below in world.descendants(class).into_iter().take(8) {
                let own = world.methods(below).find(|it| world.func(*it).name == *name);
                out.extend(own.filter(|it| !out.contains(it)));
            }
        }
    }
    for ty in types.of(world, from, callee) {
        if let Ty::Class(class) = ty {
            out.extend(world.method(class, &Name::new_static("__new__")));
        }
    }
    out
}
