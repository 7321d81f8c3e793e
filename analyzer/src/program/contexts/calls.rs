//! Which functions a call may run.

use ruff_python_ast::name::Name;
use smallvec::SmallVec;

use super::Edge;
use super::deferred::{Aside, deferred};
use crate::domain::{Base, Call, NONE, Origin, Step};
use crate::program::threads::Threads;
use crate::program::types::{Node, Ty, TypeTable};
use crate::program::world::{Entity, FuncGid, World};

/// Stand for the call of an [`Edge`] to a function that is only put aside there.
pub(super) const QUEUED: u32 = NONE - 1;
pub(super) const KEPT: u32 = NONE - 2;

/// An object that nobody else has seen yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fresh {
    Made,
    Copied,
}

/// What the calls and property reads of a function run.
pub(super) fn edges_of(
    world: &World,
    types: &TypeTable,
    threads: &Threads,
    from: FuncGid,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    for call in (0u32..).take(world.func(from).calls.len()) {
        call_edges(world, types, threads, from, call, &mut edges);
    }
    property_edges(world, from, &mut edges);
    edges
}

/// What one call of a function runs.
fn call_edges(
    world: &World,
    types: &TypeTable,
    threads: &Threads,
    from: FuncGid,
    call: u32,
    edges: &mut Vec<Edge>,
) {
    let facts = world.func(from);
    let it = &facts.calls[call as usize];
    let on_self = matches!(it.callee, Origin::Place(place)
        if matches!(facts.places[place as usize].base, Base::SelfObj | Base::Cls | Base::Super)
            && facts.places[place as usize].path.len() == 1);
    let fresh = on_fresh(world, from, it.callee);
    let taken = threads.taken.contains(&(from, call));
    let looped = it.in_loop != NONE;
    for to in callees(world, types, from, it.callee) {
        if only_makes(world, from, call, to) {
            continue;
        }
        // The coroutine or generator that this call makes runs elsewhere.
        if taken && (world.func(to).is_async || world.func(to).is_generator) {
            continue;
        }
        let on_self = on_self || is_passed_self(world, from, it, to);
        edges.push(Edge { from, to, call, on_self, fresh, looped });
        // Calling a decorated function calls what its decorator returned.
        for decorator in crate::program::types::decorators(world, types, to) {
            for ty in types.node(&Node::Return(decorator)) {
                if let Ty::Func(wrapper) = ty {
                    edges.push(Edge::handed(from, *wrapper, call, looped));
                }
            }
        }
    }
    if taken {
        return;
    }
    // Functions handed to somebody who may call them here.
    for (position, arg) in it.args.iter().enumerate() {
        let mut handed = handed(world, types, from, arg.value);
        // Who gets a coroutine function and is no event loop cannot run it.
        if !facts.is_async
            && handed.iter().any(|to| world.func(*to).is_async)
            && !runs_coroutines(world, from, it)
        {
            handed.retain(|to| !world.func(*to).is_async);
        }
        if handed.is_empty() {
            continue;
        }
        // An edge of its own kind until all edges are known.
        let call = match deferred(world, types, from, call, position, 0) {
            Some(Aside::Queue) => QUEUED,
            Some(Aside::Kept) => KEPT,
            None => call,
        };
        edges.extend(handed.into_iter().map(|to| Edge::handed(from, to, call, looped)));
    }
}

/// `Base.method(self, ...)`: a method of the class or of one above it, called on the caller's own object.
fn is_passed_self(world: &World, from: FuncGid, call: &Call, to: FuncGid) -> bool {
    let facts = world.func(from);
    let own = |it: Origin| {
        matches!(it, Origin::Place(place) if facts.places[place as usize].base == Base::SelfObj
            && facts.places[place as usize].path.is_empty())
    };
    let first = call.args.first().is_some_and(|it| own(it.value));
    first
        && matches!(world.entity(from, call.callee), Some(Entity::Func(it)) if it == to)
        && world.class_of(to).is_some_and(|above| {
            let class = world.class_of(from);
            class.is_some_and(|it| it == above || world.ancestors(it).contains(&above))
        })
}

/// A method of what a constructor or `copy.deepcopy` of this function returned.
fn on_fresh(world: &World, from: FuncGid, callee: Origin) -> Option<Fresh> {
    let Origin::Place(place) = callee else { return None };
    let facts = world.func(from);
    let place = &facts.places[place as usize];
    let (Base::Call(made), [Step::Attr(_)]) = (&place.base, place.path.as_slice()) else {
        return None;
    };
    match world.entity(from, facts.calls[*made as usize].callee)? {
        Entity::Class(_) => Some(Fresh::Made),
        Entity::External(name) => {
            matches!(name.as_str(), "copy.copy" | "copy.deepcopy").then_some(Fresh::Copied)
        }
        _ => None,
    }
}

/// Whether a call hands on a function.
pub(super) fn gives(world: &World, types: &TypeTable, edge: &Edge, target: FuncGid) -> bool {
    let Some(call) = world.func(edge.from).calls.get(edge.call as usize) else { return true };
    call.args.iter().any(|it| handed(world, types, edge.from, it.value).contains(&target))
}

/// Whether a call of a coroutine function only makes the coroutine: ordinary code has to hand it to somebody.
fn only_makes(world: &World, from: FuncGid, call: u32, to: FuncGid) -> bool {
    let facts = world.func(from);
    if !world.func(to).is_async && world.func(to).decorators.is_empty() {
        return false;
    }
    let made = Origin::Call(call);
    let given = |it: &Call| it.args.iter().any(|it| it.value == made);
    let used = || {
        facts.returns.contains(&made)
            || facts.calls.iter().any(|it| given(it) && runs_coroutines(world, from, it))
    };
    super::is_coroutine(world, to) && !super::is_coroutine(world, from) && !used()
}

/// Whether a call runs the coroutine, or the coroutine function, that it gets: `asyncio.run(f())`, `anyio.run(f)`,
/// `loop.run_until_complete(f())`, a helper of the project with such a name.
fn runs_coroutines(world: &World, from: FuncGid, call: &Call) -> bool {
    let says = |name: &str| ["run", "complete", "sync", "wait"].iter().any(|it| name.contains(it));
    match (world.entity(from, call.callee), call.callee) {
        (Some(Entity::External(name)), _) => {
            matches!(name.rsplit('.').next(), Some("run" | "run_until_complete" | "async_to_sync"))
        }
        (Some(Entity::Func(it)), _) => says(&world.func(it).name),
        (_, Origin::Place(place)) => match world.func(from).places[place as usize].path.last() {
            Some(Step::Attr(name)) => says(name) && name != "call_soon_threadsafe",
            _ => false,
        },
        _ => false,
    }
}

/// Reading a property calls its getter.
fn property_edges(world: &World, from: FuncGid, edges: &mut Vec<Edge>) {
    let Some(class) = world.class_of(from) else { return };
    let facts = world.func(from);
    for (index, place) in (0u32..).zip(facts.places.iter()) {
        if let (Base::SelfObj, Some(Step::Attr(name))) = (&place.base, place.path.first())
            && let Some(to) = world.method(class, name)
        {
            let stored = || {
                let stores = |it: &crate::domain::Event| it.place == index && it.op.rebinds();
                place.path.len() == 1 && facts.events.iter().any(stores)
            };
            let called = if is_setter(world, to) {
                stored()
            } else {
                crate::program::types::is_property(world, to)
            };
            if !called {
                continue;
            }
            edges.push(Edge { from, to, call: NONE, on_self: true, fresh: None, looped: false });
        }
    }
}

/// `@name.setter`.
fn is_setter(world: &World, func: FuncGid) -> bool {
    let parent = world.parent(func).unwrap_or(func);
    world.func(func).decorators.iter().any(|it| match *it {
        Origin::Place(place) => matches!(world.func(parent).places[place as usize].path.last(),
            Some(Step::Attr(name)) if name == "setter"),
        _ => false,
    })
}

/// The functions a callee may be; a constructor stands for `__init__` and `__new__`.
fn callees(
    world: &World,
    types: &TypeTable,
    from: FuncGid,
    callee: Origin,
) -> SmallVec<[FuncGid; 4]> {
    // Most calls go outside the project.
    if let Origin::Place(place) = callee
        && matches!(world.named(from, place), Some((Entity::External(_), _)))
    {
        return SmallVec::new();
    }
    let mut known = types.of(world, from, callee);
    // Calling a partial calls what it was made of.
    for index in 0..known.len() {
        if let Ty::External(name, (made_in, made)) = &known[index]
            && name == "functools.partial"
            && *made_in != NONE
            && let Some(inner) = world.func(*made_in).calls[*made as usize].args.first()
        {
            let inner = types.of(world, *made_in, inner.value);
            known.extend(inner);
        }
    }
    let mut out: SmallVec<[FuncGid; 4]> =
        TypeTable::targets_of(world, &known).into_iter().map(|it| it.0).collect();
    if let Origin::Place(place) = callee {
        let place = &world.func(from).places[place as usize];
        if let (Base::Super, [Step::Attr(name)]) = (&place.base, place.path.as_slice()) {
            out.extend(world.enclosing_class(from).and_then(|it| world.super_method(it, name)));
        }
        // `self.hook()` may be any override.
        if let (Base::SelfObj, [Step::Attr(name)]) = (&place.base, place.path.as_slice())
            && let Some(class) = world.class_of(from)
        {
            for below in world.descendants(class).iter().copied().take(8) {
                out.extend(world.own_method(below, name).filter(|it| !out.contains(it)));
            }
        }
    }
    for ty in known {
        if let Ty::Class(class) = ty {
            out.extend(world.method(class, &Name::new_static("__new__")));
        }
    }
    out
}

/// The functions that an argument hands to the callee.
fn handed(
    world: &World,
    types: &TypeTable,
    from: FuncGid,
    value: Origin,
) -> SmallVec<[FuncGid; 1]> {
    let named = match value {
        Origin::Func(_) => true,
        Origin::Place(id) => world.named(from, id).is_some(),
        _ => return SmallVec::new(),
    };
    if named {
        return match world.entity(from, value) {
            Some(Entity::Func(it)) => SmallVec::from_iter([it]),
            _ => SmallVec::new(),
        };
    }
    let Origin::Place(id) = value else { return SmallVec::new() };
    let place = &world.func(from).places[id as usize];
    match (&place.base, place.path.as_slice()) {
        (Base::SelfObj | Base::Cls, [Step::Attr(name)]) => {
            let method = world.class_of(from).and_then(|it| world.method(it, name));
            method
                .filter(|it| !crate::program::types::is_property(world, *it))
                .into_iter()
                .collect()
        }
        (Base::Param(_) | Base::Cell(..) | Base::Call(_), _) => {
            let known = types.of(world, from, value).into_iter();
            let function = |it| match it {
                Ty::Func(it) | Ty::Method(it) => Some(it),
                _ => None,
            };
            known.filter_map(function).collect()
        }
        _ => SmallVec::new(),
    }
}

impl Edge {
    /// To a function that the call does not name.
    fn handed(from: FuncGid, to: FuncGid, call: u32, looped: bool) -> Self {
        Edge { from, to, call, on_self: false, fresh: None, looped }
    }

    /// Whether it is a call, and not a function handed to somebody who may call it.
    pub(crate) fn is_call(&self, world: &World, types: &TypeTable) -> bool {
        let facts = world.func(self.from);
        let Some(call) = facts.calls.get(self.call as usize) else { return false };
        let plain =
            call.args.iter().all(|it| !matches!(it.value, Origin::Func(_) | Origin::Place(_)));
        plain || callees(world, types, self.from, call.callee).contains(&self.to)
    }
}
