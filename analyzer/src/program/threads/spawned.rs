//! What a call runs on threads: by the tables of callables and methods, and by classes that are threads.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::Started;
use crate::domain::{Base, Bound, Call, Origin, Passed, Place, Step};
use crate::knowledge::{BaseRow, CallableRow, InstanceSharing, MethodRow, SpawnKind};
use crate::program::types::{Ty, TypeTable};
use crate::program::world::{ClassGid, Entity, FuncGid, World};

/// What a call runs on threads.
pub(crate) type Spawned = SmallVec<[Started; 1]>;

/// The origins that run on a thread because of this call.
pub(crate) fn spawned(world: &World, types: &TypeTable, func: FuncGid, call: &Call) -> Spawned {
    if matches!(call.callee, Origin::Unknown) {
        return Spawned::new();
    }
    let Origin::Place(place) = call.callee else {
        return thread_subclass(world, func, call).into_iter().collect();
    };
    if let Some(entity) = world.entity(func, call.callee) {
        let by_row = |row: &CallableRow| {
            let what = argument(call, row.argument, row.keyword.as_deref())?;
            let lane = row.thread.as_deref().map(Name::new);
            Some(Started { what, kind: row.kind, lane, waits: row.waits })
        };
        return match entity {
            Entity::External(name) => {
                let rows = world.knowledge.callables.get(name.as_str());
                rows.into_iter().flatten().filter_map(by_row).collect()
            }
            Entity::Class(class) => thread_subclass(world, func, call)
                .or_else(|| served(world, class).and_then(by_row))
                .into_iter()
                .collect(),
            _ => Spawned::new(),
        };
    }
    let place = &world.func(func).places[place as usize];
    let Some((Step::Attr(method), front)) = place.path.split_last() else {
        return Spawned::new();
    };
    let Some(rows) = world.knowledge.methods.get(method.as_str()) else { return Spawned::new() };
    let receiver = Place { base: place.base.clone(), path: front.into() };
    let known = types.place(world, func, &receiver);
    by_methods(world, types, func, call, rows, &known)
}

fn by_methods(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    call: &Call,
    rows: &[MethodRow],
    known: &[Ty],
) -> Spawned {
    // Of what is handed in only some is known.
    let given = matches!(call.callee, Origin::Place(place)
        if matches!(world.func(func).places[place as usize].base, Base::Param(_)));
    let of_threads =
        |it: &Ty| matches!(it, Ty::External(name, _) if name.starts_with("concurrent."));
    let started = |row: &MethodRow| {
        let what = argument(call, row.argument, row.keyword.as_deref())?;
        let mut kind = row.kind;
        if world.is_async(func) {
            kind = row.coroutine.unwrap_or(kind);
        }
        if let Some(looped) = row.asyncio
            && imports_asyncio(world, func)
            && (given || !known.iter().any(of_threads))
        {
            kind = looped;
        }
        if kind == SpawnKind::Pool
            && row.executor.is_some_and(|it| of_processes(world, types, func, call, it))
        {
            kind = SpawnKind::Iso;
        }
        Some(Started { what, kind, lane: row.thread.as_deref().map(Name::new), waits: row.waits })
    };
    let typed = |row: &&MethodRow| known.iter().any(|it| is_a(world, it, &row.classes));
    let mut out = Spawned::new();
    for it in rows.iter().filter(typed).filter_map(started) {
        if !out.iter().any(|known| known.what == it.what) {
            out.push(it);
        }
    }
    // Executors of unknown type are taken for thread pools; callbacks and loops need no type.
    let defined = |it: &Ty, name: &String| matches!(it, Ty::Instance(class) if world.method(*class, &Name::new(name)).is_some());
    let untyped = |row: &&MethodRow| {
        let free = row.names.iter().all(|name| {
            known.is_empty() || name != "submit" && !known.iter().any(|it| defined(it, name))
        });
        row.classes.is_empty() && free
    };
    for it in rows.iter().filter(untyped).filter_map(started) {
        if !out.iter().any(|known| known.what == it.what) {
            out.push(it);
        }
    }
    out
}

/// Futures and handles of a module that works with asyncio are mostly those of its event loop.
fn imports_asyncio(world: &World, func: FuncGid) -> bool {
    let imports = &world.module(func).facts.imports;
    imports.iter().any(|it| it.module == "asyncio" || it.module.starts_with("asyncio."))
}

/// Whether an argument is an executor whose workers are processes.
fn of_processes(world: &World, types: &TypeTable, func: FuncGid, call: &Call, at: usize) -> bool {
    let Some(executor) = argument(call, at, Some("executor")) else { return false };
    let known = types.of(world, func, executor);
    let submit = world.knowledge.methods.get("submit").map_or(&[][..], Vec::as_slice);
    known
        .iter()
        .any(|ty| submit.iter().any(|it| it.kind == SpawnKind::Iso && is_a(world, ty, &it.classes)))
}

/// Whether a value is of one of these classes: outside the project, derived from one outside, or of the project.
pub(super) fn is_a(world: &World, ty: &Ty, classes: &[String]) -> bool {
    let listed = |name: &str| classes.iter().any(|it| it == name);
    match ty {
        Ty::External(name, _) => listed(executor(name)),
        Ty::Instance(class) => {
            let bases = &world.classes[*class as usize].external_bases;
            bases.iter().any(|it| listed(it))
                || std::iter::once(*class)
                    .chain(world.ancestors(*class).iter().copied())
                    .any(|it| listed(&world.class_path(it)))
        }
        _ => false,
    }
}

/// The server class outside the project from which a class derives.
pub(crate) fn served(world: &World, class: ClassGid) -> Option<&CallableRow> {
    let bases = &world.classes[class as usize].external_bases;
    (bases.iter().filter_map(|it| world.knowledge.callables.get(it.as_str())).flatten())
        .find(|it| it.back.is_some())
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
fn thread_subclass(world: &World, func: FuncGid, call: &Call) -> Option<Started> {
    let Some(Entity::Class(class)) = world.entity(func, call.callee) else { return None };
    owns_thread(world, class).then_some(Started {
        what: call.callee,
        kind: SpawnKind::Thread,
        lane: None,
        waits: false,
    })
}

/// Whether instances of the class are threads.
pub(crate) fn owns_thread(world: &World, class: ClassGid) -> bool {
    has_base(world, class, |it| it.shared == InstanceSharing::Own)
}

/// Whether instances of the class handle one request each.
pub(crate) fn is_per_request(world: &World, class: ClassGid) -> bool {
    has_base(world, class, |it| it.shared == InstanceSharing::Never && !it.methods.is_empty())
}

/// Whether a base has this property.
pub(crate) fn has_base(world: &World, class: ClassGid, test: impl Fn(&BaseRow) -> bool) -> bool {
    world.base_rows(class).any(test)
}

pub(crate) fn argument(call: &Call, position: usize, keyword: Option<&str>) -> Option<Origin> {
    let named =
        call.args.iter().find(|it| it.name().is_some_and(|name| Some(name.as_str()) == keyword));
    let positional = || call.args.iter().filter(|it| it.how == Passed::Position).nth(position);
    named.or_else(positional).map(|it| it.value)
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
    // `create_task(f())` runs the coroutine that `f()` makes, `imap(g, f())` a generator.
    if let Origin::Call(call) = target {
        let callee = world.func(func).calls[call as usize].callee;
        let made = types.targets(world, func, callee).into_iter().map(|it| it.0);
        let lazy = made.filter(|it| world.is_async(*it) || world.func(*it).is_generator);
        out.extend(lazy.map(|it| (it, None)));
    }
    for ty in types.of(world, func, target) {
        match ty {
            Ty::Func(it) => out.push((it, None)),
            Ty::Method(it) => {
                out.push((it, world.class_of(it).filter(|_| world.bound(it) == Bound::Instance)));
            }
            Ty::Class(class) if owns_thread(world, class) => {
                out.extend(
                    world.method(class, &Name::new_static("run")).map(|it| (it, Some(class))),
                );
            }
            // A server was given its handler class.
            Ty::Class(class) if is_per_request(world, class) => {
                let handles = |it: &FuncGid| {
                    let name = world.name(*it);
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
                out.extend(handlers(world, class).map(|it| (it, Some(class))));
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

/// The methods that a framework calls once it has the object.
pub(super) fn handlers(world: &World, class: ClassGid) -> impl Iterator<Item = FuncGid> + '_ {
    let rows = world.base_rows(class).filter(|it| it.kind.is_some());
    rows.flat_map(move |row| world.methods(class).filter(|it| row.runs(world.name(*it))))
}

/// One call that runs its function many times.
pub(crate) fn maps(world: &World, func: FuncGid, call: &Call) -> bool {
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
pub(super) fn single_worker(world: &World, types: &TypeTable, func: FuncGid, call: &Call) -> bool {
    let Origin::Place(place) = call.callee else { return false };
    let place = &world.func(func).places[place as usize];
    let mut receiver = crate::domain::Place {
        base: place.base.clone(),
        path: place.path[..place.path.len().saturating_sub(1)].into(),
    };
    if place.path.last() == Some(&Step::Attr(Name::new_static("run_in_executor"))) {
        let Some(Origin::Place(executor)) = argument(call, 0, Some("executor")) else {
            return matches!(argument(call, 0, None), Some(Origin::Call(made))
                if world.func(func).calls[made as usize].one_worker);
        };
        receiver = world.func(func).places[executor as usize].clone();
    }
    let known = types.place(world, func, &receiver);
    !known.is_empty()
        && known.iter().all(|it| match it {
            Ty::External(_, (made_in, made)) if *made_in != u32::MAX => {
                world.func(*made_in).calls.get(*made as usize).is_some_and(|it| it.one_worker)
            }
            _ => false,
        })
}
