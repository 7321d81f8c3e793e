//! Taking what a place holds, then emptying it: `batch = list(self.q); self.q.clear()`, `out = self.buf; self.buf = []`.

use crate::domain::{Candidate, Event, FunctionFacts, Key, NONE, Op, Origin, Place, Step};
use crate::evidence::Pattern;
use crate::knowledge::atomicity::ATOMICITY;

/// So many events before the reset are looked at.
const NEAR: usize = 60;

/// The candidate that ends in this event.
pub(super) fn find(facts: &FunctionFacts, last: u32, left: &[(u32, u32)]) -> Option<Candidate> {
    let event = &facts.events[last as usize];
    let empties = match &event.op {
        Op::Store => is_reset(facts, event),
        Op::Method(name) => name == "clear",
        _ => false,
    };
    let first = empties.then(|| taken(facts, last, event.place, event.guard)).flatten()?;
    // `self.expr = self.expr.copy()` keeps the contents.
    if event.deps.contains(&first) || is_left(left, first, last) {
        return None;
    }
    Some(Candidate { pattern: Pattern::CopyThenClear, first, last })
}

/// `d.clear(); d.update(new)`: the candidate that begins with this clearing of a place.
pub(super) fn refilled(
    facts: &FunctionFacts,
    first: u32,
    left: &[(u32, u32)],
) -> Option<Candidate> {
    let event = &facts.events[first as usize];
    if !matches!(&event.op, Op::Method(name) if name == "clear") {
        return None;
    }
    let later = facts.events.iter().enumerate().skip(first as usize + 1).take(NEAR);
    let (last, _) = later.into_iter().find(|(_, it)| {
        let fills = match &it.op {
            Op::SetItem => true,
            Op::Method(name) => ATOMICITY.effects(name).adds(),
            _ => false,
        };
        it.place == event.place && fills && is_above(facts, event.guard, it.guard)
    })?;
    let last = u32::try_from(last).ok()?;
    let candidate = Candidate { pattern: Pattern::SortInPlace, first, last };
    (!is_left(left, first, last)).then_some(candidate)
}

/// Whether the first access is in a branch that never comes to the last one.
fn is_left(left: &[(u32, u32)], first: u32, last: u32) -> bool {
    left.iter().rev().take(NEAR).any(|it| it.0 <= first && first < it.1 && it.1 <= last)
}

/// A list, a number or a text from which a new start is made.
pub(super) fn is_reset(facts: &FunctionFacts, event: &Event) -> bool {
    match event.value {
        Origin::Alloc(id) => facts.allocs[id as usize].elems.is_empty(),
        Origin::Call(id) => {
            let call = &facts.calls[id as usize];
            call.args.len() <= 1 && matches!(call.callee, Origin::Place(_))
        }
        Origin::Number | Origin::Immutable | Origin::Nothing => !event.flags.augmented,
        _ => false,
    }
}

/// The access that took the contents of the place, if it comes before `end` on every way there.
pub(super) fn taken(facts: &FunctionFacts, end: u32, place: u32, guard: u32) -> Option<u32> {
    let end = end as usize;
    for (index, event) in facts.events[..end].iter().enumerate().rev().take(NEAR) {
        if event.place != place {
            continue;
        }
        let takes = match &event.op {
            Op::Store => return None,
            Op::Method(name) if name == "clear" => return None,
            Op::Method(name) => name == "copy",
            Op::Load => event.key == Key::KEPT,
            Op::Iterate | Op::Consume => true,
            _ => false,
        };
        if takes && is_above(facts, event.guard, guard) {
            return u32::try_from(index).ok();
        }
    }
    None
}

/// Whether the tests of one access are among those of the other.
fn is_above(facts: &FunctionFacts, above: u32, mut guard: u32) -> bool {
    loop {
        if guard == above {
            return true;
        }
        if guard == NONE {
            return false;
        }
        guard = facts.guards[guard as usize].parent;
    }
}

/// Methods that only empty attributes of their own object: taking an attribute and calling one empties it.
pub(crate) fn through_methods(functions: &mut [Option<FunctionFacts>], methods: &[u32]) {
    let mut resets: Vec<(u32, Step)> = Vec::new();
    for method in methods {
        let Some(facts) = functions.get(*method as usize).and_then(Option::as_ref) else {
            continue;
        };
        if facts.name == "__init__" {
            continue;
        }
        for event in &facts.events {
            if event.op == Op::Store
                && event.guard == NONE
                && is_reset(facts, event)
                && let Some(step) = own_attribute(&facts.places[event.place as usize])
            {
                resets.push((*method, step.clone()));
            }
        }
    }
    if resets.is_empty() {
        return;
    }
    let mut named: Vec<(Step, Step)> = Vec::new();
    for (method, attribute) in resets {
        if let Some(Some(facts)) = functions.get(method as usize) {
            named.push((Step::Attr(facts.name.clone()), attribute));
        }
    }
    for method in methods {
        if let Some(Some(facts)) = functions.get_mut(*method as usize) {
            add(facts, &named);
        }
    }
}

fn own_attribute(place: &Place) -> Option<&Step> {
    match (&place.base, place.path.as_slice()) {
        (crate::domain::Base::SelfObj, [step @ Step::Attr(_)]) => Some(step),
        _ => None,
    }
}

/// Adds the windows that end in a call of an emptying method, with the store that the call makes.
fn add(facts: &mut FunctionFacts, resets: &[(Step, Step)]) {
    let mut found = Vec::new();
    for (index, event) in facts.events.iter().enumerate() {
        let takes = matches!(event.op, Op::Iterate | Op::Consume)
            || (event.op == Op::Load && event.key == Key::KEPT);
        if !takes {
            continue;
        }
        let Some(attribute) = own_attribute(&facts.places[event.place as usize]) else { continue };
        if !resets.iter().any(|(_, emptied)| emptied == attribute) {
            continue;
        }
        let call = facts.calls.iter().find(|call| {
            let Origin::Place(callee) = call.callee else { return false };
            let method = own_attribute(&facts.places[callee as usize]);
            call.seq > event.seq
                && call.args.is_empty()
                && method.is_some_and(|it| {
                    resets.iter().any(|(name, emptied)| name == it && emptied == attribute)
                })
        });
        if let Some(call) = call {
            found.push((index, event.place, call.site, call.held, call.seq, event.guard));
        }
        if found.len() >= 4 {
            break;
        }
    }
    for (first, place, site, held, seq, guard) in found {
        let (Ok(first), Ok(last)) = (u32::try_from(first), u32::try_from(facts.events.len()))
        else {
            continue;
        };
        let mut store = facts.events[first as usize].clone();
        (store.op, store.key, store.value) = (Op::Store, Key::NONE, Origin::Unknown);
        (store.place, store.site, store.held, store.seq, store.guard) =
            (place, site, held, seq, guard);
        store.deps.clear();
        facts.events.push(store);
        facts.candidates.push(Candidate { pattern: Pattern::CopyThenClear, first, last });
    }
}
