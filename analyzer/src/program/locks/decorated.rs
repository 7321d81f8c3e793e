//! Locks that decorators hold around calls of the functions they decorate.

use ruff_python_ast::name::Name;

use super::{LockId, Locks, sounds_like, sounds_like_lock};
use crate::domain::{Base, Origin, Place, Step};
use crate::program::world::{ClassGid, Entity, FuncGid, World};

/// Locks that decorators of a function hold around its calls.
pub(super) fn decorator_locks(world: &World, locks: &Locks, func: FuncGid) -> Vec<LockId> {
    let facts = world.func(func);
    let mut out = Vec::new();
    let parent = world.parent(func).unwrap_or(func);
    for decorator in &facts.decorators {
        let origin = match decorator {
            Origin::Call(call) => world.func(parent).calls[*call as usize].callee,
            other => *other,
        };
        match world.entity(parent, origin) {
            Some(Entity::Func(target)) => {
                out.extend(wrapper_locks(world, locks, target, world.class_of(func)));
            }
            Some(Entity::External(name)) => {
                let last = name.rsplit('.').next().unwrap_or_default();
                let says_so = [
                    "synchronized",
                    "locked",
                    "with_lock",
                    "thread_safe",
                    "threadsafe",
                    "serialized",
                ];
                if says_so.contains(&last)
                    || world.knowledge.lock_decorators.contains_key(name.as_str())
                {
                    let owner = world.class_of(func).map_or_else(
                        || facts.qualname.clone(),
                        |it| world.class(it).qualname.clone(),
                    );
                    out.push(LockId::Decorator(Name::new(format!("{name}:{owner}"))));
                }
            }
            _ => {
                // A decorator defined in the class body, or one we cannot see but whose name says it.
                if let Origin::Place(place) = origin {
                    let place = &world.func(parent).places[place as usize];
                    if sounds_like_lock(place) {
                        out.push(LockId::Decorator(Name::new(format!("{place:?}"))));
                    }
                }
            }
        }
    }
    out
}

/// Locks held where a decorator's inner function calls the decorated one.
pub(super) fn wrapper_locks(
    world: &World,
    locks: &Locks,
    decorator: FuncGid,
    class: Option<ClassGid>,
) -> Vec<LockId> {
    let module = world.module_of(decorator);
    let n = crate::program::world::to_u32(world.modules[module as usize].facts.functions.len());
    let mut out = Vec::new();
    for inner in (0..n).map(|it| world.func_gid(module, it)) {
        let mut outer = world.parent(inner);
        while outer.is_some_and(|it| it != decorator) {
            outer = outer.and_then(|it| world.parent(it));
        }
        if outer.is_none() {
            continue;
        }
        let facts = world.func(inner);
        for call in &facts.calls {
            let Origin::Place(place) = call.callee else { continue };
            let place = &facts.places[place as usize];
            if !matches!(place.base, Base::Cell(..)) || !place.path.is_empty() {
                continue;
            }
            for region in &facts.held[call.held as usize] {
                let what = facts.regions[*region as usize].what;
                let receiver = match what {
                    Origin::Place(it) => Some(&facts.places[it as usize]),
                    _ => None,
                };
                match (receiver, class) {
                    // `with self._lock` in the wrapper: the first argument is the decorated method's `self`.
                    (Some(Place { base: Base::Param(0), path }), Some(class))
                        if sounds_like_lock_path(path) =>
                    {
                        if let [Step::Attr(name)] = path.as_slice() {
                            out.push(LockId::Instance(
                                crate::program::locations::attr_owner(world, class, name),
                                name.clone(),
                            ));
                        }
                    }
                    _ => out.extend(locks.regions.get(&(inner, *region)).cloned()),
                }
            }
        }
    }
    out
}

pub(super) fn sounds_like_lock_path(path: &[Step]) -> bool {
    matches!(path.last(), Some(Step::Attr(name)) if sounds_like(name))
}
