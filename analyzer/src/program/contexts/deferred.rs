//! Functions that are put aside rather than called: in a queue, a list, an attribute. Whoever takes them out calls
//! them; the types of containers and attributes say who that is.

use super::Edge;
use crate::domain::{Base, Call, Origin, Place, Step};
use crate::program::types::{Ty, TypeTable, stores_argument};
use crate::program::world::{Entity, FuncGid, World};

/// How far an argument is followed into the functions it is handed to.
const MAX_DEPTH: u32 = 3;

/// A function that does more with what it is given does not only put it away.
const MAX_USES: u32 = 8;

/// Where a function is put. The order is that of knowledge: of several places the last counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aside {
    /// A queue: who takes it out does so to call it.
    Queue,
    /// A list of listeners, an attribute: anybody may call it from there.
    Kept,
}

/// Where a call only puts away what stands at this position of its arguments.
pub(super) fn deferred(
    world: &World,
    types: &TypeTable,
    from: FuncGid,
    index: u32,
    position: usize,
    depth: u32,
) -> Option<Aside> {
    if depth > MAX_DEPTH {
        return None;
    }
    let call = &world.func(from).calls[index as usize];
    if let Some(Entity::External(name)) = world.entity(from, call.callee) {
        // What `partial` makes is followed in place of what it was made of.
        let partial = name == "functools.partial" && position == 0;
        return partial.then(|| goes(world, types, from, Origin::Call(index), depth + 1))?;
    }
    let targets = types.targets(world, from, call.callee);
    if targets.is_empty() {
        return into(world, types, from, call);
    }
    let asides = targets.iter().map(|(target, offset)| {
        let facts = world.func(*target);
        let slot = match call.args[position].name() {
            Some(name) => facts.params.iter().position(|it| it.name == *name),
            None => Some(position + *offset as usize),
        };
        let param = facts.places.iter().position(|it| {
            it.path.is_empty() && matches!(it.base, Base::Param(at) if Some(at as usize) == slot)
        });
        let param = Origin::Place(u32::try_from(param?).ok()?);
        goes(world, types, *target, param, depth + 1)
    });
    asides.collect::<Option<Vec<Aside>>>()?.into_iter().max()
}

/// Where a function puts a value away, if it does nothing else with it.
fn goes(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    value: Origin,
    depth: u32,
) -> Option<Aside> {
    let facts = world.func(func);
    let mut n_uses = 0;
    let mut found = facts.events.iter().any(|it| it.value == value).then_some(Aside::Kept);
    for (index, call) in (0u32..).zip(&facts.calls) {
        if call.callee == value {
            return None;
        }
        for (position, arg) in call.args.iter().enumerate() {
            let packed = matches!(arg.value, Origin::Alloc(id)
                if facts.allocs[id as usize].elems.contains(&value));
            if arg.value == value || packed {
                n_uses += 1;
                if n_uses > MAX_USES {
                    return None;
                }
                found = found.max(Some(deferred(world, types, func, index, position, depth)?));
            }
        }
    }
    found
}

/// The container that a method outside the project puts its argument into.
fn into(world: &World, types: &TypeTable, func: FuncGid, call: &Call) -> Option<Aside> {
    let Origin::Place(place) = call.callee else { return None };
    let place = &world.func(func).places[place as usize];
    let (Step::Attr(method), front) = place.path.split_last()? else { return None };
    if !stores_argument(method) {
        return None;
    }
    let receiver = Place { base: place.base.clone(), path: front.into() };
    let known = types.place(world, func, &receiver);
    let deque =
        known.iter().any(|it| matches!(it, Ty::External(name, _) if name == "collections.deque"));
    let queue = deque || matches!(method.as_str(), "put" | "put_nowait");
    Some(if queue { Aside::Queue } else { Aside::Kept })
}

/// Whether a call names what it calls.
pub(super) fn by_name(world: &World, edge: &Edge) -> bool {
    let facts = world.func(edge.from);
    let Some(call) = facts.calls.get(edge.call as usize) else { return true };
    match call.callee {
        Origin::Place(place) => {
            let own = &facts.places[place as usize];
            let receiver = matches!(own.base, Base::SelfObj | Base::Cls | Base::Super);
            world.entity(edge.from, call.callee).is_some() || receiver && own.path.len() == 1
        }
        Origin::Func(_) | Origin::Class(_) => true,
        _ => false,
    }
}
