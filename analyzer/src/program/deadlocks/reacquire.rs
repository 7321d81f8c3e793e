//! A lock that is not re-entrant, taken by the thread that holds it.

mod handlers;

use rustc_hash::FxHashSet;

use super::holds::Hold;
use super::reach::{Hop, Reach, hops_from, one_object};
use super::{Found, chain, made_step};
use crate::domain::{Base, Mode, NONE, Origin, Step};
use crate::evidence::{Deadlock, DeadlockKind};
use crate::program::judge::Facts;
use crate::program::locks::LockId;
use crate::program::locks::kind::Receiver;
use crate::program::render::{lock_name, site};
use crate::program::world::FuncGid;
use crate::rule::Confidence;

pub(super) fn find(facts: &Facts<'_>, holds: &[Hold]) -> Vec<Found> {
    let mut by_lock: Vec<(&LockId, Vec<usize>)> = Vec::new();
    let mut order: Vec<usize> = (0..holds.len()).collect();
    order.sort_by(|a, b| (&holds[*a].lock, *a).cmp(&(&holds[*b].lock, *b)));
    for index in order {
        let hold = &holds[index];
        let simple = hold.kind.is_some_and(|it| !it.reentrant)
            && hold.receiver != Receiver::Other
            && hold.mode != Mode::Reads;
        if !simple {
            continue;
        }
        match by_lock.last_mut() {
            Some((lock, all)) if **lock == hold.lock => all.push(index),
            _ => by_lock.push((&hold.lock, vec![index])),
        }
    }
    let mut out = Vec::new();
    for (lock, all) in by_lock {
        let takers: Vec<usize> =
            all.iter().copied().filter(|it| holds[*it].mode == Mode::Waits).collect();
        if takers.is_empty() || is_handed_over(facts, holds, &all) {
            continue;
        }
        let own = matches!(lock, LockId::Instance(..));
        let reach = Reach::of(facts, holds, &takers, own);
        let mut seen: FxHashSet<FuncGid> = FxHashSet::default();
        for index in &all {
            let hold = &holds[*index];
            if seen.contains(&hold.func) {
                continue;
            }
            if let Some(found) = nested(facts, holds, hold, &takers)
                .or_else(|| called(facts, holds, hold, &reach, own))
                .or_else(|| handlers::called(facts, holds, hold, &reach).filter(|_| own))
            {
                seen.insert(hold.func);
                out.push(found);
            }
        }
    }
    out
}

/// `with self._lock: ... with self._lock:` in one function.
fn nested(facts: &Facts<'_>, holds: &[Hold], hold: &Hold, takers: &[usize]) -> Option<Found> {
    let inner = takers
        .iter()
        .map(|it| &holds[*it])
        .find(|it| hold.contains(facts.world, it) && written_alike(facts, hold, it))?;
    Some(found(facts, hold, &[], inner, Confidence::High))
}

fn written_alike(facts: &Facts<'_>, a: &Hold, b: &Hold) -> bool {
    let regions = &facts.world.func(a.func).regions;
    a.region == NONE || regions[a.region as usize].what == regions[b.region as usize].what
}

/// The callee, or one below it, takes the lock again.
fn called(
    facts: &Facts<'_>,
    holds: &[Hold],
    hold: &Hold,
    reach: &Reach,
    own: bool,
) -> Option<Found> {
    let mut best: Option<(Vec<Hop>, usize)> = None;
    for hop in hops_from(facts, hold.func) {
        if !hold.covers(facts.world, hop.held) || (own && !hop.same_self) {
            continue;
        }
        let Some((hops, end)) = reach.path(hop) else { continue };
        if own && !one_object(facts, &hops) {
            continue;
        }
        if best.as_ref().is_none_or(|it| it.0.len() > hops.len()) {
            best = Some((hops, end));
        }
    }
    let (hops, end) = best?;
    // On longer ways a condition decides mostly: what is asked for, or what is done already.
    let confidence = match hops.len() {
        1 => Confidence::High,
        2 | 3 => Confidence::Medium,
        _ => Confidence::Low,
    };
    Some(found(facts, hold, &hops, &holds[end], confidence))
}

/// Somebody else gives the lock back: it is a signal between threads, and waiting for it is the point.
fn is_handed_over(facts: &Facts<'_>, holds: &[Hold], all: &[usize]) -> bool {
    let world = facts.world;
    let lock = &holds[all[0]].lock;
    let name = match lock {
        LockId::Instance(_, name) => name.as_str(),
        LockId::Static(label) => label.rsplit(['.', '@']).next().unwrap_or(label),
        _ => return false,
    };
    let mut modules: Vec<_> = all.iter().map(|it| world.module_of(holds[*it].func)).collect();
    modules.dedup();
    modules.iter().any(|module| {
        let n = world.modules[*module as usize].facts.functions.len();
        (0..crate::program::world::to_u32(n)).map(|it| world.func_gid(*module, it)).any(|func| {
            let it = world.func(func);
            it.calls.iter().any(|call| {
                let Origin::Place(place) = call.callee else { return false };
                let place = &it.places[place as usize];
                let [front @ .., Step::Attr(method)] = place.path.as_slice() else { return false };
                let named = match (front.last(), &place.base) {
                    (Some(Step::Attr(attr)), _) => attr == name.rsplit('.').next().unwrap_or(name),
                    (None, Base::Global(global)) => global == name,
                    _ => false,
                };
                named
                    && matches!(method.as_str(), "release" | "__exit__")
                    && !facts.locks.at(world, func, call.held).iter().any(|it| it.0 == *lock)
            })
        })
    })
}

fn found(
    facts: &Facts<'_>,
    hold: &Hold,
    hops: &[Hop],
    last: &Hold,
    confidence: Confidence,
) -> Found {
    let world = facts.world;
    let mut mine: Vec<_> = made_step(facts, &hold.lock, hold.kind).into_iter().collect();
    mine.extend(chain(facts, hold, hops, last));
    let at = hops.first().map_or(last.site, |it| it.site);
    let in_test = world.module(hold.func).is_test;
    let label = match &hold.lock {
        LockId::Instance(class, name) => format!("{}@{name}", world.class(*class).qualname),
        other => lock_name(facts, other),
    };
    Found {
        func: hold.func,
        deadlock: Deadlock {
            kind: DeadlockKind::Reacquire,
            locks: vec![lock_name(facts, &hold.lock)],
            mine,
            theirs: Vec::new(),
            site: site(facts, hold.func, at),
        },
        confidence: if in_test { Confidence::Low } else { confidence },
        label,
    }
}
