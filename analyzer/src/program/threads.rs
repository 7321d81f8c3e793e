//! Where threads start: calls that run something on another thread, and what they run.

mod lifetime;
mod sharing;

use lifetime::{joined_at_once, joined_in_loop, lifetime};
use sharing::{same_target_twice, share_arguments, spread_sharing};

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::types::{Ty, TypeTable};
use super::world::{ClassGid, Entity, FuncGid, World};
use crate::domain::{Base, Bound, Call, NONE, Origin, Step};
use crate::knowledge::{InstanceSharing, KNOWLEDGE, SpawnKind};

/// One place that starts threads.
#[derive(Clone, Debug)]
pub(crate) struct Spawn {
    pub(crate) func: FuncGid,
    pub(crate) call: u32,
    /// What runs on the thread.
    pub(crate) target: FuncGid,
    /// The code may run beside itself.
    pub(crate) many: bool,
    /// It runs beside itself if the function that starts it is called again.
    pub(crate) pool: bool,
    /// A pool of one: its tasks run one after the other.
    pub(crate) serial: bool,
    /// The class whose instances each have a thread of their own, so that their attributes see one such thread.
    pub(crate) own_instance: Option<ClassGid>,
    /// From when to when the thread may run, in the sequence of `func`; `NONE` while nothing joins it.
    pub(crate) live: (u32, u32),
}

/// All spawns, and the objects they share.
pub(crate) struct Threads {
    pub(crate) spawns: Vec<Spawn>,
    /// Classes of which an instance is known to reach two threads, with the reason.
    pub(crate) shared: FxHashMap<ClassGid, String>,
    /// The class and attribute that hold an instance of a class.
    pub(crate) held_by: FxHashMap<ClassGid, (ClassGid, Name)>,
    /// Containers and other objects handed to threads, by their place of allocation.
    pub(crate) shared_sites: FxHashSet<(FuncGid, u32)>,
}

/// Finds the spawns of the project.
pub(crate) fn find(world: &World, types: &TypeTable) -> Threads {
    let mut threads = Threads {
        spawns: Vec::new(),
        shared: FxHashMap::default(),
        held_by: FxHashMap::default(),
        shared_sites: FxHashSet::default(),
    };
    let found: Vec<(FuncGid, u32, Origin, SpawnKind)> = (0..world.n_functions())
        .into_par_iter()
        .with_min_len(64)
        .flat_map_iter(|func| {
            let calls = (0u32..).zip(&world.func(func).calls);
            calls.flat_map(move |(index, call)| {
                spawned(world, types, func, call)
                    .into_iter()
                    .map(move |(target, kind)| (func, index, target, kind))
            })
        })
        .collect();
    for (func, index, target, kind) in found {
        let call = &world.func(func).calls[index as usize];
        let before = threads.spawns.len();
        record(world, types, &mut threads, func, index, target, kind);
        if threads.spawns.len() > before {
            share_arguments(world, types, &mut threads, func, call, target);
            if let Some(Entity::Class(class)) = world.entity(func, call.callee)
                && served(world, class).is_some()
            {
                let why = format!("`{}` answers requests on threads", world.class(class).name);
                threads.shared.entry(class).or_insert(why);
            }
        }
    }
    same_target_twice(&mut threads);
    spread_sharing(world, types, &mut threads);
    threads
}

/// What a call runs on threads.
pub(crate) type Spawned = SmallVec<[(Origin, SpawnKind); 1]>;

/// The origins that run on a thread because of this call.
pub(crate) fn spawned(world: &World, types: &TypeTable, func: FuncGid, call: &Call) -> Spawned {
    if matches!(call.callee, Origin::Unknown) {
        return Spawned::new();
    }
    let Origin::Place(place) = call.callee else {
        return thread_subclass(world, func, call).into_iter().collect();
    };
    if let Some(entity) = world.entity(func, call.callee) {
        let one = match entity {
            Entity::External(name) => KNOWLEDGE.callables.get(name.as_str()).and_then(|row| {
                Some((argument(call, row.argument, Some(&row.keyword))?, row.kind))
            }),
            Entity::Class(class) => thread_subclass(world, func, call).or_else(|| {
                served(world, class).and_then(|row| {
                    Some((argument(call, row.argument, Some(&row.keyword))?, row.kind))
                })
            }),
            _ => None,
        };
        return one.into_iter().collect();
    }
    let place = &world.func(func).places[place as usize];
    let Some(Step::Attr(method)) = place.path.last() else { return Spawned::new() };
    if !KNOWLEDGE.method_names.contains(method.as_str()) {
        return Spawned::new();
    }
    let receiver = crate::domain::Place {
        base: place.base.clone(),
        path: place.path[..place.path.len() - 1].into(),
    };
    let known = types.place(world, func, &receiver);
    let applies = |row: &&crate::knowledge::MethodRow| {
        let typed = known
            .iter()
            .any(|it| matches!(it, Ty::External(name, _) if executor(name) == row.class));
        // Executors of unknown type are taken for thread pools; callbacks and loops need no type.
        let untyped = row.class.is_empty() && (known.is_empty() || method != "submit");
        row.name == method.as_str() && (typed || untyped)
    };
    let rows = KNOWLEDGE.methods.iter().filter(applies);
    rows.filter_map(|row| Some((argument(call, row.argument, row.keyword.as_deref())?, row.kind)))
        .collect()
}

/// The server class outside the project from which a class derives.
pub(crate) fn served(
    world: &World,
    class: ClassGid,
) -> Option<&'static crate::knowledge::CallableRow> {
    let bases = &world.classes[class as usize].external_bases;
    bases.iter().filter_map(|it| KNOWLEDGE.callables.get(it.as_str())).find(|it| it.back.is_some())
}

/// Aliases of executor classes.
fn executor(name: &str) -> &str {
    match name {
        "concurrent.futures.thread.ThreadPoolExecutor" => "concurrent.futures.ThreadPoolExecutor",
        "multiprocessing.dummy.Pool" => "multiprocessing.pool.ThreadPool",
        other => other,
    }
}

/// Making an instance of a Thread subclass: its `run` is the target.
fn thread_subclass(world: &World, func: FuncGid, call: &Call) -> Option<(Origin, SpawnKind)> {
    let Some(Entity::Class(class)) = world.entity(func, call.callee) else { return None };
    owns_thread(world, class).then_some((call.callee, SpawnKind::Thread))
}

/// Whether instances of the class are threads.
pub(crate) fn owns_thread(world: &World, class: ClassGid) -> bool {
    has_base(world, class, |it| it.shared == InstanceSharing::Own)
}

/// Whether instances of the class handle one request each.
pub(crate) fn is_per_request(world: &World, class: ClassGid) -> bool {
    has_base(world, class, |it| it.shared == InstanceSharing::Never && !it.methods.is_empty())
}

/// Whether a base outside the project has this property.
pub(crate) fn has_base(
    world: &World,
    class: ClassGid,
    test: impl Fn(&crate::knowledge::BaseRow) -> bool,
) -> bool {
    world.classes[class as usize]
        .external_bases
        .iter()
        .any(|it| KNOWLEDGE.bases.get(it.as_str()).is_some_and(&test))
}

pub(crate) fn argument(call: &Call, position: usize, keyword: Option<&str>) -> Option<Origin> {
    let named = call
        .args
        .iter()
        .find(|it| it.name.as_ref().is_some_and(|name| Some(name.as_str()) == keyword));
    let positional =
        || call.args.iter().filter(|it| it.name.is_none() && !it.starred).nth(position);
    named.or_else(positional).map(|it| it.value)
}

/// Resolves what runs and records one spawn per function.
fn record(
    world: &World,
    types: &TypeTable,
    threads: &mut Threads,
    func: FuncGid,
    index: u32,
    target: Origin,
    kind: SpawnKind,
) {
    let facts = world.func(func);
    let call = &facts.calls[index as usize];
    let live = lifetime(world, func, index, kind);
    if joined_at_once(world, func, index, kind, live) {
        return;
    }
    for (run, receiver) in runs(world, types, func, target, 0) {
        let pool = kind == SpawnKind::Pool && !single_worker(world, types, func, call);
        let serial = kind == SpawnKind::Pool && !pool;
        let looped = call.in_loop != NONE && !serial && !joined_in_loop(world, func, index);
        let fresh_receiver = match target {
            Origin::Class(_) => true,
            Origin::Place(it) => match (&facts.places[it as usize].base, receiver) {
                (Base::SelfObj, Some(_)) => !looped && kind != SpawnKind::Pool,
                (Base::Call(made), Some(_)) => facts.calls[*made as usize].in_loop == call.in_loop,
                (Base::Global(_) | Base::Import(_), _) => {
                    matches!(world.entity(func, target), Some(Entity::Class(_)))
                }
                _ => false,
            },
            _ => false,
        };
        if let Some(class) = receiver {
            threads.shared.entry(class).or_insert_with(|| {
                let what = world.func(run).name.to_string();
                format!("`{}.{what}` runs on a thread", world.class(class).name)
            });
        }
        threads.spawns.push(Spawn {
            func,
            call: index,
            target: run,
            many: looped || (pool && maps(world, func, call)),
            pool,
            serial,
            own_instance: receiver.filter(|_| fresh_receiver),
            live,
        });
    }
}

/// The functions an origin runs when called, with the class of a bound receiver.
pub(crate) fn runs(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    target: Origin,
    depth: u32,
) -> SmallVec<[(FuncGid, Option<ClassGid>); 2]> {
    let mut out = SmallVec::new();
    if depth > 3 {
        return out;
    }
    for ty in types.of(world, func, target) {
        match ty {
            Ty::Func(it) => out.push((it, None)),
            Ty::Method(it) => out
                .push((it, world.class_of(it).filter(|_| world.func(it).bound == Bound::Instance))),
            Ty::Class(class) if owns_thread(world, class) => {
                out.extend(
                    world.method(class, &Name::new_static("run")).map(|it| (it, Some(class))),
                );
            }
            // A server was given its handler class.
            Ty::Class(class) if is_per_request(world, class) => {
                let handles = |it: &FuncGid| {
                    let name = &world.func(*it).name;
                    name.starts_with("do_")
                        || matches!(name.as_str(), "handle" | "setup" | "finish")
                };
                out.extend(world.methods(class).filter(handles).map(|it| (it, Some(class))));
            }
            Ty::Class(class) => {
                out.extend(world.method(class, &Name::new_static("__init__")).map(|it| (it, None)));
            }
            Ty::Instance(class) => {
                let call = world.method(class, &Name::new_static("__call__"));
                out.extend(call.map(|it| (it, Some(class))));
            }
            Ty::External(name, (made_in, call))
                if name == "functools.partial" && made_in != u32::MAX =>
            {
                if let Some(inner) = argument(&world.func(made_in).calls[call as usize], 0, None) {
                    out.extend(runs(world, types, made_in, inner, depth + 1));
                }
            }
            _ => {}
        }
    }
    out
}

/// One call that runs its function many times.
fn maps(world: &World, func: FuncGid, call: &Call) -> bool {
    let Origin::Place(place) = call.callee else { return true };
    match world.func(func).places[place as usize].path.last() {
        Some(Step::Attr(name)) => !matches!(
            name.as_str(),
            "submit" | "run_in_executor" | "to_thread" | "apply_async" | "apply" | "run_sync"
        ),
        _ => true,
    }
}

/// A pool that was made with one worker runs its tasks one after the other.
fn single_worker(world: &World, types: &TypeTable, func: FuncGid, call: &Call) -> bool {
    let Origin::Place(place) = call.callee else { return false };
    let place = &world.func(func).places[place as usize];
    let mut receiver = crate::domain::Place {
        base: place.base.clone(),
        path: place.path[..place.path.len().saturating_sub(1)].into(),
    };
    if place.path.last() == Some(&Step::Attr(Name::new_static("run_in_executor"))) {
        let Some(Origin::Place(executor)) = argument(call, 0, Some("executor")) else {
            return matches!(argument(call, 0, None), Some(Origin::Call(made))
                if world.func(func).calls[made as usize].workers == Some(1));
        };
        receiver = world.func(func).places[executor as usize].clone();
    }
    let known = types.place(world, func, &receiver);
    !known.is_empty()
        && known.iter().all(|it| match it {
            Ty::External(_, (made_in, made)) if *made_in != u32::MAX => world
                .func(*made_in)
                .calls
                .get(*made as usize)
                .is_some_and(|it| it.workers == Some(1)),
            _ => false,
        })
}
