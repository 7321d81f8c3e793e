//! Windows in which the action relies on more than a test of the same container: a reference loaded a second time, a
//! test hidden in a method, a registration that depends on a flag, an object finished after it was published.

use smallvec::SmallVec;

use super::same_place;
use crate::domain::{
    Atom, AtomKind, Base, Event, FunctionFacts, Key, NONE, Op, Origin, Place, Step,
};
use crate::evidence::Pattern;

/// So many events between test and action are searched for a store that renews what was tested.
const NEAR: usize = 200;

/// So many tests in force are looked at.
const TESTS: usize = 24;

/// So many of them are taken for one action.
const MANY: usize = 4;

/// The tests in force at an event that come before it, innermost first.
fn tests<'f>(
    facts: &'f FunctionFacts,
    event: &'f Event,
) -> impl Iterator<Item = (Atom, &'f Event)> {
    let mut guard = event.guard;
    std::iter::from_fn(move || {
        let it = facts.guards.get(guard as usize)?;
        guard = it.parent;
        Some(it)
    })
    .take(TESTS)
    .flat_map(|it| it.atoms.iter().rev())
    .map(|atom| (*atom, &facts.events[atom.event as usize]))
    .filter(|(_, test)| test.seq < event.seq)
}

/// `if self.sock is None: return` and later `self.sock.close()`: the attribute is loaded again. Or the container that
/// was not empty is passed on.
pub(super) fn loaded_again(facts: &FunctionFacts, event: &Event) -> Option<(u32, Pattern)> {
    if event.flags.caught || event.flags.augmented || !(event.flags.used || event.flags.passed) {
        return None;
    }
    for (atom, test) in tests(facts, event) {
        if !same_place(facts, test, event) {
            continue;
        }
        let there = match atom.kind {
            AtomKind::IsNone => !atom.holds,
            AtomKind::Truthy | AtomKind::In => atom.holds,
            _ => false,
        };
        if !there || renewed(facts, atom.event, event) {
            continue;
        }
        match test.op {
            Op::Load if event.flags.used => {
                return Some((atom.event, Pattern::CheckThenDereference));
            }
            Op::Load | Op::Len | Op::GetItem
                if event.flags.passed && atom.kind == AtomKind::Truthy && test.key == Key::NONE =>
            {
                return Some((atom.event, Pattern::CheckThenPop));
            }
            _ => {}
        }
    }
    None
}

/// The function itself stored something there in between.
fn renewed(facts: &FunctionFacts, test: u32, event: &Event) -> bool {
    let between = facts.events.iter().skip(test as usize + 1).take(NEAR);
    between
        .take_while(|it| it.seq < event.seq)
        .any(|it| it.op == Op::Store && it.place == event.place && it.value != Origin::Nothing)
}

/// `del self.attribute`: whoever loads it meanwhile fails.
pub(super) fn deleted(facts: &FunctionFacts, event: &Event, this: u32) -> Option<(u32, Pattern)> {
    let place = &facts.places[event.place as usize];
    let attribute = matches!(place.path.last(), Some(Step::Attr(_)));
    attribute.then_some((this, Pattern::CheckThenDereference))
}

/// The action relies on a test of something else of the same object.
pub(super) fn elsewhere(facts: &FunctionFacts, event: &Event) -> SmallVec<[(u32, Pattern); 2]> {
    if event.guard == NONE || event.flags.caught || !is_own_attribute(facts, event) {
        return SmallVec::new();
    }
    let relied = relied_on(event);
    let registers = registers(event);
    if relied.is_none() && !registers {
        return SmallVec::new();
    }
    let found = tests(facts, event).filter_map(|(atom, test)| {
        if test.place == event.place || !is_own_attribute(facts, test) || test.op != Op::Load {
            return None;
        }
        // A property may stand behind any attribute; the program knows.
        if let Some(pattern) = relied {
            // `len(self) > self.capacity`: whoever takes one too many finds one all the same.
            let room = pattern == Pattern::CheckThenPop && atom.kind == AtomKind::Ordered;
            return (!room).then_some((atom.event, pattern));
        }
        let flag = matches!(atom.kind, AtomKind::Truthy | AtomKind::IsNone);
        (registers && flag && !test.flags.predicate)
            .then_some((atom.event, Pattern::CheckThenRegister))
    });
    found.take(MANY).collect()
}

fn is_own_attribute(facts: &FunctionFacts, event: &Event) -> bool {
    let Place { base, path } = &facts.places[event.place as usize];
    *base == Base::SelfObj && matches!(path.as_slice(), [Step::Attr(_)])
}

/// What fails when the test does not hold any more.
fn relied_on(event: &Event) -> Option<Pattern> {
    match &event.op {
        Op::GetItem | Op::DelItem if event.key != Key::NONE => Some(Pattern::CheckThenUse),
        Op::Method(name) => match name.as_str() {
            "remove" => Some(Pattern::CheckThenUse),
            "popleft" | "popitem" => Some(Pattern::CheckThenPop),
            _ => None,
        },
        Op::Load if event.flags.used => Some(Pattern::CheckThenDereference),
        _ => None,
    }
}

fn registers(event: &Event) -> bool {
    match &event.op {
        Op::SetItem => !event.flags.augmented,
        Op::Method(name) => matches!(name.as_str(), "append" | "appendleft" | "add" | "insert"),
        _ => false,
    }
}

/// In a double-checked initialisation: what is done to the object after the store that makes it known.
pub(super) fn completed_later(facts: &FunctionFacts, event: &Event) -> Option<u32> {
    let Origin::Call(made) = event.value else { return None };
    if event.op != Op::Store || event.held == 0 || event.guard == NONE {
        return None;
    }
    let outside =
        |it: &Event| facts.held[it.held as usize].len() < facts.held[event.held as usize].len();
    let n_tests = tests(facts, event).filter(|it| same_place(facts, it.1, event));
    let (inner, outer): (Vec<_>, Vec<_>) = n_tests.partition(|it| !outside(it.1));
    if inner.is_empty() || outer.is_empty() {
        return None;
    }
    let place = &facts.places[event.place as usize];
    let later = facts.events.iter().enumerate().filter(|(_, it)| {
        it.seq > event.seq && it.held == event.held && it.in_loop == event.in_loop
    });
    let completes = |it: &Event| {
        let other = &facts.places[it.place as usize];
        let below = other.base == place.base
            && other.path.len() == place.path.len() + 1
            && other.path.starts_with(&place.path);
        let direct = other.base == Base::Call(made) && other.path.len() == 1;
        match it.op {
            Op::Store => below || direct,
            Op::Load => it.flags.used && it.place == event.place && !starts(facts, it),
            _ => false,
        }
    };
    later.take(NEAR).find(|it| completes(it.1)).and_then(|it| u32::try_from(it.0).ok())
}

/// `self.thread.start()` completes nothing that others wait for.
fn starts(facts: &FunctionFacts, event: &Event) -> bool {
    let call = facts.calls.iter().filter(|it| it.seq > event.seq).min_by_key(|it| it.seq);
    let Some(Origin::Place(callee)) = call.map(|it| it.callee) else { return false };
    matches!(facts.places[callee as usize].path.last(), Some(Step::Attr(name)) if name == "start")
}
