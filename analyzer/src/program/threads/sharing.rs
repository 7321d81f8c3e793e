//! Which objects are known to reach two threads.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use super::{Reach, Tasks, Threads, is_handed_over};
use crate::domain::{Base, Call, NONE, Op, Origin, Place};
use crate::program::types::{Ty, TypeTable};
use crate::program::world::{ClassGid, FuncGid, ModuleId, World};

/// Objects passed to the thread are shared with it.
pub(super) fn share_arguments(
    world: &World,
    types: &TypeTable,
    threads: &mut Threads,
    func: FuncGid,
    call: &Call,
    target: Origin,
) {
    let facts = world.func(func);
    let mut todo: Vec<Origin> =
        call.args.iter().map(|it| it.value).filter(|it| *it != target).collect();
    if let Origin::Call(partial) = target {
        todo.extend(facts.calls[partial as usize].args.iter().map(|it| it.value));
    }
    while let Some(origin) = todo.pop() {
        let fresh = match origin {
            // Made for this one thread.
            Origin::Call(it) => {
                facts.calls[it as usize].in_loop == call.in_loop && call.in_loop != NONE
            }
            _ => false,
        };
        if let Origin::Alloc(id) = origin {
            todo.extend(facts.allocs[id as usize].elems.iter().copied());
            if facts.allocs[id as usize].kind != crate::domain::Container::Tuple {
                threads.shared_sites.insert((func, id));
            }
            continue;
        }
        if fresh {
            continue;
        }
        let reach =
            if is_handed_over(world, func, call, origin) { Reach::Handed } else { Reach::Thread };
        for ty in types.of(world, func, origin) {
            match ty {
                Ty::Instance(class) if tested(world, func, class) => {}
                Ty::Instance(class) => {
                    let name = &world.class(class).name;
                    threads.share(class, reach, || format!("a `{name}` is passed to a thread"));
                }
                ty => {
                    threads.shared_sites.extend(ty.container());
                }
            }
        }
    }
}

/// What a test does with an object of the code that is tested.
pub(super) fn tested(world: &World, func: FuncGid, class: ClassGid) -> bool {
    let module = world.classes[class as usize].module as usize;
    world.module(func).is_test && !world.modules[module].is_test
}

/// Two spawns of one function make it run beside itself.
pub(super) fn same_target_twice(threads: &mut Threads) {
    let mut count: FxHashMap<FuncGid, u32> = FxHashMap::default();
    for spawn in &threads.spawns {
        *count.entry(spawn.target).or_default() += 1;
    }
    for spawn in &mut threads.spawns {
        spawn.many |=
            spawn.tasks != Tasks::OneByOne && count.get(&spawn.target).is_some_and(|it| *it > 1);
    }
}

/// A variable that only the code under `if __name__ == "__main__"` sets. Unless the module starts threads, it is there to
/// show or try something, and says nothing of how the classes are used.
pub(super) fn is_of_the_script(world: &World, module: ModuleId, name: &Name) -> bool {
    let facts = &world.modules[module as usize].facts;
    let Some((from, to)) = facts.main else { return false };
    let top = world.func(world.func_gid(module, 0));
    let is = |place: &Place| {
        place.path.is_empty() && matches!(&place.base, Base::Global(it) if it == name)
    };
    let mut stores = top
        .events
        .iter()
        .filter(|it| it.op == Op::Store && is(&top.places[it.place as usize]))
        .peekable();
    stores.peek().is_some() && stores.all(|it| it.seq >= from && it.seq < to)
}
