//! Finds candidate windows inside one function: pairs of accesses to one place that must not be separated.
//! Nothing is known here about sharing, types or which regions are locks; that is the program's business.

pub(crate) mod claimed;
pub(crate) mod drained;
mod relied;
mod shapes;

use crate::domain::{
    Atom, AtomKind, Base, Candidate, Event, FunctionFacts, FunctionKind, Key, NONE, Op, Origin,
    Place,
};
use crate::evidence::Pattern;

/// Fills in `candidates`. `left` are the events of branches that do not go on.
pub(crate) fn find(facts: &mut FunctionFacts, left: &[(u32, u32)]) {
    if facts.kind == FunctionKind::ClassBody {
        return;
    }
    let mut found = std::mem::take(&mut facts.candidates);
    for last in 0..facts.events.len() {
        let event = &facts.events[last];
        if event.flags.owned {
            continue;
        }
        let last = u32::try_from(last).unwrap_or(NONE);
        if let Some((first, pattern)) = window(facts, event, last) {
            found.push(Candidate { pattern, first, last });
        }
        for (first, pattern) in relied::elsewhere(facts, event) {
            found.push(Candidate { pattern, first, last });
        }
        if let Some(later) = relied::completed_later(facts, event) {
            found.push(Candidate { pattern: Pattern::EarlyPublication, first: last, last: later });
        }
        found.extend(drained::find(facts, last, left));
        found.extend(drained::refilled(facts, last, left));
        if matches!(&event.op, Op::Method(name) if matches!(name.as_str(), "pop" | "popitem" | "setdefault"))
        {
            found.push(Candidate { pattern: Pattern::MappingMixin, first: last, last });
        }
    }
    super::escape::find(facts, &mut found);
    facts.candidates = found;
    claimed::retried(facts);
}

fn window(facts: &FunctionFacts, event: &Event, this: u32) -> Option<(u32, Pattern)> {
    match &event.op {
        Op::Store | Op::SetItem => update(facts, event).or_else(|| tested(facts, event)),
        Op::GetItem | Op::DelItem => tested(facts, event),
        Op::Delete => relied::deleted(facts, event, this),
        Op::Load => relied::loaded_again(facts, event),
        Op::Method(name) => alone(name).map(|it| (this, it)).or_else(|| tested(facts, event)),
        Op::Iterate if !event.flags.lenient => Some((this, Pattern::Iteration)),
        Op::Consume if !event.flags.lenient => Some((this, Pattern::Snapshot)),
        _ => None,
    }
}

/// Functions and methods that are a window by themselves.
fn alone(name: &str) -> Option<Pattern> {
    use crate::knowledge::atomicity::{ATOMICITY, Handling};
    match name {
        "sort" | "reverse" => return Some(Pattern::SortInPlace),
        _ if !name.contains('.') => return None,
        _ => {}
    }
    Some(match ATOMICITY.handling(name)? {
        Handling::Advances => Pattern::SharedIterator,
        Handling::GoesThrough | Handling::GoesThroughLookalikes => Pattern::DeepCopy,
        Handling::SortedInsert | Handling::Heaps => Pattern::SortedStructure,
        Handling::Swaps => Pattern::Swap,
    })
}

/// The stored value depends on a read of the same place.
fn update(facts: &FunctionFacts, event: &Event) -> Option<(u32, Pattern)> {
    let reads = |it: &&u32| {
        let dep = &facts.events[**it as usize];
        dep.place == event.place && dep.seq < event.seq && reads_same(dep, event)
    };
    let first = event.deps.iter().rev().find(reads)?;
    // `old = self.x; ...; self.x = old` puts back what was there.
    if event.value == Origin::Place(event.place) {
        return None;
    }
    if event.flags.augmented {
        return Some((*first, Pattern::Augment));
    }
    // `if self.x is None: self.x = make(self.x)` and `self.x = self.x or make()` are initialisations.
    if let Some((check, pattern)) = tested(facts, event)
        && matches!(pattern, Pattern::LazyInit | Pattern::TestAndSet | Pattern::CheckThenInsert)
    {
        return Some((check, pattern));
    }
    Some((*first, Pattern::ReadModifyWrite))
}

fn reads_same(dep: &Event, event: &Event) -> bool {
    match (&dep.op, &event.op) {
        (Op::Load, Op::Store) => true,
        (Op::GetItem, Op::SetItem) => {
            dep.key == event.key && event.key != Key::NONE && event.key != Key::PER_THREAD
        }
        (Op::Method(name), Op::SetItem) => {
            matches!(name.as_str(), "get" | "setdefault")
                && dep.key == event.key
                && event.key != Key::PER_THREAD
        }
        _ => false,
    }
}

/// The access is dominated by a test of the same place; the innermost one counts.
fn tested(facts: &FunctionFacts, event: &Event) -> Option<(u32, Pattern)> {
    let mut guard = event.guard;
    while guard != NONE {
        let it = &facts.guards[guard as usize];
        for atom in it.atoms.iter().rev() {
            let test = &facts.events[atom.event as usize];
            if test.seq < event.seq
                && same_place(facts, test, event)
                && let Some(pattern) = classify(test, *atom, event)
            {
                return Some((atom.event, pattern));
            }
        }
        guard = it.parent;
    }
    None
}

pub(super) fn same_place(facts: &FunctionFacts, test: &Event, event: &Event) -> bool {
    if test.place == event.place {
        return true;
    }
    // `if self.q: self.q.pop()`: the test loads the place on which the action works; and a test of
    // `cls._instance` guards a store through the class's own name.
    let (a, b) = (&facts.places[test.place as usize], &facts.places[event.place as usize]);
    same_through_class(facts, a, b)
}

fn same_through_class(facts: &FunctionFacts, a: &Place, b: &Place) -> bool {
    let class_name = |place: &Place| match &place.base {
        Base::Cls | Base::SelfObj => true,
        Base::Global(name) => {
            facts.class != NONE
                && facts.qualname.rsplit('.').nth(1).is_some_and(|it| it == name.as_str())
        }
        _ => false,
    };
    a.base != b.base && a.path == b.path && !a.path.is_empty() && class_name(a) && class_name(b)
}

fn classify(test: &Event, atom: Atom, event: &Event) -> Option<Pattern> {
    match &event.op {
        Op::Store => classify_store(test, atom, event),
        Op::SetItem => classify_insert(test, atom, event),
        Op::GetItem | Op::DelItem if !event.flags.caught => {
            let same =
                test.key == event.key && event.key != Key::NONE && event.key != Key::PER_THREAD;
            match (&test.op, atom.kind, atom.holds) {
                (Op::Contains, AtomKind::In, true) if same => Some(Pattern::CheckThenUse),
                (Op::Method(name), AtomKind::IsNone, false) if same && name == "get" => {
                    Some(Pattern::CheckThenUse)
                }
                (Op::Load | Op::Len, AtomKind::Truthy, true) if event.op == Op::DelItem => {
                    Some(Pattern::CheckThenPop)
                }
                _ => None,
            }
        }
        Op::Method(name) if !event.flags.caught && !event.flags.lenient => {
            classify_method(test, atom, event, name.as_str())
        }
        _ => None,
    }
}

fn classify_store(test: &Event, atom: Atom, event: &Event) -> Option<Pattern> {
    if test.op != Op::Load {
        return None;
    }
    let absent = match atom.kind {
        AtomKind::IsNone | AtomKind::Missing => atom.holds,
        AtomKind::Truthy | AtomKind::In => !atom.holds,
        AtomKind::Compared => return None,
        AtomKind::Ordered => {
            // `if v > self.best: self.best = v`. A test for equality before the same store is idempotent.
            let constant = matches!(
                event.value,
                Origin::Nothing | Origin::Bool(_) | Origin::Number | Origin::Immutable
            );
            return (!constant && atom.holds).then_some(Pattern::CompareThenStore);
        }
    };
    match event.value {
        Origin::Bool(value) if atom.kind == AtomKind::Truthy && atom.holds != value => {
            Some(Pattern::TestAndSet)
        }
        Origin::Bool(_) | Origin::Nothing => None,
        _ if absent => Some(Pattern::LazyInit),
        _ => None,
    }
}

fn classify_insert(test: &Event, atom: Atom, event: &Event) -> Option<Pattern> {
    if event.key == Key::PER_THREAD || test.key != event.key || event.key == Key::NONE {
        return None;
    }
    let absent = match (&test.op, atom.kind) {
        (Op::Contains, AtomKind::In) => !atom.holds,
        (Op::GetItem, AtomKind::Missing) => true,
        (Op::Method(name), kind) if matches!(name.as_str(), "get" | "has_key") => match kind {
            AtomKind::IsNone => atom.holds,
            AtomKind::Truthy => !atom.holds,
            _ => false,
        },
        _ => false,
    };
    absent.then_some(Pattern::CheckThenInsert)
}

fn classify_method(test: &Event, atom: Atom, event: &Event, name: &str) -> Option<Pattern> {
    let nonempty = match (&test.op, atom.kind) {
        (Op::Load | Op::Len, AtomKind::Truthy) => atom.holds,
        (Op::Method(method), AtomKind::Truthy) => match method.as_str() {
            "empty" => atom.holds,
            "qsize" => atom.holds,
            _ => false,
        },
        _ => false,
    };
    match name {
        "pop" | "popleft" | "popitem" | "get_nowait" | "get" if nonempty => {
            // `d.get(k)` and `d.pop(k, default)` do not fail.
            let queue = matches!(test.op, Op::Method(_));
            (queue || matches!(name, "pop" | "popleft" | "popitem"))
                .then_some(Pattern::CheckThenPop)
        }
        "pop" | "remove" | "index" => {
            let same = test.key == event.key && event.key != Key::NONE;
            let holds = test.op == Op::Contains && atom.kind == AtomKind::In && atom.holds;
            (same && holds).then_some(Pattern::CheckThenUse)
        }
        "append" | "add" | "insert" => {
            let same = test.key == event.key && event.key != Key::NONE;
            let absent = test.op == Op::Contains && atom.kind == AtomKind::In && !atom.holds;
            // `if x not in l: l.append(x)` inserts twice; a set does not mind.
            (same && absent && name != "add").then_some(Pattern::CheckThenInsert)
        }
        _ => None,
    }
}
