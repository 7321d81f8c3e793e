//! Where a lock is made, and whether a thread that holds it may take it again.

use ruff_python_ast::name::Name;

use super::{LockId, name_lock, place_lock, sounds_like_lock};
use crate::domain::{Call, Origin, Place, Step};
use crate::knowledge::Excludes;
use crate::program::types::{AllocSite, NOWHERE, Node, Ty, TypeTable};
use crate::program::world::{ClassGid, Entity, FuncGid, World};

/// What is known of a lock object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The call that makes it, [`NOWHERE`] when it comes from elsewhere.
    pub(crate) made: AllocSite,
    pub(crate) reentrant: bool,
}

/// The kind of the lock an origin is; `None` when it is not certain.
pub(crate) fn of_origin(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    what: Origin,
) -> Option<Kind> {
    of_types(world, types, &types.of(world, func, what), 0)
}

/// The kind of the lock that the instances of a class keep in an attribute.
pub(crate) fn of_attribute(
    world: &World,
    types: &TypeTable,
    class: ClassGid,
    name: &Name,
) -> Option<Kind> {
    let below = world.descendants(class);
    let family = std::iter::once(&class).chain(world.ancestors(class)).chain(below.iter().take(16));
    let held: Vec<Ty> =
        family.flat_map(|it| types.node(&Node::Attr(*it, name.clone())).iter().cloned()).collect();
    of_types(world, types, &held, 0)
}

fn of_types(world: &World, types: &TypeTable, held: &[Ty], depth: u32) -> Option<Kind> {
    let mut out: Option<Kind> = None;
    for ty in held {
        let Ty::External(name, site) = ty else { return None };
        let row = world.knowledge.locks.get(name.as_str())?;
        if row.excludes == Excludes::Nothing {
            continue;
        }
        if row.excludes != Excludes::Threads {
            return None;
        }
        let mut kind = Kind { made: *site, reentrant: row.reentrant? };
        if *site != NOWHERE
            && let Some(call) = world.func(site.0).calls.get(site.1 as usize)
            && let Some(inner) = given_lock(world, site.0, call)
        {
            let inner = types.of(world, site.0, inner);
            kind.reentrant = of_types(world, types, &inner, depth + 1)
                .filter(|_| depth < 3)
                .is_none_or(|it| it.reentrant);
        }
        match out {
            Some(have) if have.reentrant != kind.reentrant => return None,
            Some(have) if have.made != NOWHERE => {}
            _ => out = Some(kind),
        }
    }
    out
}

/// The lock that a condition is given.
fn given_lock(world: &World, func: FuncGid, call: &Call) -> Option<Origin> {
    let Some(Entity::External(name)) = world.entity(func, call.callee) else { return None };
    let lock = call.args.first()?;
    name.ends_with(".Condition").then_some(lock.value)
}

/// How the object that owns a lock is named where the lock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// The function's own `self`, or a part of it.
    Own,
    /// There is one for the whole process.
    Process,
    /// Any object.
    Other,
}

/// Whose lock a region takes.
pub(crate) fn receiver(world: &World, func: FuncGid, what: Origin, lock: &LockId) -> Receiver {
    use crate::domain::Base;
    let facts = world.func(func);
    let place = match what {
        Origin::Place(it) => it,
        Origin::Call(it) => match facts.calls[it as usize].callee {
            Origin::Place(it) => it,
            _ => return Receiver::Other,
        },
        _ => return Receiver::Other,
    };
    let place = &facts.places[place as usize];
    if place.path.contains(&Step::Elem) {
        return Receiver::Other;
    }
    match (lock, &place.base) {
        (LockId::Instance(..), Base::SelfObj) => Receiver::Own,
        (LockId::Static(_), Base::SelfObj | Base::Cls | Base::Global(_) | Base::Import(_)) => {
            Receiver::Process
        }
        _ => Receiver::Other,
    }
}

/// The lock of a receiver of `acquire` or `release`.
pub(super) fn of_receiver(
    world: &World,
    types: &TypeTable,
    func: FuncGid,
    call: &Call,
) -> Option<LockId> {
    let Origin::Place(place) = call.callee else { return None };
    let place = &world.func(func).places[place as usize];
    let (Step::Attr(_), front) = place.path.split_last()? else { return None };
    let receiver = Place { base: place.base.clone(), path: front.into() };
    let held = types.place(world, func, &receiver);
    if held.iter().any(|it| matches!(it, Ty::Instance(_))) {
        // A lock of the project's own making; what it is made of does not matter, and may be circular.
        return sounds_like_lock(&receiver)
            .then(|| name_lock(world, types, func, &receiver, NOWHERE));
    }
    place_lock(world, types, func, &receiver)
}

/// `queue.Queue`, and not what one of its methods returned.
pub(super) fn is_class_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.starts_with(|it: char| it.is_ascii_uppercase())
}
