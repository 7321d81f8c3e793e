//! Decorated functions: properties, and decorators of the project.

use smallvec::SmallVec;

use super::{Ty, TypeTable};
use crate::domain::FunctionKind;
use crate::program::world::{Entity, FuncGid, World};

/// The project's decorators of a function.
pub(crate) fn decorators(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
) -> SmallVec<[FuncGid; 2]> {
    let facts = world.func(func);
    let parent = world.parent(func).unwrap_or(func);
    let mut out = SmallVec::new();
    for decorator in &facts.decorators {
        match world.entity(parent, *decorator) {
            Some(Entity::Func(it)) => out.push(it),
            Some(_) => {}
            // `@retry(3)`: what the call returns is applied.
            None => {
                out.extend(types.of(world, parent, *decorator).into_iter().filter_map(
                    |it| match it {
                        Ty::Func(it) => Some(it),
                        _ => None,
                    },
                ));
            }
        }
    }
    out
}

/// Whether an attribute access calls the function.
pub(crate) fn is_property(world: &World, func: FuncGid) -> bool {
    let facts = world.func(func);
    if facts.kind != FunctionKind::Function || facts.decorators.is_empty() {
        return false;
    }
    let parent = world.parent(func).unwrap_or(func);
    facts.decorators.iter().any(|it| match world.entity(parent, *it) {
        Some(Entity::External(name)) => {
            matches!(
                name.as_str(),
                "builtins.property" | "functools.cached_property" | "abc.abstractproperty"
            ) || name.ends_with("cached_property")
        }
        _ => false,
    })
}
