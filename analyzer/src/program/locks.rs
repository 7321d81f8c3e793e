//! Which regions are locks, which lock each is, and which locks every caller of a function holds.

mod callers;
mod decorated;
mod forms;
mod held;
pub(crate) mod kind;

use decorated::decorator_locks;
pub(crate) use held::Held;
use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::contexts::Contexts;
use super::locations::{Location, Root};
use super::threads::Threads;
use super::types::{AllocSite, NOWHERE, Ty, TypeTable};
use super::world::{ClassGid, Entity, FuncGid, World};
use crate::domain::{Base, NONE, Origin, Place, Step};
use crate::knowledge::Excludes;

/// Which lock. Two regions exclude each other when their locks are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LockId {
    /// One per instance.
    Instance(ClassGid, Name),
    /// One per process: a module global, a class attribute, a captured variable.
    Static(String),
    /// What a name stands for is not known: the same name in the same module is the same lock.
    Unnamed(String, Name),
    /// Made at this place and passed around.
    Made(AllocSite),
    /// What a decorator holds around calls of one function or class.
    Decorator(Name),
    /// The caller holds some lock by convention.
    Convention,
}

/// A lock with the region that holds it; region [`NONE`] spans the whole function.
pub(crate) type HeldLock = (LockId, u32);

/// Locks of the project.
#[derive(Default, PartialEq)]
pub(crate) struct Locks {
    /// Locks held at entry, by function; `None` while unknown.
    entry: FxHashMap<FuncGid, Vec<LockId>>,
    /// Locks that all callers in the project hold, of functions that others may call as well.
    usual: FxHashMap<FuncGid, Vec<LockId>>,
    /// Classes whose users hold one lock whenever they call their objects.
    pub(crate) kept: FxHashSet<ClassGid>,
    /// Locks that decorators take for each call, by function.
    pub(crate) decorated: FxHashMap<FuncGid, Vec<LockId>>,
    /// Locks of each region of each function that has any.
    pub(crate) regions: FxHashMap<(FuncGid, u32), LockId>,
    /// Regions in which a lock that is held around them is given back: `with self._lock.released():`.
    gaps: FxHashMap<(FuncGid, u32), LockId>,
    /// Classes that own a lock, with its attribute.
    pub(crate) owners: FxHashMap<ClassGid, Name>,
    /// Classes that own a queue, an event or thread-local storage, with its type.
    pub(crate) aware: FxHashMap<ClassGid, Name>,
    /// Classes with a method that takes a lock, with the lock as people call it.
    pub(crate) users: FxHashMap<ClassGid, String>,
}

/// Finds the locks from those of the regions of each function.
fn find(
    world: &World,
    types: &TypeTable,
    contexts: &Contexts,
    threads: &Threads,
    found: Vec<((FuncGid, u32), LockId)>,
) -> Locks {
    let mut locks = Locks::default();
    locks.find_owners(world, types);
    for ((func, _), lock) in &found {
        if let (Some(class), LockId::Static(label)) = (world.enclosing_class(*func), lock) {
            let name = || label.rsplit('.').next().unwrap_or(label).to_owned();
            locks.users.entry(class).or_insert_with(name);
        }
    }
    locks.regions = found.into_iter().collect();
    locks.gaps = forms::gaps(world, types, &mut locks.regions);
    let decorated = |func: FuncGid| {
        let some = !world.func(func).decorators.is_empty();
        some.then(|| (func, decorator_locks(world, &locks, func))).filter(|it| !it.1.is_empty())
    };
    let entry: Vec<_> = world.par_functions().filter_map(decorated).collect();
    locks.entry.extend(entry);
    locks.decorated.clone_from(&locks.entry);
    locks.propagate(world, contexts, threads);
    locks
}

/// Whether a method or the body of the class, or of one above or below it, made the object.
/// Whether a method of the class, or of one above or below it, takes the lock in an attribute. A condition that a class
/// only notifies is a tool of its callers, who hold the lock.
fn is_taken(world: &World, class: ClassGid, name: &Name) -> bool {
    let family = std::iter::once(class)
        .chain(world.ancestors(class).iter().copied())
        .chain(world.descendants(class).iter().copied());
    family.flat_map(|it| world.methods(it)).any(|method| {
        let it = world.func(method);
        let is_it = |what: Origin| {
            matches!(what, Origin::Place(place)
                if matches!(it.places[place as usize].path.as_slice(), [Step::Attr(attr)] if attr == name))
        };
        it.regions.iter().any(|it| is_it(it.what))
    })
}

fn made_by_family(world: &World, class: ClassGid, site: AllocSite) -> bool {
    let maker = if site == NOWHERE { None } else { world.class_of(site.0) };
    maker.is_some_and(|it| {
        it == class || world.ancestors(class).contains(&it) || world.ancestors(it).contains(&class)
    })
}

impl Locks {
    /// The locks that all callers in the project hold.
    pub(crate) fn usual(&self, func: FuncGid) -> &[LockId] {
        self.usual.get(&func).map_or(&[], Vec::as_slice)
    }

    /// Classes that own a lock, or something else that only threads need.
    fn find_owners(&mut self, world: &World, types: &TypeTable) {
        for (node, held) in types.nodes() {
            // A lock among other things in a dictionary of settings is not the lock of who reads a setting.
            if let super::types::Node::Attr(class, name) = node
                && held.iter().any(|it| {
                    matches!(it, Ty::External(made, site) if is_thread_lock(world, made)
                        && (sounds_like(name) || made_by_family(world, *class, *site))
                        && (made != "threading.Condition" || is_taken(world, *class, name)))
                })
            {
                least(&mut self.owners, *class, name);
            }
        }
        for (node, held) in types.nodes() {
            if let super::types::Node::Attr(class, _) = node {
                for ty in held {
                    if let Ty::External(made, site) = ty
                        && *site != NOWHERE
                        // A simple queue is there for signal handlers and finalizers as well.
                        && (made.starts_with("queue.") && made != "queue.SimpleQueue" && kind::is_class_name(made)
                            || world.knowledge.own.contains_key(made.as_str())
                            || *made == "threading.Event")
                    {
                        least(&mut self.aware, *class, made);
                    }
                }
            }
        }
    }

    /// Locks held at an event or call with this index of held regions.
    pub(crate) fn at(&self, world: &World, func: FuncGid, held: u32) -> Vec<HeldLock> {
        let regions = &world.func(func).held[held as usize];
        let mut out: Vec<HeldLock> = regions
            .iter()
            .filter_map(|it| self.regions.get(&(func, *it)).map(|lock| (lock.clone(), *it)))
            .collect();
        out.extend(self.entry.get(&func).into_iter().flatten().map(|it| (it.clone(), NONE)));
        if !self.gaps.is_empty() {
            let gap = |it: &u32| self.gaps.get(&(func, *it));
            out.retain(|(lock, _)| !regions.iter().filter_map(gap).any(|it| it == lock));
        }
        out
    }
}

/// Keeps one of the names for a class, the same in whatever order they come.
fn least(of: &mut FxHashMap<ClassGid, Name>, class: ClassGid, name: &Name) {
    let kept = of.entry(class).or_insert_with(|| name.clone());
    if name < kept {
        *kept = name.clone();
    }
}

/// Whether a type is a lock among threads.
pub(crate) fn is_thread_lock(world: &World, name: &str) -> bool {
    world
        .knowledge
        .locks
        .get(name)
        .is_some_and(|it| matches!(it.excludes, Excludes::Threads | Excludes::IfOne))
}

/// The lock an origin is, if it is one.
pub(crate) fn lock_of(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    what: Origin,
    depth: u32,
) -> Option<LockId> {
    match what {
        Origin::Place(place) => {
            place_lock(world, types, func, &world.func(func).places[place as usize])
        }
        Origin::Call(call) => call_lock(world, types, func, call, depth),
        _ => None,
    }
}

fn place_lock(world: &World, types: &TypeTable, func: FuncGid, place: &Place) -> Option<LockId> {
    let known = types.place(world, func, place);
    let mut made = NOWHERE;
    let mut is_lock = false;
    for ty in &known {
        match ty {
            Ty::External(name, site) => {
                match world.knowledge.locks.get(name.as_str()).map(|it| it.excludes) {
                    Some(Excludes::Threads) => (is_lock, made) = (true, *site),
                    Some(Excludes::IfOne) if one_permit(world, *site) => {
                        (is_lock, made) = (true, *site);
                    }
                    Some(_) => return None,
                    None => is_lock |= sounds_like_lock(place) && !name.starts_with("builtins."),
                }
            }
            Ty::Instance(class) => {
                if let Some(lock) = forms::entered(world, types, *class) {
                    // `with self:` takes the lock inside; of another object, that object is the lock.
                    if place.path.is_empty() && matches!(place.base, Base::SelfObj) {
                        return Some(lock);
                    }
                    is_lock = true;
                }
                is_lock |= sounds_like_lock(place) || sounds_like(&world.class(*class).name);
            }
            _ => {}
        }
    }
    let by_name = known.is_empty() && sounds_like_lock(place);
    if !(is_lock || by_name) {
        return None;
    }
    let of_condition = condition_lock(world, types, func, place, made);
    Some(of_condition.unwrap_or_else(|| name_lock(world, types, func, place, made)))
}

/// `Condition(lock)` is its lock: the place that is its argument, or the attribute beside it that holds the same lock.
fn condition_lock(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    place: &Place,
    made: AllocSite,
) -> Option<LockId> {
    if made == NOWHERE {
        return None;
    }
    let call = world.func(made.0).calls.get(made.1 as usize)?;
    let lock = call.args.first().filter(|it| it.name().is_none_or(|it| it == "lock"))?;
    if !matches!(world.entity(made.0, call.callee), Some(Entity::External(name)) if name.ends_with(".Condition"))
    {
        return None;
    }
    let Origin::Place(argument) = lock.value else { return None };
    let argument = &world.func(made.0).places[argument as usize];
    if !matches!(argument.base, Base::Param(_)) {
        return place_lock(world, types, made.0, argument);
    }
    // The condition was made by a helper: which attribute of the same object holds the lock it was given?
    let sites: Vec<AllocSite> = types
        .place(world, made.0, argument)
        .into_iter()
        .filter_map(|it| match it {
            Ty::External(_, site) => Some(site),
            _ => None,
        })
        .collect();
    let Some(Location { root: Root::Instance(class, own), .. }) =
        super::locations::resolve(world, types, func, place)
    else {
        return None;
    };
    let mut names: Vec<&Name> =
        world.classes[class as usize].instance_attrs.iter().filter(|it| **it != own).collect();
    names.sort();
    let holds = |name: &&&Name| {
        let held = types.node(&super::types::Node::Attr(class, (**name).clone()));
        held.iter().any(|it| matches!(it, Ty::External(made, site) if is_thread_lock(world, made) && sites.contains(site)))
    };
    names.iter().find(holds).map(|it| LockId::Instance(class, (*it).clone()))
}

/// Identity by declaration; locks that only travel through parameters by where they were made.
fn name_lock(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    place: &Place,
    made: AllocSite,
) -> LockId {
    match super::locations::resolve(world, types, func, place) {
        Some(Location { root: Root::Instance(class, name), path }) if path.is_empty() => {
            LockId::Instance(class, name)
        }
        // The lock of a part of the object: one for each object all the same.
        Some(Location { root: Root::Instance(class, name), path }) => LockId::Instance(
            class,
            Name::new(path.iter().fold(name.to_string(), |all, it| format!("{all}.{it}"))),
        ),
        Some(location) => LockId::Static(location.label(world)),
        None if made != NOWHERE => LockId::Made(made),
        None => {
            let name = place.path.iter().rev().find_map(|it| match it {
                Step::Attr(name) => Some(name.clone()),
                Step::Elem => None,
            });
            let label = format!("{}:{place:?}", world.module(func).name);
            LockId::Unnamed(label, name.unwrap_or(Name::new_static("lock")))
        }
    }
}

/// `with self._locked():`, `with self.lock.read():`, `with lock_for(key):`.
fn call_lock(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    call: u32,
    depth: u32,
) -> Option<LockId> {
    if depth > 2 {
        return None;
    }
    let it = &world.func(func).calls[call as usize];
    if let Some(Entity::External(name)) = world.entity(func, it.callee) {
        // A lock made on the spot protects nothing.
        return (!world.knowledge.locks.contains_key(name.as_str())
            && sounds_like(&name)
            && !name.starts_with("contextlib"))
        .then(|| LockId::Static(format!("{name}")));
    }
    if let Some(lock) = forms::guard(world, types, func, it, depth) {
        return Some(lock);
    }
    for (target, _) in types.targets(world, func, it.callee) {
        let facts = world.func(target);
        let held = &facts.held[facts.yield_held as usize];
        if facts.is_generator
            && let Some(region) = held.last()
        {
            return lock_of(world, types, target, facts.regions[*region as usize].what, depth + 1);
        }
    }
    let Origin::Place(place) = it.callee else { return None };
    let place = &world.func(func).places[place as usize];
    sounds_like_lock(place).then(|| name_lock(world, types, func, place, NOWHERE))
}

fn one_permit(world: &World, site: AllocSite) -> bool {
    if site == NOWHERE {
        return false;
    }
    let call = &world.func(site.0).calls[site.1 as usize];
    call.args.is_empty() || call.one_worker
}

fn sounds_like_lock(place: &Place) -> bool {
    match place.path.iter().rev().find(|it| matches!(it, Step::Attr(_))) {
        Some(Step::Attr(name)) => sounds_like(name),
        _ => match &place.base {
            Base::Global(name) | Base::Cell(_, name) | Base::Import(name) => sounds_like(name),
            _ => false,
        },
    }
}

/// Names people give to locks.
fn sounds_like(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default();
    [
        "lock",
        "mutex",
        "cond",
        "semaphore",
        "monitor",
        "critical",
        "synchroniz",
        "not_empty",
        "not_full",
    ]
    .iter()
    .any(|it| last.contains(it))
        && !["block", "clock", "unlock", "second", "seconds", "condition_"]
            .iter()
            .any(|it| last.contains(it) && !last.contains("_lock"))
}
