//! Two locks that two threads take in opposite order.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::holds::Hold;
use super::reach::{Hop, Reach, hops_from};
use super::{Found, chain, made_step};
use crate::domain::{Base, Mode, Origin};
use crate::evidence::{Deadlock, DeadlockKind};
use crate::program::judge::Facts;
use crate::program::locations::Root;
use crate::program::locks::LockId;
use crate::program::locks::kind::Receiver;
use crate::program::memo::par_noting;
use crate::program::render::{lock_name, site};
use crate::program::world::FuncGid;
use crate::rule::Confidence;

/// One way to hold the first lock and take the second.
#[derive(Clone, Debug)]
struct Way {
    hold: usize,
    hops: Vec<Hop>,
    end: usize,
}

/// So many ways from one lock to another are kept, the shortest ones.
const MAX_WAYS: usize = 6;

/// On ways of more calls than these, both together, one of the calls is mostly another method of that name, or the lock
/// another object's.
const MAX_HOPS: usize = 3;

type Graph<'a> = BTreeMap<(&'a LockId, &'a LockId), Vec<Way>>;

pub(super) fn find(facts: &Facts<'_>, holds: &[Hold]) -> Vec<Found> {
    let graph = graph(facts, holds);
    let mut out = Vec::new();
    for ((a, b), ways) in &graph {
        if a == b {
            out.extend(ways.iter().find_map(|it| transfer(facts, holds, it)));
        }
        if a >= b {
            continue;
        }
        let Some(back) = graph.get(&(*b, *a)) else { continue };
        let pairs = ways.iter().flat_map(|mine| back.iter().map(move |theirs| (mine, theirs)));
        let judged = pairs.filter_map(|(mine, theirs)| {
            let hops = mine.hops.len() + theirs.hops.len();
            let confidence = together(facts, holds, mine, theirs)?;
            let confidence = if hops > MAX_HOPS { Confidence::Low } else { confidence };
            Some((confidence, std::cmp::Reverse(hops), mine, theirs))
        });
        let Some((confidence, _, mine, theirs)) = judged.max_by(|x, y| (x.0, x.1).cmp(&(y.0, y.1)))
        else {
            continue;
        };
        // The side with the longer way is the one that does not show what it takes.
        let (mine, theirs) =
            if theirs.hops.len() > mine.hops.len() { (theirs, mine) } else { (mine, theirs) };
        out.push(cycle(facts, holds, mine, Some(theirs), confidence));
    }
    out
}

/// Which lock is taken while which is held.
fn graph<'a>(facts: &Facts<'_>, holds: &'a [Hold]) -> Graph<'a> {
    let mut takers: BTreeMap<&LockId, Vec<usize>> = BTreeMap::new();
    for (index, hold) in holds.iter().enumerate() {
        if hold.mode == Mode::Waits && hold.lock != LockId::Convention {
            takers.entry(&hold.lock).or_default().push(index);
        }
    }
    let takers: Vec<(&LockId, Vec<usize>)> = takers.into_iter().collect();
    let calls = calls(facts, holds);
    let mut by_func: FxHashMap<FuncGid, Vec<usize>> = FxHashMap::default();
    for (index, hold) in holds.iter().enumerate().filter(|it| it.1.mode != Mode::Reads) {
        by_func.entry(hold.func).or_default().push(index);
    }
    let ways = |(lock, takers): &(&'a LockId, Vec<usize>)| {
        let reach = Reach::of(facts, holds, takers, false);
        let mut out: Vec<((&LockId, &LockId), Way)> = Vec::new();
        for end in takers {
            let around = by_func.get(&holds[*end].func).into_iter().flatten().copied();
            for hold in around.filter(|it| holds[*it].contains(facts.world, &holds[*end])) {
                if holds[hold].lock != **lock && !takes_before(facts, &holds[hold], lock) {
                    let way = Way { hold, hops: Vec::new(), end: *end };
                    out.push(((&holds[hold].lock, *lock), way));
                }
            }
        }
        for to in reach.functions() {
            for (index, hop) in calls.get(&to).into_iter().flatten() {
                let hold = &holds[*index];
                let has = |it: &Hop| {
                    let held = facts.locks.at(facts.world, it.from, it.held);
                    hold.lock != **lock && held.iter().any(|it| it.0 == **lock)
                };
                let path = reach.path(*hop).filter(|_| !takes_before(facts, hold, lock));
                if let Some((hops, end)) = path.filter(|it| !it.0.iter().any(has)) {
                    out.push(((&hold.lock, *lock), Way { hold: *index, hops, end }));
                }
            }
        }
        out
    };
    let found: Vec<Vec<_>> = par_noting(facts.world, &takers, ways);
    let mut graph = Graph::new();
    for (key, way) in found.into_iter().flatten() {
        graph.entry(key).or_default().push(way);
    }
    for ways in graph.values_mut() {
        ways.sort_by_key(|it| (it.hops.len(), it.hold, it.end));
        ways.truncate(MAX_WAYS);
    }
    graph
}

/// The calls that are made while something is held, by callee.
fn calls(facts: &Facts<'_>, holds: &[Hold]) -> FxHashMap<FuncGid, Vec<(usize, Hop)>> {
    let made = |(index, hold): &(usize, &Hold)| -> Vec<(usize, Hop)> {
        let hops = hops_from(facts, hold.func).into_iter();
        let under = |it: &Hop| hold.covers(facts.world, it.held) && !is_fresh(facts, it);
        hops.filter(under).map(|it| (*index, it)).collect()
    };
    let numbered: Vec<(usize, &Hold)> = holds.iter().enumerate().collect();
    let all: Vec<Vec<(usize, Hop)>> = par_noting(facts.world, &numbered, made);
    let mut out: FxHashMap<FuncGid, Vec<(usize, Hop)>> = FxHashMap::default();
    for (index, hop) in all.into_iter().flatten() {
        if holds[index].mode != Mode::Reads {
            out.entry(hop.to).or_default().push((index, hop));
        }
    }
    out
}

/// The second lock is held already when the first is taken.
fn takes_before(facts: &Facts<'_>, hold: &Hold, second: &LockId) -> bool {
    hold.lock != *second && hold.outer(facts).contains(second)
}

/// The callee is made on the spot: nobody else holds its locks.
fn is_fresh(facts: &Facts<'_>, hop: &Hop) -> bool {
    let name = facts.world.func(hop.to).name.as_str();
    matches!(name, "__init__" | "__new__") && !hop.same_self
}

/// Whether two threads can be on these ways at once, and how sure that is.
fn together(facts: &Facts<'_>, holds: &[Hold], mine: &Way, theirs: &Way) -> Option<Confidence> {
    let (a, b) = (&holds[mine.hold], &holds[theirs.hold]);
    if shares_gate(facts, a, b)
        || mine.hops.iter().chain(&theirs.hops).any(|it| is_fresh(facts, it))
    {
        return None;
    }
    let init = |it: &Hold| facts.contexts.init_only[it.func as usize];
    if init(a) || init(b) {
        return None;
    }
    reached(facts, a.func, b.func, &a.lock)
}

fn reached(facts: &Facts<'_>, a: FuncGid, b: FuncGid, lock: &LockId) -> Option<Confidence> {
    let root = match lock {
        LockId::Instance(class, name) => Root::Instance(*class, name.clone()),
        _ => Root::Global(0, ruff_python_ast::name::Name::new_static("")),
    };
    let (mine, theirs) = (facts.side_of(a), facts.side_of(b));
    let in_test = facts.world.module(a).is_test || facts.world.module(b).is_test;
    let proven = facts.two_threads(&mine, &theirs, &root, a == b).is_some();
    let spawned = !mine.spawns.is_empty() || !theirs.spawns.is_empty();
    if proven && !in_test {
        return Some(Confidence::High);
    }
    let outside = mine.public && theirs.public;
    let mixed = spawned && (mine.public || theirs.public);
    if in_test {
        return (proven || outside || mixed).then_some(Confidence::Low);
    }
    (outside || mixed).then_some(Confidence::Medium)
}

/// A third lock that both hold keeps them apart.
fn shares_gate(facts: &Facts<'_>, a: &Hold, b: &Hold) -> bool {
    let theirs = b.outer(facts);
    a.outer(facts).iter().any(|it| *it != a.lock && *it != b.lock && theirs.contains(it))
}

/// `with self._lock: other.method()` of one class: two objects that do this to each other wait for ever.
fn transfer(facts: &Facts<'_>, holds: &[Hold], way: &Way) -> Option<Found> {
    let (hold, end) = (&holds[way.hold], &holds[way.end]);
    let first = way.hops.first()?;
    let world = facts.world;
    if !matches!(hold.lock, LockId::Instance(..))
        || hold.receiver != Receiver::Own
        || end.receiver != Receiver::Own
        || way.hops.iter().skip(1).any(|it| !it.same_self)
        || facts.contexts.init_only[hold.func as usize]
    {
        return None;
    }
    let from = world.func(first.from);
    let call = from.calls.iter().find(|it| it.site == first.site)?;
    let Origin::Place(callee) = call.callee else { return None };
    let place = &from.places[callee as usize];
    // Objects that are reached from `self` form an order, as a rule: from the whole to its parts.
    if !matches!(place.base, Base::Param(_)) || place.path.len() != 1 {
        return None;
    }
    let confidence = reached(facts, hold.func, hold.func, &hold.lock)?;
    Some(cycle(facts, holds, way, None, confidence.min(Confidence::Medium)))
}

fn cycle(
    facts: &Facts<'_>,
    holds: &[Hold],
    mine: &Way,
    theirs: Option<&Way>,
    confidence: Confidence,
) -> Found {
    let (hold, end) = (&holds[mine.hold], &holds[mine.end]);
    let steps = |way: &Way| chain(facts, &holds[way.hold], &way.hops, &holds[way.end]);
    let mut first: Vec<_> = made_step(facts, &hold.lock, hold.kind).into_iter().collect();
    if hold.lock != end.lock {
        first.extend(made_step(facts, &end.lock, end.kind));
    }
    first.extend(steps(mine));
    let at = mine.hops.first().map_or(end.site, |it| it.site);
    let names = [name(facts, &hold.lock), name(facts, &end.lock)];
    Found {
        func: hold.func,
        label: names.join(" "),
        deadlock: Deadlock {
            kind: DeadlockKind::Cycle,
            locks: names.into(),
            mine: first,
            theirs: theirs.map(steps).unwrap_or_default(),
            site: site(facts, hold.func, at),
        },
        confidence,
    }
}

/// A lock with the class it belongs to: two objects may call theirs alike.
fn name(facts: &Facts<'_>, lock: &LockId) -> String {
    match lock {
        LockId::Instance(class, name) => format!("{}.{name}", facts.world.class(*class).name),
        other => lock_name(facts, other),
    }
}
