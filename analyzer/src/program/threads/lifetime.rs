//! From when to when a thread may run, in the sequence of the function that starts it.

use smallvec::SmallVec;

use crate::domain::{Base, Call, NONE, Origin, Region, Step};
use crate::knowledge::SpawnKind;
use crate::program::world::{FuncGid, World};

/// From when to when the thread of a spawn may run, in the sequence of its function.
pub(super) fn lifetime(world: &World, func: FuncGid, index: u32, kind: SpawnKind) -> (u32, u32) {
    let facts = world.func(func);
    let call = &facts.calls[index as usize];
    let group = group_of(world, func, index);
    let on_group = |it: &&Call, names: &[&str]| {
        method_on(world, func, it, &group).is_some_and(|it| names.contains(&it))
    };
    let start = match kind {
        SpawnKind::Thread => facts
            .calls
            .iter()
            .filter(|it| on_group(it, &["start"]))
            .map(|it| it.seq)
            .min()
            .unwrap_or(call.seq),
        _ => call.seq,
    };
    let joins = ["join", "result", "shutdown", "exception"];
    let join = facts
        .calls
        .iter()
        .filter(|it| it.seq > start && on_group(it, &joins))
        .map(|it| it.seq)
        .min();
    // Leaving `with ThreadPoolExecutor()` waits for the tasks.
    let with_exit = executor_region(world, func, call).map(|it| it.exit);
    // Waiting for all: `wait(fs)`, `as_completed(fs)`, `list(executor.map(...))`, `await to_thread(...)`.
    let end = join.into_iter().chain(with_exit).min().unwrap_or(NONE);
    if call.awaited { (start, start + 1) } else { (start, end) }
}

pub(super) fn executor_region<'w>(
    world: &'w World,
    func: FuncGid,
    call: &Call,
) -> Option<&'w Region> {
    let facts = world.func(func);
    let Origin::Place(place) = call.callee else { return None };
    let Base::Call(made) = facts.places[place as usize].base else { return None };
    facts.regions.iter().find(|it| it.what == Origin::Call(made))
}

/// Started and joined with nothing in between: an ordinary call on another stack.
pub(super) fn joined_at_once(
    world: &World,
    func: FuncGid,
    index: u32,
    kind: SpawnKind,
    live: (u32, u32),
) -> bool {
    let facts = world.func(func);
    let call = &facts.calls[index as usize];
    let within = |seq: u32| live.0 < seq && seq < live.1;
    kind == SpawnKind::Thread
        && live.1 != NONE
        && live.0 != call.seq
        && call.in_loop == NONE
        && !facts.calls.iter().any(|it| within(it.seq))
        && !facts.events.iter().any(|it| within(it.seq))
}

/// What holds the thread object: the call itself and the containers it is put into.
pub(super) struct Group {
    call: u32,
    allocs: SmallVec<[u32; 2]>,
}

pub(super) fn group_of(world: &World, func: FuncGid, index: u32) -> Group {
    let facts = world.func(func);
    let holds = |it: &crate::domain::Alloc| it.elems.contains(&Origin::Call(index));
    let allocs = (0u32..).zip(&facts.allocs).filter(|it| holds(it.1)).map(|it| it.0).collect();
    Group { call: index, allocs }
}

/// The method called on a member of the group.
pub(super) fn method_on<'w>(
    world: &'w World,
    func: FuncGid,
    call: &Call,
    group: &Group,
) -> Option<&'w str> {
    let Origin::Place(place) = call.callee else { return None };
    let place = &world.func(func).places[place as usize];
    let member = match (&place.base, place.path.as_slice()) {
        (Base::Call(it), [Step::Attr(_)]) => *it == group.call,
        (Base::Alloc(it), [Step::Elem, Step::Attr(_)]) => group.allocs.contains(it),
        _ => false,
    };
    match place.path.last() {
        Some(Step::Attr(name)) if member => Some(name.as_str()),
        _ => None,
    }
}

/// Started and joined in one iteration: one after the other.
pub(super) fn joined_in_loop(world: &World, func: FuncGid, index: u32) -> bool {
    let facts = world.func(func);
    let call = &facts.calls[index as usize];
    let group = Group { call: index, allocs: SmallVec::new() };
    facts.calls.iter().any(|it| {
        it.in_loop == call.in_loop
            && matches!(method_on(world, func, it, &group), Some("join" | "result"))
    })
}
