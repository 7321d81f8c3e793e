//! Functions of which something other than a call says that threads run them: a decorator (`@app.route("/")`), a base
//! class whose methods a framework calls, an attribute that is set to them (`client.on_message = f`).

use ruff_python_ast::name::Name;

use super::spawned::{handlers, is_a, runs};
use super::{Reach, Spawn, Tasks, Threads, Told, lane};
use crate::domain::{NONE, Op, Origin, Place, SiteId, Step};
use crate::knowledge::{HookRow, InstanceSharing, SpawnKind};
use crate::program::types::TypeTable;
use crate::program::world::{ClassGid, Entity, FuncGid, World};

/// What a declaration says of a function.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Declared {
    /// Where it stands.
    func: FuncGid,
    site: SiteId,
    seq: u32,
    kind: SpawnKind,
    thread: Option<Name>,
    /// The method that starts the thread.
    start: Option<Name>,
}

/// Finds the declarations of the project.
pub(super) fn find(world: &World, types: &TypeTable, told: &Told, threads: &mut Threads) {
    for (target, it) in told.declarations() {
        declare(world, threads, *target, it);
    }
    for class in 0..world.n_classes() {
        if !world.class(class).decorators.is_empty() {
            exposed(world, types, threads, class);
        }
        if world.base_rows(class).next().is_some() {
            derived(world, threads, class);
        }
    }
}

/// What one function says of others, or its decorators of it.
pub(super) fn of_function(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
) -> Vec<(FuncGid, Declared)> {
    let mut out = Vec::new();
    if !world.func(func).decorators.is_empty() {
        decorated(world, types, func, &mut out);
    }
    assigned(world, types, func, &mut out);
    out
}

/// The functions that a decorator of the tables hands to a framework.
fn decorated(world: &World, types: &TypeTable, func: FuncGid, out: &mut Vec<(FuncGid, Declared)>) {
    let parent = world.parent(func).unwrap_or(func);
    for decorator in &world.func(func).decorators {
        let (callee, seq) = match decorator {
            Origin::Call(call) => {
                let call = &world.func(parent).calls[*call as usize];
                (call.callee, call.seq)
            }
            other => (*other, 0),
        };
        let Some(row) = hook(world, types, parent, callee) else { continue };
        let site = world.func(func).site;
        let (thread, start) =
            (row.thread.as_ref().map(Name::new), row.start.as_ref().map(Name::new));
        let it = Declared { func: parent, site, seq, kind: row.kind, thread, start };
        out.push((func, it));
    }
}

/// The public methods of a class that a decorator of the tables hands to a framework.
fn exposed(world: &World, types: &TypeTable, threads: &mut Threads, class: ClassGid) {
    let facts = world.class(class);
    let parent = world.func_gid(world.classes[class as usize].module, facts.parent);
    for decorator in &facts.decorators {
        let callee = match decorator {
            Origin::Call(call) => world.func(parent).calls[*call as usize].callee,
            other => *other,
        };
        let Some(row) = hook(world, types, parent, callee) else { continue };
        for method in world.methods(class).filter(|it| !world.name(*it).starts_with('_')) {
            let it = Declared {
                func: parent,
                site: world.site(method),
                seq: 0,
                kind: row.kind,
                thread: row.thread.as_ref().map(Name::new),
                start: None,
            };
            declare(world, threads, method, &it);
        }
    }
}

/// The row of a decorator.
fn hook<'w>(
    world: &'w World,
    types: &TypeTable,
    func: FuncGid,
    callee: Origin,
) -> Option<&'w HookRow> {
    let Origin::Place(place) = callee else { return None };
    if let Some(entity) = world.entity(func, callee) {
        let Entity::External(name) = entity else { return None };
        return world.knowledge.decorators.get(name.as_str());
    }
    let place = &world.func(func).places[place as usize];
    let (Step::Attr(method), front) = place.path.split_last()? else { return None };
    let rows = world.knowledge.decorator_methods.get(method.as_str())?;
    let receiver = Place { base: place.base.clone(), path: front.into() };
    by_receiver(world, types, func, &receiver, rows)
}

fn by_receiver<'w>(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    receiver: &Place,
    rows: &'w [HookRow],
) -> Option<&'w HookRow> {
    let known = types.place(world, func, receiver);
    rows.iter().find(|row| known.iter().any(|it| is_a(world, it, &row.classes)))
}

/// The functions that are set as an attribute of the tables.
fn assigned(world: &World, types: &TypeTable, func: FuncGid, out: &mut Vec<(FuncGid, Declared)>) {
    let facts = world.func(func);
    for (id, place) in (0u32..).zip(facts.places.iter()) {
        let Some((Step::Attr(name), front)) = place.path.split_last() else { continue };
        let Some(rows) = world.knowledge.attributes.get(name.as_str()) else { continue };
        let receiver = Place { base: place.base.clone(), path: front.into() };
        let Some(row) = by_receiver(world, types, func, &receiver, rows) else { continue };
        for event in facts.events.iter().filter(|it| it.place == id && it.op == Op::Store) {
            for (run, _) in runs(world, types, func, event.value, 0) {
                let it = Declared {
                    func,
                    site: event.site,
                    seq: event.seq,
                    kind: row.kind,
                    thread: row.thread.as_ref().map(Name::new),
                    start: row.start.as_ref().map(Name::new),
                };
                out.push((run, it));
            }
        }
    }
}

/// The methods of a class that its framework calls.
fn derived(world: &World, threads: &mut Threads, class: ClassGid) {
    let facts = world.class(class);
    let module = world.classes[class as usize].module;
    let mut rows = world.base_rows(class).filter(|it| it.kind.is_some());
    if world.base_rows(class).any(|it| it.shared == InstanceSharing::One) {
        threads.share(class, Reach::Thread, || {
            format!("one `{}` serves all threads of its framework", facts.name)
        });
    }
    let Some(row) = rows.next() else { return };
    let Some(kind) = row.kind else { return };
    for method in handlers(world, class).collect::<Vec<_>>() {
        let it = Declared {
            func: world.func_gid(module, facts.body),
            site: world.site(method),
            seq: 0,
            kind,
            thread: row.thread.as_ref().map(Name::new),
            start: None,
        };
        declare(world, threads, method, &it);
    }
}

/// Where a function calls the method that starts the thread.
fn started_at(world: &World, func: FuncGid, method: &str) -> Option<u32> {
    let facts = world.func(func);
    let named = |origin: Origin| match origin {
        Origin::Place(place) => {
            matches!(facts.places[place as usize].path.last(), Some(Step::Attr(it)) if it == method)
        }
        _ => false,
    };
    facts.calls.iter().find(|it| named(it.callee)).map(|it| it.seq)
}

fn declare(world: &World, threads: &mut Threads, target: FuncGid, it: &Declared) {
    let kind = if world.is_async(target) { it.kind.of_coroutine() } else { it.kind };
    if kind.is_registration() || kind == SpawnKind::Exit {
        threads.registered.insert(target);
    }
    if kind.is_apart() || kind == SpawnKind::Caller {
        return;
    }
    let started = it.start.as_ref().and_then(|method| started_at(world, it.func, method));
    threads.spawns.push(Spawn {
        func: it.func,
        call: NONE,
        site: it.site,
        given: false,
        target,
        kind,
        lane: lane(kind, it.thread.as_ref()),
        many: kind.is_many(),
        tasks: if kind.takes_turns() { Tasks::OneByOne } else { Tasks::Single },
        own_instance: None,
        owners: false,
        live: (started.unwrap_or(it.seq), NONE),
        starts: started.is_some(),
    });
}
