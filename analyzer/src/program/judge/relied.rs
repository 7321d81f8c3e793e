//! Windows whose action relies on more than a test of the same container: which location they are about, whether a
//! method really looks at it, and what the other thread has to do to break them.

use super::{AccessId, Facts, Suspect};
use crate::domain::{AtomKind, Base, Candidate, Event, FunctionFacts, NONE, Op, Origin, Step};
use crate::evidence::Pattern;
use crate::program::locations::{Location, resolve};
use crate::program::types::Ty;
use crate::program::world::FuncGid;

/// So many methods deep a test is followed: `if self.ready():` that calls `self._lookup()`.
const DEPTH: u32 = 2;

impl Facts<'_> {
    /// The event whose place the candidate is about.
    pub(super) fn about(&self, func: FuncGid, candidate: &Candidate) -> Option<u32> {
        if candidate.pattern == Pattern::EarlyPublication {
            return Some(candidate.first);
        }
        let it = self.world.func(func);
        let (first, last) =
            (&it.events[candidate.first as usize], &it.events[candidate.last as usize]);
        // Most attributes that are tested are no properties: this is cheap and comes first.
        let elsewhere = first.place != last.place
            && matches!(
                candidate.pattern,
                Pattern::CheckThenUse | Pattern::CheckThenPop | Pattern::CheckThenDereference
            );
        if elsewhere && on_self(it, first) && !same_name(it, first, last) {
            self.tested_by(func, first)?;
        }
        Some(candidate.last)
    }

    /// The method or property whose truth an event asks for.
    fn tested_by(&self, func: FuncGid, test: &Event) -> Option<FuncGid> {
        let [Step::Attr(name)] = self.world.func(func).places[test.place as usize].path.as_slice()
        else {
            return None;
        };
        let method = self.world.method(self.world.class_of(func)?, name)?;
        (test.flags.predicate || crate::program::types::is_property(self.world, method))
            .then_some(method)
    }

    /// Whether the test of the candidate says something about the location.
    pub(super) fn relies(&self, func: FuncGid, candidate: &Candidate, location: &Location) -> bool {
        let it = self.world.func(func);
        let first = &it.events[candidate.first as usize];
        match self.tested_by(func, first).filter(|_| on_self(it, first)) {
            Some(method) => self.looks_at(method, location, 0),
            None => true,
        }
    }

    fn looks_at(&self, method: FuncGid, location: &Location, depth: u32) -> bool {
        let it = self.world.func(method);
        let looks = |event: &Event| match &event.op {
            Op::Contains | Op::Len | Op::Load => true,
            Op::Method(name) => name == "get",
            _ => false,
        };
        // A test without effects: a method that also changes things decides for itself.
        let changes = it.events.iter().any(|it| it.op.rebinds() || it.op == Op::SetItem);
        if changes {
            return false;
        }
        let here = it.events.iter().filter(|it| looks(it)).any(|event| {
            let place = &it.places[event.place as usize];
            resolve(self.world, self.types, method, place).as_ref() == Some(location)
        });
        here || (depth < DEPTH
            && self
                .contexts
                .calls_from(method)
                .filter(|it| it.on_self && it.to != method)
                .any(|it| self.looks_at(it.to, location, depth + 1)))
    }

    /// The same window, by what is known of locks and names.
    pub(super) fn refined(&self, func: FuncGid, mut candidate: Candidate) -> Candidate {
        let it = self.world.func(func);
        let (first, last) =
            (&it.events[candidate.first as usize], &it.events[candidate.last as usize]);
        if candidate.pattern != Pattern::LazyInit {
            return candidate;
        }
        let asks = it.guards.get(last.guard as usize).is_some_and(|guard| {
            guard.atoms.iter().any(|it| it.event == candidate.first && it.kind == AtomKind::In)
        });
        let foreign = matches!(
            it.places[last.place as usize].base,
            Base::Param(_) | Base::Call(_) | Base::Alloc(_)
        );
        let at = |event: &Event| self.locks.at(self.world, func, event.held);
        if asks && foreign {
            candidate.pattern = Pattern::CheckThenSetattr;
        } else if !at(last).is_empty() && at(first).is_empty() {
            candidate.pattern = Pattern::BrokenDoubleCheck;
        }
        candidate
    }

    /// Looking up a key of a `defaultdict` inserts it.
    pub(super) fn inserts_when_read(&self, id: AccessId) -> bool {
        let it = self.world.func(id.0);
        let place = &it.places[it.events[id.1 as usize].place as usize];
        self.types
            .place(self.world, id.0, place)
            .iter()
            .any(|it| matches!(it, Ty::External(name, _) if name.ends_with("defaultdict")))
    }

    /// Whether another access takes away what was tested, or uses what is deleted here.
    pub(super) fn unsets(&self, suspect: &Suspect, other: AccessId) -> bool {
        let (last, event) = (self.event((suspect.func, suspect.candidate.last)), self.event(other));
        if last.op == Op::Delete {
            return event.op == Op::Load
                && event.flags.used
                && !event.flags.caught
                && event.guard == NONE;
        }
        event.op == Op::Delete || (event.op == Op::Store && event.value == Origin::Nothing)
    }

    /// Whether another function sets the flag that was tested and then looks at what is registered here.
    pub(super) fn goes_through(&self, suspect: &Suspect, other: AccessId) -> bool {
        let event = self.event(other);
        let reads = matches!(event.op, Op::Load | Op::Iterate | Op::Consume)
            || matches!(&event.op, Op::Method(name) if matches!(name.as_str(), "pop" | "popleft" | "items" | "values" | "clear"));
        if !reads || other.0 == suspect.func {
            return false;
        }
        let it = self.world.func(suspect.func);
        let test = &it.places[it.events[suspect.candidate.first as usize].place as usize];
        let Some(flag) = resolve(self.world, self.types, suspect.func, test) else { return false };
        let there = self.world.func(other.0);
        let sets = there
            .events
            .iter()
            .filter(|it| it.op == Op::Store && it.seq < event.seq && it.value != Origin::Nothing);
        let mut places: Vec<u32> = sets.map(|it| it.place).collect();
        places.dedup();
        places.iter().any(|place| {
            let place = &there.places[*place as usize];
            resolve(self.world, self.types, other.0, place).as_ref() == Some(&flag)
        })
    }
}

fn on_self(it: &FunctionFacts, event: &Event) -> bool {
    it.places[event.place as usize].base == Base::SelfObj
}

/// `self.x` and `type(self).x`.
fn same_name(it: &FunctionFacts, a: &Event, b: &Event) -> bool {
    it.places[a.place as usize].path == it.places[b.place as usize].path
}
