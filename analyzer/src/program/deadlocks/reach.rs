//! From which functions a lock is reached: a search from those that take it, against the direction of calls.

use rustc_hash::FxHashMap;

use super::holds::Hold;
use crate::domain::{Base, NONE, Op, Origin, Place, SiteId, Step};
use crate::program::contexts::Edge;
use crate::program::judge::Facts;
use crate::program::world::{ClassGid, FuncGid};

/// One call on the way to a lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    pub(super) from: FuncGid,
    pub(super) to: FuncGid,
    pub(super) site: SiteId,
    /// Regions held at the call, an index into `held`.
    pub(super) held: u32,
    /// Position of the call.
    pub(super) seq: u32,
    /// The callee works on the caller's own `self`.
    pub(super) same_self: bool,
}

/// How far calls are followed, and how many functions are visited for one lock: what half of a project reaches is
/// not worth telling.
const MAX_DEPTH: usize = 7;
const MAX_VISITED: usize = 500;

/// For each function that reaches a lock, the next call on the shortest way.
pub(super) struct Reach {
    next: FxHashMap<FuncGid, Hop>,
    /// Where the way ends: functions that take the lock themselves.
    ends: FxHashMap<FuncGid, usize>,
}

impl Reach {
    /// The search for one lock, from the holds with these indices. With `same_self` only calls on one object count.
    pub(super) fn of(facts: &Facts<'_>, holds: &[Hold], takers: &[usize], same_self: bool) -> Self {
        let mut ends: FxHashMap<FuncGid, usize> = FxHashMap::default();
        for taker in takers {
            ends.entry(holds[*taker].func).or_insert(*taker);
        }
        let mut reach = Reach { next: FxHashMap::default(), ends };
        let mut level: Vec<FuncGid> = takers.iter().map(|it| holds[*it].func).collect();
        level.dedup();
        for _ in 0..MAX_DEPTH {
            let mut above = Vec::new();
            for to in level {
                for hop in hops_to(facts, to) {
                    let known =
                        reach.ends.contains_key(&hop.from) || reach.next.contains_key(&hop.from);
                    if known || (same_self && !hop.same_self) {
                        continue;
                    }
                    reach.next.insert(hop.from, hop);
                    above.push(hop.from);
                }
            }
            if reach.next.len() > MAX_VISITED {
                break;
            }
            level = above;
        }
        reach
    }

    /// The functions that reach the lock, in order.
    pub(super) fn functions(&self) -> Vec<FuncGid> {
        let mut out: Vec<FuncGid> = self.next.keys().chain(self.ends.keys()).copied().collect();
        out.sort_unstable();
        out
    }

    /// The calls from a function to where the lock is taken, and the hold there.
    pub(super) fn path(&self, first: Hop) -> Option<(Vec<Hop>, usize)> {
        let mut out = vec![first];
        let mut at = first.to;
        while out.len() <= MAX_DEPTH {
            if let Some(end) = self.ends.get(&at) {
                return Some((out, *end));
            }
            let hop = self.next.get(&at)?;
            out.push(*hop);
            at = hop.to;
        }
        None
    }
}

impl Reach {
    /// Functions of these classes that users call and that take the lock, the nearest first.
    pub(super) fn public(&self, facts: &Facts<'_>, class: ClassGid) -> Option<(FuncGid, usize)> {
        let world = facts.world;
        let mut own: Vec<FuncGid> =
            family(facts, class).into_iter().flat_map(|it| world.methods(it)).collect();
        own.sort_unstable();
        own.dedup();
        let open = |it: &FuncGid| {
            let name = &world.func(*it).name;
            !name.starts_with('_') && facts.contexts.public[*it as usize]
        };
        own.retain(open);
        let ends = own.iter().find_map(|it| Some((*it, *self.ends.get(it)?)));
        ends.or_else(|| {
            own.iter().find_map(|it| {
                let (_, end) = self.path(*self.next.get(it)?)?;
                Some((*it, end))
            })
        })
    }
}

/// Calls of a function that run it at once.
fn hops_to(facts: &Facts<'_>, to: FuncGid) -> Vec<Hop> {
    if runs_later(facts, to) {
        return Vec::new();
    }
    let mut out: Vec<Hop> = facts.contexts.calls_of(to).filter_map(|it| hop(facts, it)).collect();
    if let Some(class) =
        facts.world.class_of(to).filter(|_| is_operator(&facts.world.func(to).name))
    {
        for it in family(facts, class) {
            for from in facts.world.methods(it).filter(|it| *it != to) {
                out.extend(implicit(facts, from).into_iter().filter(|it| it.to == to));
            }
        }
    }
    out
}

/// Calls that a function makes: written ones, and those that operators on `self` make.
pub(super) fn hops_from(facts: &Facts<'_>, from: FuncGid) -> Vec<Hop> {
    let edges = facts.contexts.calls_from(from).filter(|it| !runs_later(facts, it.to));
    let mut out: Vec<Hop> = edges.filter_map(|it| hop(facts, it)).collect();
    out.extend(implicit(facts, from));
    out.sort_by_key(|it| (it.seq, it.to));
    out
}

/// The body of a generator runs when somebody asks for its values, that of a coroutine on its loop.
fn runs_later(facts: &Facts<'_>, func: FuncGid) -> bool {
    let it = facts.world.func(func);
    it.is_generator || it.is_async
}

fn hop(facts: &Facts<'_>, edge: &Edge) -> Option<Hop> {
    let world = facts.world;
    let it = world.func(edge.from);
    if edge.call == NONE {
        let name = &world.func(edge.to).name;
        let read = it.events.iter().find(|event| {
            let place = &it.places[event.place as usize];
            event.op == Op::Load
                && place.base == Base::SelfObj
                && matches!(place.path.as_slice(), [Step::Attr(attr)] if attr == name)
        })?;
        // A setter has the getter's name, and only the last of the two is known.
        if is_setter(facts, edge.to) {
            return None;
        }
        let (site, held, seq) = (read.site, read.held, read.seq);
        return Some(Hop { from: edge.from, to: edge.to, site, held, seq, same_self: true });
    }
    let call = it.calls.get(edge.call as usize)?;
    // Functions that are handed over run whenever the callee likes.
    if !edge.is_call(world, facts.types) {
        return None;
    }
    let same_self = matches!(call.callee, Origin::Place(place)
        if matches!(it.places[place as usize].base, Base::SelfObj | Base::Super)
            && it.places[place as usize].path.len() == 1)
        && related(facts, world.class_of(edge.from), world.class_of(edge.to));
    let (site, held, seq) = (call.site, call.held, call.seq);
    Some(Hop { from: edge.from, to: edge.to, site, held, seq, same_self })
}

fn is_setter(facts: &Facts<'_>, func: FuncGid) -> bool {
    let world = facts.world;
    let parent = world.parent(func).unwrap_or(func);
    world.func(func).decorators.iter().any(|it| match it {
        Origin::Place(place) => matches!(
            world.func(parent).places[*place as usize].path.last(),
            Some(Step::Attr(name)) if matches!(name.as_str(), "setter" | "deleter")
        ),
        _ => false,
    })
}

/// Calls by operators on `self`: `self[k]`, `k in self`, `len(self)`, loops over it.
fn implicit(facts: &Facts<'_>, from: FuncGid) -> Vec<Hop> {
    let world = facts.world;
    let it = world.func(from);
    let own = Place { base: Base::SelfObj, path: smallvec::SmallVec::new() };
    let Some(place) = it.places.iter().position(|it| *it == own) else { return Vec::new() };
    let Some(class) = world.class_of(from) else { return Vec::new() };
    let mut out = Vec::new();
    for event in it.events.iter().filter(|it| it.place as usize == place) {
        let Some(name) = dunder(&event.op) else { continue };
        let Some(to) = world.method(class, &ruff_python_ast::name::Name::new_static(name)) else {
            continue;
        };
        let (site, held, seq) = (event.site, event.held, event.seq);
        if !runs_later(facts, to) {
            out.push(Hop { from, to, site, held, seq, same_self: true });
        }
    }
    out
}

fn dunder(op: &Op) -> Option<&'static str> {
    Some(match op {
        Op::GetItem => "__getitem__",
        Op::SetItem => "__setitem__",
        Op::DelItem => "__delitem__",
        Op::Contains => "__contains__",
        Op::Len => "__len__",
        Op::Iterate | Op::Consume => "__iter__",
        _ => return None,
    })
}

/// Whether operators call a method of this name.
fn is_operator(name: &str) -> bool {
    matches!(
        name,
        "__getitem__" | "__setitem__" | "__delitem__" | "__contains__" | "__len__" | "__iter__"
    )
}

fn family(facts: &Facts<'_>, class: ClassGid) -> Vec<ClassGid> {
    let world = facts.world;
    let below = world.descendants(class).iter().copied().take(16);
    std::iter::once(class).chain(world.ancestors(class).iter().copied()).chain(below).collect()
}

fn related(facts: &Facts<'_>, a: Option<ClassGid>, b: Option<ClassGid>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let world = facts.world;
    a == b || world.ancestors(a).contains(&b) || world.ancestors(b).contains(&a)
}

/// Whether calls that stay on one `self` are possible for one and the same class: an override hides what it overrides.
pub(super) fn one_object(facts: &Facts<'_>, hops: &[Hop]) -> bool {
    let world = facts.world;
    let Some(mut class) = hops.first().and_then(|it| world.class_of(it.from)) else { return true };
    for hop in hops {
        let Some(next) = world.class_of(hop.to) else { return false };
        if next == class || world.ancestors(next).contains(&class) {
            class = next;
        } else if world.ancestors(class).contains(&next) {
            let name = &world.func(hop.to).name;
            let through_super = world.func(hop.from).calls.iter().any(|it| {
                it.site == hop.site
                    && matches!(it.callee, Origin::Place(place)
                        if world.func(hop.from).places[place as usize].base == Base::Super)
            });
            if !through_super && world.method(class, name) != Some(hop.to) {
                return false;
            }
        } else {
            return false;
        }
    }
    true
}
