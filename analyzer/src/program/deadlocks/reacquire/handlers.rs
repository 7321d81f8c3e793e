//! Handlers that run while a lock is held and are given the object that holds it: what they call on it may take the
//! lock again. Nothing says that a handler does, so this is never more than a low suspicion.

use super::super::holds::Hold;
use super::super::reach::Reach;
use super::super::{Found, chain, made_step};
use crate::domain::{Base, Call, FunctionFacts, Origin, Step};
use crate::evidence::{self, Deadlock, DeadlockKind};
use crate::program::judge::Facts;
use crate::program::locks::kind::Receiver;
use crate::program::render::{lock_name, site};
use crate::program::world::FuncGid;
use crate::rule::Confidence;

/// Handlers called under a lock of the object that they are given.
pub(super) fn called(
    facts: &Facts<'_>,
    holds: &[Hold],
    hold: &Hold,
    reach: &Reach,
) -> Option<Found> {
    let world = facts.world;
    if hold.receiver != Receiver::Own {
        return None;
    }
    let it = world.func(hold.func);
    let class = world.class_of(hold.func)?;
    let under = |call: &&Call| hold.covers(world, call.held) && hands_self(it, call);
    let mut handed = it.calls.iter().filter(under);
    let call = handed.find(|call| is_handler(it, call) || hands_on(facts, hold.func, call))?;
    let (taker, end) = reach.public(facts, class)?;
    let end = &holds[end];
    let mut mine: Vec<_> = made_step(facts, &hold.lock, hold.kind).into_iter().collect();
    mine.extend(chain(facts, hold, &[], end).into_iter().take(1));
    mine.push(evidence::Step {
        site: site(facts, hold.func, call.site),
        text: "handlers are called here, and given the object".to_owned(),
    });
    let name = &world.func(taker).qualname;
    let theirs = vec![evidence::Step {
        site: site(facts, end.func, end.site),
        text: format!("a handler that calls `{name}` waits here"),
    }];
    Some(Found {
        func: hold.func,
        label: format!("{}@{}", world.class(class).qualname, lock_name(facts, &hold.lock)),
        deadlock: Deadlock {
            kind: DeadlockKind::Reacquire,
            locks: vec![lock_name(facts, &hold.lock)],
            mine,
            theirs,
            site: site(facts, hold.func, call.site),
        },
        confidence: Confidence::Low,
    })
}

fn hands_self(it: &FunctionFacts, call: &Call) -> bool {
    call.args.iter().any(|arg| is_self(it, arg.value))
}

fn is_self(it: &FunctionFacts, value: Origin) -> bool {
    matches!(value, Origin::Place(place)
        if it.places[place as usize].base == Base::SelfObj && it.places[place as usize].path.is_empty())
}

/// A function of the project that calls handlers with what it is given.
fn hands_on(facts: &Facts<'_>, func: FuncGid, call: &Call) -> bool {
    facts.types.targets(facts.world, func, call.callee).iter().any(|(target, bound)| {
        let it = facts.world.func(*target);
        let slots = (*bound..)
            .zip(&call.args)
            .filter(|(_, arg)| arg.name().is_none() && is_self(facts.world.func(func), arg.value));
        let slots: Vec<Base> = slots.map(|it| Base::Param(it.0)).collect();
        it.calls.iter().any(|inner| {
            is_handler(it, inner)
                && inner.args.iter().any(|arg| {
                    matches!(arg.value, Origin::Place(place)
                        if it.places[place as usize].path.is_empty()
                            && slots.contains(&it.places[place as usize].base))
                })
        })
    })
}

/// A function out of a container, one that was passed in, or a signal.
fn is_handler(it: &FunctionFacts, call: &Call) -> bool {
    let Origin::Place(place) = call.callee else { return false };
    let place = &it.places[place as usize];
    match place.path.last() {
        Some(Step::Elem) => true,
        Some(Step::Attr(name)) => matches!(
            name.as_str(),
            "send"
                | "send_robust"
                | "emit"
                | "fire"
                | "trigger"
                | "dispatch"
                | "notify"
                | "publish"
        ),
        None => matches!(place.base, Base::Param(_)),
    }
}
