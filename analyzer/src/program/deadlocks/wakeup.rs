//! Conditions that are waited for once: a notification that came before is lost, and after one that comes for somebody
//! else, or for no reason, the thread goes on too early (CPython docs, `threading.Condition.wait`).

use super::Found;
use crate::domain::{Call, NONE, Origin, Place, Step as PathStep};
use crate::evidence::{Deadlock, DeadlockKind, Step};
use crate::program::judge::Facts;
use crate::program::render::{place_text, site};
use crate::program::types::Ty;
use crate::program::world::FuncGid;
use crate::rule::Confidence;

/// Waits of a function outside of loops, if it is not called in a loop either.
pub(super) fn find(facts: &Facts<'_>, func: FuncGid) -> Vec<Found> {
    let calls = facts.world.func(func).calls.iter();
    calls.filter(|it| it.in_loop == NONE).filter_map(|it| wait(facts, func, it)).collect()
}

fn wait(facts: &Facts<'_>, func: FuncGid, call: &Call) -> Option<Found> {
    let it = facts.world.func(func);
    let Origin::Place(callee) = call.callee else { return None };
    let place = &it.places[callee as usize];
    let (PathStep::Attr(name), front) = place.path.split_last()? else { return None };
    if name != "wait" || facts.world.module(func).is_test {
        return None;
    }
    let condition = Place { base: place.base.clone(), path: front.into() };
    let known = facts.types.place(facts.world, func, &condition);
    let is_condition =
        |it: &Ty| matches!(it, Ty::External(name, _) if name == "threading.Condition");
    // Made by a factory that was handed in: the name has to say it.
    let named =
        matches!(condition.path.last(), Some(PathStep::Attr(name)) if name.contains("condition"));
    let by_name = named && known.is_empty();
    if !(known.iter().any(is_condition) || by_name) || asked_again(facts, func) {
        return None;
    }
    let text = place_text(facts, func, &condition);
    // With a limit it may be meant as a nap that a notification ends.
    let confidence = if call.args.is_empty() { Confidence::Medium } else { Confidence::Low };
    let here = site(facts, func, call.site);
    let step = Step {
        site: here,
        text: format!("waits for `{text}` once, without a loop around test and wait"),
    };
    Some(Found {
        func,
        confidence,
        label: format!("{}.{text}", it.qualname),
        deadlock: Deadlock {
            kind: DeadlockKind::LostWakeup,
            locks: vec![text],
            mine: vec![step],
            theirs: Vec::new(),
            site: here,
        },
    })
}

/// All callers of the function call it in a loop.
fn asked_again(facts: &Facts<'_>, func: FuncGid) -> bool {
    let mut callers = facts.contexts.calls_of(func).filter(|it| it.from != func).peekable();
    callers.peek().is_some()
        && callers.all(|edge| {
            let calls = &facts.world.func(edge.from).calls;
            calls.get(edge.call as usize).is_some_and(|it| it.in_loop != NONE)
        })
}
