//! Locks taken so that a thread waits for ever: for itself, or for another that waits for it.
//!
//! Works from the regions that hold a lock; functions without one are only looked at when they call something that
//! takes one. What is held elsewhere by convention, and order by anything but locks, is not seen.

mod holds;
mod order;
mod reach;
mod reacquire;
mod wakeup;

use super::judge::Facts;
use super::locks::LockId;
use super::locks::kind::Kind;
use super::memo::{Changed, PerFunction, Reads, reads_of};
use super::render::{lock_name, site};
use super::slice::{GlobalSite, JudgedWindow};
use super::types::NOWHERE;
use super::world::{FuncGid, ModuleId};
use crate::evidence::{Deadlock, Evidence, Step};
use crate::rule::{Confidence, GilClass};
use holds::Hold;
use reach::Hop;

/// All deadlocks of the project.
pub(crate) struct Deadlocks {
    wakeups: PerFunction<Vec<Found>>,
    found: Vec<Found>,
    /// What was read for the latter.
    reads: Reads,
}

impl Deadlocks {
    pub(crate) fn new(facts: &Facts<'_>) -> Self {
        let wakeups = PerFunction::new(facts.world, |it| wakeup::find(facts, it));
        let (found, reads) = reads_of(facts.world, FuncGid::MAX, || of_locks(facts));
        Deadlocks { wakeups, found, reads }
    }

    /// After an edit inside of functions. Returns the modules for which others are found now.
    pub(crate) fn refresh(&mut self, facts: &Facts<'_>, changed: &Changed) -> Vec<ModuleId> {
        let other = self.wakeups.refresh(facts.world, changed, |it| wakeup::find(facts, it));
        let mut moved: Vec<FuncGid> = other.into_iter().map(|it| it.0).collect();
        if changed.touches(&self.reads) {
            let (found, reads) = reads_of(facts.world, FuncGid::MAX, || of_locks(facts));
            let before = std::mem::replace(&mut self.found, found);
            self.reads = reads;
            if before != self.found {
                moved.extend(before.iter().chain(&self.found).map(|it| it.func));
            }
        }
        moved.into_iter().map(|it| facts.world.module_of(it)).collect()
    }

    /// What is found in a module.
    pub(crate) fn of(&self, facts: &Facts<'_>, module: ModuleId) -> Vec<JudgedWindow> {
        let world = facts.world;
        let own = world.functions_of(module).flat_map(|it| &self.wakeups.values[it as usize]);
        let locks = self.found.iter().filter(|it| world.module_of(it.func) == module);
        let judged = |it: &Found| JudgedWindow {
            evidence: Evidence::Deadlock(Box::new(it.deadlock.clone())),
            confidence: it.confidence,
            gil: GilClass::Deadlock,
            label: it.label.clone(),
        };
        own.chain(locks).map(judged).collect()
    }
}

/// Locks that are taken again, and in another order.
fn of_locks(facts: &Facts<'_>) -> Vec<Found> {
    let holds = holds::collect(facts);
    if holds.is_empty() {
        return Vec::new();
    }
    let mut found = reacquire::find(facts, &holds);
    found.extend(order::find(facts, &holds));
    found
}

/// A deadlock, and the function in which it is reported.
#[derive(PartialEq)]
struct Found {
    func: FuncGid,
    deadlock: Deadlock<GlobalSite>,
    confidence: Confidence,
    label: String,
}

/// "The lock is made here", when we see where.
fn made_step(facts: &Facts<'_>, lock: &LockId, kind: Option<Kind>) -> Option<Step<GlobalSite>> {
    let kind = kind.filter(|it| it.made != NOWHERE)?;
    let call = facts.world.func(kind.made.0).calls.get(kind.made.1 as usize)?;
    let what = if kind.reentrant { "" } else { " and is not re-entrant" };
    Some(Step {
        site: site(facts, kind.made.0, call.site),
        text: format!("`{}` is made here{what}", lock_name(facts, lock)),
    })
}

/// What a thread does from where it holds a lock to where it takes the next one.
fn chain(facts: &Facts<'_>, hold: &Hold, hops: &[Hop], last: &Hold) -> Vec<Step<GlobalSite>> {
    let world = facts.world;
    let held = lock_name(facts, &hold.lock);
    let mut out = vec![Step {
        site: site(facts, hold.func, hold.site),
        text: format!("`{}` holds `{held}` from here", world.func(hold.func).qualname),
    }];
    for hop in hops {
        let (from, to) = (&world.func(hop.from).qualname, &world.func(hop.to).qualname);
        out.push(Step {
            site: site(facts, hop.from, hop.site),
            text: format!("`{from}` calls `{to}` here"),
        });
    }
    let again = if hold.lock == last.lock { "again " } else { "" };
    out.push(Step {
        site: site(facts, last.func, last.site),
        text: format!("`{}` is taken {again}here", lock_name(facts, &last.lock)),
    });
    out
}
