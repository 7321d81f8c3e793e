//! Where threads start: calls that run something on another thread, and what they run.

mod declared;
mod handed;
mod holders;
mod lifetime;
mod sharing;
mod spawned;
mod told;

use handed::{gives_away, is_handed_over};
use holders::Holders;
use lifetime::{joined_at_once, joined_in_loop, lifetime};
use sharing::{same_target_twice, share_arguments};
use spawned::single_worker;
pub(crate) use spawned::{has_base, is_per_request, maps, runs, served, spawned};
pub(crate) use told::{Found, Told};

use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::types::TypeTable;
use super::world::{ClassGid, Entity, FuncGid, World};
use crate::domain::{Base, Call, FunctionFacts, NONE, Origin, SiteId};
use crate::knowledge::SpawnKind;

/// One place that starts threads, or that says of a function that threads run it.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one start")]
pub(crate) struct Spawn {
    pub(crate) func: FuncGid,
    /// The call that starts the thread; [`NONE`] where a decorator, a base class or an attribute says it.
    pub(crate) call: u32,
    /// Where that stands in `func`.
    pub(crate) site: SiteId,
    /// What runs on the thread.
    pub(crate) target: FuncGid,
    /// It is a parameter of `func`.
    pub(crate) given: bool,
    pub(crate) kind: SpawnKind,
    /// The name of the one thread that runs this and other things in turn.
    pub(crate) lane: Option<Name>,
    /// The code may run beside itself.
    pub(crate) many: bool,
    pub(crate) tasks: Tasks,
    /// The class whose instances each have a thread of their own, so that their attributes see one such thread.
    pub(crate) own_instance: Option<ClassGid>,
    /// Several such instances are made, so that their threads meet at what all of them share.
    pub(crate) owners: bool,
    /// From when to when the thread may run, in the sequence of `func`; `NONE` while nothing joins it.
    pub(crate) live: (u32, u32),
    /// The thread starts at this place: what main code does afterwards runs beside it.
    pub(crate) starts: bool,
}

/// How what was started relates to what is started later at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tasks {
    /// A thread of its own.
    Single,
    /// It runs beside itself if the function that starts it is called again.
    Pool,
    /// One after the other: a pool of one, the one thread of a library.
    OneByOne,
}

/// How an instance of a class is known to reach two threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// A thread runs its method, gets it, or is one of those that a framework sends to it.
    Thread,
    /// It is handed to one task, and who hands it over does not use it afterwards: another one for each task.
    Handed,
    /// A thread sees it in a variable of the enclosing function.
    Captured,
    /// A module variable holds it.
    Module,
    /// It hangs on an object that is shared.
    Below,
}

/// That an instance of a class is known to reach two threads, and why in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shared {
    pub(crate) reach: Reach,
    pub(crate) why: String,
}

impl Threads {
    /// A thread runs a method of the object.
    fn share_receiver(&mut self, world: &World, class: ClassGid, run: FuncGid, given: bool) {
        let (of, what) = (&world.class(class).name, world.name(run));
        let reach = if given { Reach::Handed } else { Reach::Thread };
        self.share(class, reach, || format!("`{of}.{what}` runs on a thread"));
    }

    /// The first reason stays, unless it is a weak one.
    fn share(&mut self, class: ClassGid, reach: Reach, why: impl FnOnce() -> String) {
        let known = self.shared.get(&class).map(|it| it.reach);
        if known.is_none() || known == Some(Reach::Handed) && reach != Reach::Handed {
            self.shared.insert(class, Shared { reach, why: why() });
        }
    }
}

/// All spawns, and the objects they share.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Threads {
    pub(crate) spawns: Vec<Spawn>,
    /// Calls that only register or hand on what they are given: nothing among their arguments runs there.
    pub(crate) taken: FxHashSet<(FuncGid, u32)>,
    /// Functions that a framework calls, and nobody else does.
    pub(crate) registered: FxHashSet<FuncGid>,
    /// Functions that need no other caller: where they run is known.
    pub(crate) placed: FxHashSet<FuncGid>,
    /// Classes of which an instance is known to reach two threads, with the reason.
    pub(crate) shared: FxHashMap<ClassGid, Shared>,
    /// The functions in whose variables threads see instances of a class.
    pub(crate) captured: FxHashMap<ClassGid, Vec<FuncGid>>,
    /// The class and attribute that hold an instance of a class.
    pub(crate) held_by: FxHashMap<ClassGid, (ClassGid, Name)>,
    /// Containers and other objects handed to threads, by their place of allocation.
    pub(crate) shared_sites: FxHashSet<(FuncGid, u32)>,
}

/// What runs elsewhere, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Started {
    pub(crate) what: Origin,
    pub(crate) kind: SpawnKind,
    /// The name of the thread.
    pub(crate) lane: Option<Name>,
    /// The call comes back when it has run.
    pub(crate) waits: bool,
}

/// Finds the spawns of the project.
fn find(world: &World, types: &TypeTable, told: &Told, holders: &Holders) -> Threads {
    let mut threads = Threads::default();
    for (func, index, started) in told.starts() {
        let call = &world.func(func).calls[index as usize];
        let before = threads.spawns.len();
        record(world, types, &mut threads, func, index, started);
        if threads.spawns[before..].iter().any(|it| it.kind.is_elsewhere()) {
            share_arguments(world, types, &mut threads, func, call, started.what);
            if let Some(Entity::Class(class)) = world.entity(func, call.callee)
                && served(world, class).is_some()
            {
                threads.share(class, Reach::Thread, || {
                    format!("`{}` answers requests on threads", world.class(class).name)
                });
            }
        }
    }
    declared::find(world, types, told, &mut threads);
    // Without threads, finalizers and hooks run in the only one.
    if !threads.spawns.iter().any(|it| it.kind.is_started() || it.starts && !it.kind.is_unsure()) {
        threads.spawns.retain(|it| it.kind != SpawnKind::Any);
    }
    same_target_twice(&mut threads);
    holders.spread(world, &mut threads);
    threads
}

/// Resolves what runs and records one spawn per function.
fn record(
    world: &World,
    types: &TypeTable,
    threads: &mut Threads,
    func: FuncGid,
    index: u32,
    started: &Started,
) {
    let facts = world.func(func);
    let call = &facts.calls[index as usize];
    let (kind, target) = (started.kind, started.what);
    if kind == SpawnKind::Caller {
        return;
    }
    if let (SpawnKind::Loop | SpawnKind::T1, Origin::Call(coroutine)) = (kind, target) {
        threads.taken.insert((func, coroutine));
    }
    let live = lifetime(world, func, index, started);
    if joined_at_once(world, func, index, kind, live) {
        return;
    }
    for (run, receiver) in runs(world, types, func, target, 0) {
        threads.taken.insert((func, index));
        let kind = if world.is_async(run) { kind.of_coroutine() } else { kind };
        if kind.is_registration() {
            threads.registered.insert(run);
        }
        if kind.is_placed() {
            threads.placed.insert(run);
        }
        if kind.is_apart() {
            continue;
        }
        let tasks = tasks(world, types, func, call, kind);
        let serial = tasks == Tasks::OneByOne;
        let looped = call.in_loop != NONE && !serial && !joined_in_loop(world, func, index);
        let own =
            kind.is_started() && fresh_receiver(world, func, index, started, receiver, looped);
        if let Some(class) = receiver.filter(|_| kind.is_elsewhere()) {
            threads.share_receiver(world, class, run, gives_away(world, func, call, target));
        }
        threads.spawns.push(Spawn {
            func,
            call: index,
            site: call.site,
            target: run,
            kind,
            lane: lane(kind, started.lane.as_ref()),
            many: kind.is_many() || looped || (tasks == Tasks::Pool && maps(world, func, call)),
            tasks,
            given: is_given(facts, target),
            own_instance: receiver.filter(|_| own),
            owners: false,
            live,
            starts: kind.is_started() || matches!(kind, SpawnKind::T1 | SpawnKind::Tn),
        });
    }
}

fn tasks(world: &World, types: &TypeTable, func: FuncGid, call: &Call, kind: SpawnKind) -> Tasks {
    match kind {
        _ if kind.takes_turns() => Tasks::OneByOne,
        SpawnKind::Pool if single_worker(world, types, func, call) => Tasks::OneByOne,
        SpawnKind::Pool => Tasks::Pool,
        _ => Tasks::Single,
    }
}

/// Whether each run has a receiver of its own.
fn fresh_receiver(
    world: &World,
    func: FuncGid,
    index: u32,
    started: &Started,
    receiver: Option<ClassGid>,
    looped: bool,
) -> bool {
    let facts = world.func(func);
    let call = &facts.calls[index as usize];
    match started.what {
        Origin::Class(_) => true,
        Origin::Place(it) => match (&facts.places[it as usize].base, receiver) {
            (Base::SelfObj, Some(_)) => !looped && started.kind != SpawnKind::Pool,
            (Base::Call(made), Some(_)) => facts.calls[*made as usize].in_loop == call.in_loop,
            (Base::Global(_) | Base::Import(_), _) => {
                matches!(world.entity(func, started.what), Some(Entity::Class(_)))
            }
            _ => false,
        },
        _ => false,
    }
}

/// What runs is a parameter of the function that starts the thread.
fn is_given(facts: &FunctionFacts, target: Origin) -> bool {
    matches!(target, Origin::Place(place)
        if matches!(facts.places[place as usize].base, Base::Param(_)))
}

/// The name of the one thread on which something runs.
fn lane(kind: SpawnKind, named: Option<&Name>) -> Option<Name> {
    match kind {
        SpawnKind::Loop => Some(Name::new_static("the event loop")),
        SpawnKind::Signal | SpawnKind::Main => Some(Name::new_static("the main thread")),
        SpawnKind::T1 => named.cloned(),
        _ => None,
    }
}
