//! Functions that are put aside rather than called: in a queue, a list, an attribute. Whoever takes them out calls
//! them; the types of containers and attributes say who that is.

use crate::domain::{Base, Call, FunctionFacts, Origin, Step};
use crate::program::types::{TypeTable, stores_argument};
use crate::program::world::{Entity, FuncGid, World};

/// How far an argument is followed into the functions it is handed to.
const MAX_DEPTH: u32 = 3;

/// Whether a call only puts away what stands at this position of its arguments.
pub(super) fn is_deferred(
    world: &World,
    types: &TypeTable,
    from: FuncGid,
    call: &Call,
    position: usize,
    depth: u32,
) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    if let Some(Entity::External(name)) = world.entity(from, call.callee) {
        // What `partial` makes is followed by its own place.
        return name == "functools.partial";
    }
    let targets = types.targets(world, from, call.callee);
    if targets.is_empty() {
        return method_of(world.func(from), call).is_some_and(stores_argument);
    }
    targets.iter().all(|(target, offset)| {
        let facts = world.func(*target);
        let slot = match &call.args[position].name {
            Some(name) => facts.params.iter().position(|it| it.name == *name),
            None => Some(position + *offset as usize),
        };
        slot.is_some_and(|it| keeps(world, types, *target, it, depth))
    })
}

/// Whether a function puts a parameter away and does nothing else with it.
fn keeps(world: &World, types: &TypeTable, func: FuncGid, slot: usize, depth: u32) -> bool {
    let facts = world.func(func);
    let param = facts.places.iter().position(|it| {
        it.path.is_empty() && matches!(it.base, Base::Param(at) if at as usize == slot)
    });
    let Some(param) = param.and_then(|it| u32::try_from(it).ok()) else { return false };
    let param = Origin::Place(param);
    let mut kept = facts.events.iter().any(|it| it.value == param);
    for call in &facts.calls {
        if call.callee == param {
            return false;
        }
        for (position, arg) in call.args.iter().enumerate() {
            let packed = matches!(arg.value, Origin::Alloc(id)
                if facts.allocs[id as usize].elems.contains(&param));
            if arg.value == param || packed {
                if !is_deferred(world, types, func, call, position, depth + 1) {
                    return false;
                }
                kept = true;
            }
        }
    }
    kept
}

fn method_of<'f>(facts: &'f FunctionFacts, call: &Call) -> Option<&'f str> {
    let Origin::Place(place) = call.callee else { return None };
    match facts.places[place as usize].path.last() {
        Some(Step::Attr(name)) => Some(name),
        _ => None,
    }
}
