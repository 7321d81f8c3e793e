//! Markers of work to be done that are taken away before others can see the result: an entry of a table that
//! `__getattr__` reads, works off and deletes; `register = lazy.pop(k); register(); return self.dispatch(k)`.

use crate::domain::{Base, Candidate, FunctionFacts, Key, NONE, Op, Origin, Step};
use crate::evidence::Pattern;

/// So many events between reading an entry and deleting it.
const NEAR: usize = 60;

/// Adds the windows of a function that asks itself again once the work is done.
pub(crate) fn retried(facts: &mut FunctionFacts) {
    let own = Step::Attr(facts.name.clone());
    let asks_again = facts.calls.iter().rfind(|call| match call.callee {
        Origin::Place(place) => {
            let place = &facts.places[place as usize];
            match (&place.base, place.path.as_slice()) {
                (Base::SelfObj, [step]) => *step == own,
                (Base::Global(name), []) => facts.class == NONE && *name == facts.name,
                _ => false,
            }
        }
        _ => false,
    });
    let Some(end) = asks_again.map(|it| it.seq) else { return };
    let popped = facts.calls.iter().find_map(|call| {
        let Origin::Call(maker) = call.callee else { return None };
        let maker = facts.calls.get(maker as usize)?;
        let event = facts.events.iter().position(|it| {
            it.seq < maker.seq
                && maker.seq - it.seq <= 1
                && !it.flags.owned
                && matches!(&it.op, Op::Method(name) if name == "pop")
        });
        event.filter(|_| call.seq < end && call.args.is_empty())
    });
    if let Some(index) = popped.and_then(|it| u32::try_from(it).ok()) {
        let pattern = Pattern::LazySubmodule;
        facts.candidates.push(Candidate { pattern, first: index, last: index });
    }
}

/// Adds the windows of a `__getattr__`: an entry that is read and, once the attribute is set, deleted.
pub(crate) fn getattr(facts: &mut FunctionFacts) {
    let mut found = Vec::new();
    for (last, event) in facts.events.iter().enumerate() {
        let removes = event.op == Op::DelItem
            || matches!(&event.op, Op::Method(name) if name == "pop" && event.key != Key::NONE);
        if !removes || event.flags.owned {
            continue;
        }
        let near = facts.events[..last].iter().enumerate().rev().take(NEAR);
        let read = near
            .into_iter()
            .find(|(_, it)| it.place == event.place && it.key == event.key && it.op == Op::GetItem);
        if let Some((first, _)) = read
            && let (Ok(first), Ok(last)) = (u32::try_from(first), u32::try_from(last))
        {
            found.push(Candidate { pattern: Pattern::LazySubmodule, first, last });
        }
        if found.len() >= 4 {
            break;
        }
    }
    facts.candidates.extend(found);
}

/// Does so for the methods that a class calls `__getattr__`, by definition or by assignment.
pub(crate) fn in_class(functions: &mut [Option<FunctionFacts>], body: u32, methods: &[u32]) {
    let mut lookups: Vec<u32> = Vec::new();
    if let Some(Some(body)) = functions.get(body as usize) {
        for event in body.events.iter().filter(|it| it.op == Op::Store) {
            let named = matches!(body.places[event.place as usize].path.as_slice(),
                [Step::Attr(name)] if name == "__getattr__");
            if let Origin::Func(func) = event.value
                && named
                && methods.contains(&func)
            {
                lookups.push(func);
            }
        }
    }
    lookups.sort_unstable();
    lookups.dedup();
    for func in lookups {
        if let Some(Some(facts)) = functions.get_mut(func as usize) {
            getattr(facts);
        }
    }
}
