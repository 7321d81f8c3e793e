//! What single names, annotations and calls of external code give.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::{AllocSite, BY_CALL, NOWHERE, Ty, Types};
use crate::domain::{Base, Container, Origin};
use crate::program::world::{Entity, FuncGid, World};

/// The parameter that an origin hands back unchanged.
pub(super) fn returned_param(world: &World, func: FuncGid, origin: Origin) -> Option<u32> {
    let Origin::Place(place) = origin else { return None };
    let place = &world.func(func).places[place as usize];
    match place.base {
        Base::Param(index) if place.path.is_empty() => Some(index),
        _ => None,
    }
}

pub(super) fn entity_type(entity: Option<&Entity>) -> Types {
    match entity {
        Some(Entity::Func(it)) => SmallVec::from_iter([Ty::Func(*it)]),
        Some(Entity::Class(it)) => SmallVec::from_iter([Ty::Class(*it)]),
        _ => SmallVec::new(),
    }
}

pub(super) fn instance_of(entity: Option<Entity>) -> Types {
    match entity {
        Some(Entity::Class(it)) => SmallVec::from_iter([Ty::Instance(it)]),
        Some(Entity::External(name)) => SmallVec::from_iter([made_by(name, NOWHERE)]),
        _ => SmallVec::new(),
    }
}

/// The result of calling something external.
pub(super) fn made_by(name: Name, site: AllocSite) -> Ty {
    let by_call = if site == NOWHERE { site } else { (site.0, site.1 | BY_CALL) };
    match name.as_str() {
        "builtins.dict" | "typing.Dict" => Ty::Made(Container::Dict, by_call),
        "builtins.list" | "builtins.sorted" | "typing.List" => Ty::Made(Container::List, by_call),
        "builtins.set" | "typing.Set" => Ty::Made(Container::Set, by_call),
        "builtins.tuple" | "builtins.frozenset" | "typing.Tuple" => {
            Ty::Made(Container::Tuple, by_call)
        }
        _ => Ty::External(name, site),
    }
}
