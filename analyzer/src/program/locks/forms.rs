//! Locks behind objects and functions that hold them for a while: classes with `__enter__`, guards that are given a
//! lock, and the opposite, regions in which a held lock is given back.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use super::kind::of_receiver;
use super::{LockId, lock_of};
use crate::domain::{Base, Call, FunctionFacts, Op, Origin, Step};
use crate::program::types::{Ty, TypeTable};
use crate::program::world::{ClassGid, FuncGid, World};

/// The lock that `__enter__` of a class takes and keeps.
pub(super) fn entered(world: &World, types: &TypeTable, class: ClassGid) -> Option<LockId> {
    let enter = world.method(class, &Name::new_static("__enter__"))?;
    let facts = world.func(enter);
    let takes =
        |it: &&Call| is_method(facts, it, &["acquire", "__enter__", "lock", "acquire_lock"]);
    let call = facts.calls.iter().find(takes)?;
    let gives =
        |it: &Call| is_method(facts, it, &["release", "__exit__", "unlock", "release_lock"]);
    // What is given back before it returns is not held in the body.
    if facts.calls.iter().any(|it| it.seq > call.seq && gives(it)) {
        return None;
    }
    of_receiver(world, types, enter, call)
}

/// `with Guard(lock):` when the class keeps what it is given and `__enter__` takes it.
pub(super) fn guard(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    call: &Call,
    depth: u32,
) -> Option<LockId> {
    let made = types.of(world, func, call.callee);
    let class = made.iter().find_map(|it| match it {
        Ty::Class(it) => Some(*it),
        _ => None,
    })?;
    let LockId::Instance(_, attribute) = entered(world, types, class)? else {
        return entered(world, types, class);
    };
    let init = world.method(class, &Name::new_static("__init__"))?;
    let facts = world.func(init);
    let kept = facts.events.iter().find(|it| {
        let place = &facts.places[it.place as usize];
        it.op == Op::Store
            && place.base == Base::SelfObj
            && matches!(place.path.as_slice(), [Step::Attr(name)] if *name == attribute)
    })?;
    if let Origin::Place(place) = kept.value
        && let Base::Param(index) = facts.places[place as usize].base
        && let Some(arg) = call.args.get((index as usize).checked_sub(1)?)
        && arg.name().is_none()
    {
        return lock_of(world, types, func, arg.value, depth + 1);
    }
    // A lock that the guard makes for itself is another one each time.
    None
}

/// Regions that give back a lock for their duration; they are no regions of that lock.
pub(super) fn gaps(
    world: &World,
    types: &TypeTable,
    regions: &mut FxHashMap<(FuncGid, u32), LockId>,
) -> FxHashMap<(FuncGid, u32), LockId> {
    let mut out = FxHashMap::default();
    let holders: rustc_hash::FxHashSet<FuncGid> = regions.keys().map(|it| it.0).collect();
    let mut holders: Vec<FuncGid> = holders.into_iter().collect();
    holders.sort_unstable();
    for func in holders {
        for (index, region) in (0u32..).zip(&world.func(func).regions) {
            let Origin::Call(call) = region.what else { continue };
            let callee = world.func(func).calls[call as usize].callee;
            for (target, _) in types.targets(world, func, callee) {
                if let Some(lock) = given_back(world, types, target) {
                    regions.remove(&(func, index));
                    out.insert((func, index), lock);
                }
            }
        }
    }
    out
}

/// The lock that a context manager releases before its body and takes again after it.
fn given_back(world: &World, types: &TypeTable, func: FuncGid) -> Option<LockId> {
    let facts = world.func(func);
    if !facts.is_generator {
        return None;
    }
    let of = |names: &'static [&'static str]| {
        facts.calls.iter().find(move |it| is_method(facts, it, names))
    };
    let (give, take) = (of(&["release"])?, of(&["acquire"])?);
    if give.seq > take.seq {
        return None;
    }
    of_receiver(world, types, func, give)
}

fn is_method(facts: &FunctionFacts, call: &Call, names: &[&str]) -> bool {
    matches!(call.callee, Origin::Place(place)
        if matches!(facts.places[place as usize].path.last(), Some(Step::Attr(name)) if names.contains(&name.as_str())))
}
