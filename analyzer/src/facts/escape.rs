//! Finds containers and live views of them that a function returns from inside a region.
//! Whether the region is a lock, and whether anybody changes the container, is the program's business.

use thin_vec::ThinVec;

use crate::domain::{Base, Candidate, FunctionFacts, Op, Origin, Place, Step};
use crate::evidence::Pattern;

/// Adds a candidate for each returned reference.
pub(super) fn find(facts: &FunctionFacts, found: &mut ThinVec<Candidate>) {
    if facts.is_generator || (facts.regions.is_empty() && facts.decorators.is_empty()) {
        return;
    }
    let mut seen: Vec<u32> = Vec::new();
    for origin in facts.returns.iter().take(32) {
        let Some(event) = returned(facts, *origin) else { continue };
        let it = &facts.events[event as usize];
        let guarded = it.held != 0 || !facts.decorators.is_empty();
        if guarded && !it.flags.owned && !seen.contains(&event) {
            seen.push(event);
            found.push(Candidate { pattern: Pattern::GuardedEscape, first: event, last: event });
        }
    }
}

/// The last access that made the value: the load of the container, or the call that made the view.
fn returned(facts: &FunctionFacts, origin: Origin) -> Option<u32> {
    let (place, view) = match origin {
        Origin::Place(place) => (facts.places[place as usize].clone(), None),
        Origin::Call(call) => {
            let call = &facts.calls[call as usize];
            let Origin::Place(callee) = call.callee else { return None };
            let callee = &facts.places[callee as usize];
            let (Step::Attr(name), front) = callee.path.split_last()? else { return None };
            if !matches!(name.as_str(), "items" | "keys" | "values") || !call.args.is_empty() {
                return None;
            }
            (Place { base: callee.base.clone(), path: front.into() }, Some(name))
        }
        _ => return None,
    };
    let nameable = matches!(place.base, Base::Global(_)) || !place.path.is_empty();
    if !nameable || place.path.contains(&Step::Elem) {
        return None;
    }
    let index = facts.events.iter().rposition(|it| {
        let made = match (&it.op, view) {
            (Op::Load, None) => true,
            (Op::Method(name), Some(view)) => name == view,
            _ => false,
        };
        made && facts.places[it.place as usize] == place
    })?;
    // `items, self._items = self._items, {}`: what leaves is no longer the guarded container.
    let rebound =
        |it: &crate::domain::Event| it.op.rebinds() && facts.places[it.place as usize] == place;
    if facts.events[index..].iter().any(rebound) {
        return None;
    }
    u32::try_from(index).ok()
}
