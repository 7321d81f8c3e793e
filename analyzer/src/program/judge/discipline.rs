//! Locks that are held and do not help: two locks for one place, one lock given back in between, a lock inside of a
//! loop over what it guards, a guarded container that is returned.

use super::{AccessId, Conflict, Facts, Suspect};
use crate::domain::{Event, FunctionFacts, Key, Mode, NONE, Op};
use crate::evidence::Pattern;
use crate::program::locations::Root;
use crate::program::locks::{HeldLock, LockId};
use crate::program::types::Ty;
use crate::program::world::FuncGid;
use crate::rule::Confidence;

impl Facts<'_> {
    /// How the locks that are held in a conflict fail to help.
    pub(super) fn discipline(&self, suspect: &Suspect, conflict: &Conflict) -> Option<Pattern> {
        let pattern = suspect.candidate.pattern;
        if matches!(pattern, Pattern::Unguarded | Pattern::GuardedEscape) {
            return None;
        }
        let own = (suspect.func, suspect.candidate.last);
        let (first, last) = (
            self.locks_at(suspect, suspect.candidate.first),
            self.locks_at(suspect, suspect.candidate.last),
        );
        let theirs = self.held(conflict.other);
        if pattern == Pattern::Iteration {
            let inside = first.is_empty() && self.locked_in_loop(suspect, &theirs);
            return inside.then_some(Pattern::GuardInWrongScope);
        }
        let covers = first.iter().any(|it| last.contains(it));
        let split = !covers
            && first.iter().any(|(lock, region)| {
                let again = last.iter().any(|(it, at)| it == lock && at != region);
                again && *region != NONE && (conflict.other == own || theirs.contains(lock))
            });
        if split {
            return Some(Pattern::SplitSection);
        }
        if !covers || pattern == Pattern::Snapshot {
            return None;
        }
        let mixed = if conflict.other == own {
            matches!(suspect.location.root, Root::Global(..) | Root::Class(..))
                && first.iter().all(|it| matches!(it.0, LockId::Instance(..)))
        } else {
            // The read side of the same lock is one lock all the same.
            let at = self.event(conflict.other).held;
            let all = self.locks.at(self.world, conflict.other.0, at);
            !theirs.is_empty() && !all.iter().any(|it| first.iter().any(|mine| mine.0 == it.0))
        };
        mixed.then_some(Pattern::MixedGuards)
    }

    fn locks_at(&self, suspect: &Suspect, event: u32) -> Vec<HeldLock> {
        let it = self.world.func(suspect.func);
        let held = it.events[event as usize].held;
        let mut out = self.locks.at(self.world, suspect.func, held);
        out.retain(|it| it.0 != LockId::Convention);
        out
    }

    /// Whether the body of the loop takes one of these locks.
    fn locked_in_loop(&self, suspect: &Suspect, locks: &[LockId]) -> bool {
        let it = self.world.func(suspect.func);
        let head = &it.events[suspect.candidate.last as usize];
        let later = |seq: u32, in_loop: u32| seq > head.seq && in_loop != NONE;
        // Loops are numbered as they begin: the one that begins next is the one that goes through the container.
        let events = it.events.iter().map(|it| (it.seq, it.in_loop));
        let regions = it.regions.iter().map(|it| (it.enter, it.in_loop));
        let inner = events
            .chain(regions)
            .filter(|it| later(it.0, it.1) && it.1 != head.in_loop)
            .map(|it| it.1)
            .min();
        (0u32..).zip(&it.regions).any(|(index, region)| {
            later(region.enter, region.in_loop)
                && Some(region.in_loop) == inner
                && self
                    .locks
                    .regions
                    .get(&(suspect.func, index))
                    .is_some_and(|it| locks.contains(it))
        })
    }

    /// A guarded container leaves its guard, and is changed in place under the guard by another thread.
    pub(super) fn escape(&self, suspect: &Suspect, accesses: &[AccessId]) -> Option<Conflict> {
        let own = (suspect.func, suspect.candidate.last);
        let decorated = self.locks.decorated.get(&suspect.func);
        let guards: Vec<LockId> = self
            .locks_at(suspect, suspect.candidate.last)
            .into_iter()
            .filter(|(lock, region)| {
                *region != NONE || decorated.is_some_and(|it| it.contains(lock))
            })
            .map(|it| it.0)
            .collect();
        if guards.is_empty()
            || !self.is_plain_container(suspect)
            || self.kept_inside(suspect.func, &guards)
            || self.is_taken_away(own, accesses)
        {
            return None;
        }
        let mut best: Option<Conflict> = None;
        for other in accesses.iter().copied().filter(|it| *it != own) {
            let held = self.held(other);
            let guarded = held.iter().any(|it| guards.contains(it));
            if !guarded || !self.breaks(suspect, other) || self.is_construction(other, suspect) {
                continue;
            }
            let Some((confidence, spawn, because)) = self.concurrent(own, other, suspect) else {
                continue;
            };
            if best.as_ref().is_none_or(|it| it.confidence < confidence) {
                best = Some(Conflict { other, confidence, spawn, because });
            }
        }
        let mut best = best?;
        if self.world.module(suspect.func).is_test {
            best.confidence = Confidence::Low;
        }
        Some(best)
    }

    /// After the access the function, or a method that it calls on the same object, puts another one in its place: who has
    /// the old one has it alone.
    fn is_taken_away(&self, own: AccessId, accesses: &[AccessId]) -> bool {
        let seq = self.event(own).seq;
        let calls = |to: FuncGid| {
            let mut calls = self.contexts.calls_from(own.0);
            calls.any(|edge| {
                edge.to == to && edge.on_self && {
                    let call = self.world.func(own.0).calls.get(edge.call as usize);
                    call.is_some_and(|it| it.seq > seq)
                }
            })
        };
        accesses
            .iter()
            .filter(|it| self.event(**it).op == Op::Store)
            .any(|it| if it.0 == own.0 { self.event(*it).seq > seq } else { calls(it.0) })
    }

    /// What the function goes through was taken out of its place before, under the lock of those who change it.
    pub(super) fn is_swapped_out(
        &self,
        suspect: &Suspect,
        other: AccessId,
        all: &[AccessId],
    ) -> bool {
        let own = (suspect.func, suspect.candidate.last);
        let goes_through =
            matches!(suspect.candidate.pattern, Pattern::Iteration | Pattern::Snapshot);
        if !goes_through {
            return false;
        }
        let locks = self.held(other);
        let here = |it: &&AccessId| it.0 == own.0 && self.event(**it).seq < self.event(own).seq;
        let kept = |it: &AccessId| self.event(*it).key == Key::KEPT;
        let swapped = |store: &AccessId| {
            let (at, under) = (self.event(*store).seq, self.held(*store));
            let mut before = all.iter().filter(here);
            self.event(*store).op == Op::Store
                && under.iter().any(|it| locks.contains(it))
                && before.any(|it| kept(it) && self.event(*it).seq < at && self.held(*it) == under)
        };
        all.iter().filter(here).any(swapped)
    }

    /// A built-in container whose iterators mind: a project class may copy, or lock by itself.
    fn is_plain_container(&self, suspect: &Suspect) -> bool {
        let it = self.world.func(suspect.func);
        let event = &it.events[suspect.candidate.last as usize];
        let held = self.types.place_at(self.world, suspect.func, event.place);
        !held.is_empty()
            && held.iter().all(|it| match it {
                Ty::Made(kind, _) => *kind != crate::domain::Container::Tuple,
                Ty::External(name, _) => matches!(
                    name.rsplit('.').next().unwrap_or_default(),
                    "OrderedDict"
                        | "defaultdict"
                        | "deque"
                        | "Counter"
                        | "WeakSet"
                        | "WeakKeyDictionary"
                        | "WeakValueDictionary"
                ),
                _ => false,
            })
    }

    /// A private function whose callers all hold the lock around the call: nothing leaves the guard.
    fn kept_inside(&self, func: FuncGid, guards: &[LockId]) -> bool {
        let mut calls = self.contexts.calls_of(func).peekable();
        self.world.func(func).name.starts_with('_')
            && calls.peek().is_some()
            && calls.all(|edge| {
                let held = self
                    .world
                    .func(edge.from)
                    .calls
                    .get(edge.call as usize)
                    .map_or(0, |it| it.held);
                let at = self.locks.at(self.world, edge.from, held);
                at.iter().any(|it| guards.contains(&it.0))
            })
    }
}

/// Under the read side of a readers-writer lock others read too: it protects reads only.
pub(super) fn protects_access(it: &FunctionFacts, region: u32, event: &Event) -> bool {
    let reads = it.regions.get(region as usize).is_some_and(|it| it.mode == Mode::Reads);
    let writes = match &event.op {
        Op::Store | Op::Delete | Op::SetItem | Op::DelItem => true,
        Op::Method(name) => super::iteration::changes(name),
        _ => false,
    };
    !(reads && writes)
}
