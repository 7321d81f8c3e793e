//! Values that a lock keeps in step and that are read without it: two counters that are updated in one region, and read
//! one after the other outside of it. One such read alone is atomic and left in peace.

use std::collections::BTreeMap;

use super::weak::before_a_log;
use super::{AccessId, Conflict, Facts, Suspect};
use crate::domain::{Candidate, Event, Op};
use crate::evidence::Pattern;
use crate::program::locks::LockId;
use crate::program::world::FuncGid;
use crate::rule::Confidence;

/// So far apart, in evaluation order, two reads belong to one expression.
const NEAR: u32 = 4;

impl Facts<'_> {
    /// Pairs of unguarded reads of what one region of a function updates together.
    pub(super) fn torn<'s>(
        &self,
        suspects: &'s [Suspect],
        of: impl Fn(&'s Suspect) -> &'s [AccessId],
    ) -> Vec<(Suspect, Conflict)> {
        let mut together: BTreeMap<LockId, Vec<&Suspect>> = BTreeMap::new();
        for suspect in suspects.iter().filter(|it| !it.contents) {
            let update = matches!(
                suspect.candidate.pattern,
                Pattern::Augment | Pattern::ReadModifyWrite | Pattern::CompareThenStore
            );
            if !update {
                continue;
            }
            for lock in self.protection(suspect) {
                together.entry(lock).or_default().push(suspect);
            }
        }
        let mut out = Vec::new();
        for group in together.values().filter(|it| it.len() > 1) {
            let mut reads: BTreeMap<FuncGid, Vec<(u32, &Suspect)>> = BTreeMap::new();
            for suspect in group.iter().take(8) {
                for (func, event) in of(suspect).iter().copied() {
                    if func != suspect.func && self.is_bare_read((func, event)) {
                        reads.entry(func).or_default().push((event, suspect));
                    }
                }
            }
            for (func, mut list) in reads {
                list.sort_by_key(|it| it.0);
                out.extend(list.windows(2).find_map(|pair| self.pair(func, pair[0], pair[1])));
            }
        }
        out
    }

    /// A read of the reference, outside of locks, of tests, and of updates.
    fn is_bare_read(&self, id: AccessId) -> bool {
        let event = self.event(id);
        let facts = self.world.func(id.0);
        // What is printed may be a little off.
        let shown = matches!(facts.name.as_str(), "__repr__" | "__str__" | "__del__");
        event.op == Op::Load
            && !event.flags.augmented
            && !event.flags.owned
            && !shown
            && !self.world.module(id.0).is_test
            && !self.contexts.init_only[id.0 as usize]
            && self.held(id).is_empty()
    }

    fn pair(
        &self,
        func: FuncGid,
        a: (u32, &Suspect),
        b: (u32, &Suspect),
    ) -> Option<(Suspect, Conflict)> {
        let facts = self.world.func(func);
        let at = |index: u32| -> &Event { &facts.events[index as usize] };
        let (first, last) = (at(a.0), at(b.0));
        let base = |it: &Event| &facts.places[it.place as usize].base;
        let apart = a.1.location == b.1.location
            || last.seq - first.seq > NEAR
            || base(first) != base(last)
            || first.guard != last.guard;
        // What a log says may be a little off.
        if apart || before_a_log(facts, last) {
            return None;
        }
        let writer = (b.1.func, b.1.candidate.last);
        let (confidence, spawn, because) = self.concurrent((func, b.0), writer, b.1)?;
        let found = Suspect {
            func,
            candidate: Candidate { pattern: Pattern::Unguarded, first: a.0, last: b.0 },
            location: b.1.location.clone(),
            contents: false,
            holder: b.1.holder,
        };
        let confidence = confidence.min(Confidence::Medium);
        Some((found, Conflict { other: writer, confidence, spawn, because }))
    }

    /// Two classes that share a base and nothing below: an object of one is none of the other.
    pub(super) fn are_strangers(&self, a: AccessId, b: AccessId) -> bool {
        let own = |id: AccessId| {
            let it = self.world.func(id.0);
            let place = &it.places[self.event(id).place as usize];
            (place.base == crate::domain::Base::SelfObj && place.path.len() == 1)
                .then(|| self.world.class_of(id.0))
                .flatten()
        };
        let (Some(a), Some(b)) = (own(a), own(b)) else { return false };
        if self.related(a, b) {
            return false;
        }
        // A class below both makes them one object.
        let (below_a, below_b) = (self.world.descendants(a), self.world.descendants(b));
        let (below, other) =
            if below_a.len() < below_b.len() { (below_a, b) } else { (below_b, a) };
        !below.iter().any(|it| self.world.ancestors(*it).contains(&other))
    }
}
