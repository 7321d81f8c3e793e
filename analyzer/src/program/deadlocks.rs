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
use super::render::{lock_name, site};
use super::slice::{GlobalSite, JudgedWindow, ProgramSlice};
use super::types::NOWHERE;
use super::world::FuncGid;
use crate::evidence::{Deadlock, Evidence, Step};
use crate::rule::{Confidence, GilClass};
use holds::Hold;
use reach::Hop;

/// Adds what is found to the slices of the files in which it is reported.
pub(crate) fn find(facts: &Facts<'_>, slices: &mut [ProgramSlice]) {
    let holds = holds::collect(facts);
    let mut found = wakeup::find(facts);
    if !holds.is_empty() {
        found.extend(reacquire::find(facts, &holds));
        found.extend(order::find(facts, &holds));
    }
    for it in found {
        let module = facts.world.module_of(it.func) as usize;
        slices[module].deadlocks.push(JudgedWindow {
            evidence: Evidence::Deadlock(Box::new(it.deadlock)),
            confidence: it.confidence,
            gil: GilClass::Deadlock,
            label: it.label,
        });
    }
}

/// A deadlock, and the function in which it is reported.
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
