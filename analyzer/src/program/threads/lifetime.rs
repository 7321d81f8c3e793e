//! From when to when a thread may run, in the sequence of the function that starts it.

use smallvec::SmallVec;

use crate::domain::{Base, Call, NONE, Origin, Region, Step};
use crate::knowledge::SpawnKind;
use crate::program::threads::Started;
use crate::program::world::{Entity, FuncGid, World};

/// From when to when the thread of a spawn may run, in the sequence of its function.
pub(super) fn lifetime(world: &World, func: FuncGid, index: u32, started: &Started) -> (u32, u32) {
    let facts = world.func(func);
    let call = &facts.calls[index as usize];
    let group = group_of(world, func, index);
    let on_group = |it: &&Call, names: &[&str]| {
        method_on(world, func, it, &group).is_some_and(|it| names.contains(&it))
    };
    let start = match started.kind {
        SpawnKind::Thread => facts
            .calls
            .iter()
            .filter(|it| on_group(it, &["start"]))
            .map(|it| it.seq)
            .min()
            .unwrap_or(call.seq),
        _ => call.seq,
    };
    let joins = |it: &&Call| {
        on_group(it, &["result", "shutdown", "exception"])
            || on_group(it, &["join"])
                && (it.args.is_empty() || looks_after(world, func, it, &group))
    };
    let later = || facts.calls.iter().filter(|it| it.seq > start);
    let join = later().filter(joins).map(|it| it.seq).min();
    let awaited = later().filter_map(|it| waits_for_all(world, func, it, &group)).min();
    let ended = later().filter(|it| ends_executor(world, func, call, it)).map(|it| it.seq).min();
    // Leaving `with ThreadPoolExecutor()` waits for the tasks.
    let with_exit = executor_region(world, func, call).map(|it| it.exit);
    let end = [join, awaited, ended, with_exit].into_iter().flatten().min().unwrap_or(NONE);
    if call.awaited || started.waits { (start, start + 1) } else { (start, end) }
}

/// Whether the function asks, after a `join` with a timeout, if the thread has ended.
fn looks_after(world: &World, func: FuncGid, join: &Call, group: &Group) -> bool {
    let mut later = world.func(func).calls.iter().filter(|it| it.seq > join.seq);
    later.any(|it| method_on(world, func, it, group) == Some("is_alive"))
}

/// Where a call has waited for everything in the group: `wait(fs)`, the loop over `as_completed(fs)`,
/// `list(executor.map(...))`.
fn waits_for_all(world: &World, func: FuncGid, call: &Call, group: &Group) -> Option<u32> {
    let first = call.args.first()?.value;
    let one = first == Origin::Call(group.call);
    let all = matches!(first, Origin::Alloc(it) if group.allocs.contains(&it));
    if !one && !all {
        return None;
    }
    let Some(Entity::External(name)) = world.entity(func, call.callee) else { return None };
    let partly = call.args.iter().any(|it| it.name().is_some_and(|it| it == "return_when"));
    match name.as_str() {
        "concurrent.futures.wait" if !partly => Some(call.seq),
        "concurrent.futures.as_completed" => Some(loop_end(world, func, call)),
        "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.dict"
        | "builtins.sorted"
            if one =>
        {
            Some(call.seq)
        }
        _ => None,
    }
}

/// Where the loop ends whose iterable a call makes.
fn loop_end(world: &World, func: FuncGid, call: &Call) -> u32 {
    let facts = world.func(func);
    let calls = facts.calls.iter().map(|it| (it.seq, it.in_loop));
    let events = facts.events.iter().map(|it| (it.seq, it.in_loop));
    let inside = || {
        let all = calls.clone().chain(events.clone());
        all.filter(|it| it.0 > call.seq && it.1 != NONE && it.1 != call.in_loop)
    };
    let Some((_, body)) = inside().min() else { return call.seq };
    inside().filter(|it| it.1 == body).map(|it| it.0).max().unwrap_or(call.seq)
}

/// `pool.shutdown()`, `pool.join()` on the executor of a call.
fn ends_executor(world: &World, func: FuncGid, started: &Call, call: &Call) -> bool {
    let place = |it: &Call| match it.callee {
        Origin::Place(place) => Some(&world.func(func).places[place as usize]),
        _ => None,
    };
    let (Some(pool), Some(end)) = (place(started), place(call)) else { return false };
    let (Some((Step::Attr(_), pool_path)), Some((Step::Attr(name), end_path))) =
        (pool.path.split_last(), end.path.split_last())
    else {
        return false;
    };
    matches!(name.as_str(), "shutdown" | "join")
        && call.args.is_empty()
        && pool.base == end.base
        && pool_path == end_path
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
