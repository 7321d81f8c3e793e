//! Objects that are handed to one task: whoever hands them over has got them from somebody else for this one task, or has
//! made them for it, and does not use them afterwards.

use crate::domain::{Base, Call, FunctionFacts, NONE, Origin, Place, Step};
use crate::program::world::{Entity, FuncGid, World};

/// Whether the receiver of the bound method that runs on a thread is handed over with it.
pub(super) fn gives_away(world: &World, func: FuncGid, call: &Call, target: Origin) -> bool {
    let facts = world.func(func);
    let Origin::Place(place) = target else { return false };
    let place = &facts.places[place as usize];
    let Some((Step::Attr(_), front)) = place.path.split_last() else { return false };
    // `pool.submit(task.copy().start)` in a loop.
    let in_its_turn = matches!(place.base, Base::Call(made)
        if front.is_empty() && call.in_loop != NONE && facts.calls[made as usize].in_loop == call.in_loop);
    in_its_turn
        || is_alone(world, func, call, &Place { base: place.base.clone(), path: front.into() })
}

/// Whether an argument of a call that starts a task is handed over: a parameter, an element, or an object that was made
/// here.
pub(super) fn is_handed_over(world: &World, func: FuncGid, call: &Call, origin: Origin) -> bool {
    let facts = world.func(func);
    match origin {
        Origin::Place(place) => is_alone(world, func, call, &facts.places[place as usize]),
        Origin::Call(made) => {
            let place = Place { base: Base::Call(made), path: [].into_iter().collect() };
            is_alone(world, func, call, &place)
        }
        _ => false,
    }
}

/// Nobody else has the object by this function: not who keeps it in an attribute, not the function itself later on.
fn is_alone(world: &World, func: FuncGid, call: &Call, place: &Place) -> bool {
    let facts = world.func(func);
    let element = place.path.last() == Some(&Step::Elem);
    let plain = place.path.iter().all(|it| *it == Step::Elem);
    let given = match place.base {
        Base::Param(_) => plain && (element || call.in_loop == NONE),
        Base::Call(made) => plain && (element || is_made_for_it(world, func, call, made)),
        Base::Alloc(_) => plain && element,
        _ => false,
    };
    given && !is_used_later(facts, call, place)
}

/// An object that a constructor made here, for this call only.
fn is_made_for_it(world: &World, func: FuncGid, call: &Call, made: u32) -> bool {
    let facts = world.func(func);
    let is_it = |it: Origin| match it {
        Origin::Call(it) => it == made,
        Origin::Place(it) => facts.places[it as usize].base == Base::Call(made),
        _ => false,
    };
    let others = |it: &&Call| it.seq != call.seq && it.args.iter().any(|it| is_it(it.value));
    let made = &facts.calls[made as usize];
    matches!(world.entity(func, made.callee), Some(Entity::Class(_)))
        && made.in_loop == call.in_loop
        && !facts.returns.iter().any(|it| is_it(*it))
        && !facts.events.iter().any(|it| is_it(it.value))
        && !facts.calls.iter().any(|it| others(&it))
}

/// The function does something to the object after the call.
fn is_used_later(facts: &FunctionFacts, call: &Call, place: &Place) -> bool {
    let below = |it: u32| {
        let it = &facts.places[it as usize];
        it.base == place.base
            && it.path.len() > place.path.len()
            && it.path.starts_with(&place.path)
    };
    let called = |it: &Call| matches!(it.callee, Origin::Place(place) if below(place));
    facts.events.iter().any(|it| it.seq > call.seq && below(it.place))
        || facts.calls.iter().any(|it| it.seq > call.seq && called(it))
}
