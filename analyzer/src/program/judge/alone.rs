//! Windows to which one thread comes alone, as far as the code shows: it does all of it, the other side is where one
//! begins, or each thread has an element of its own.

use rustc_hash::FxHashSet;

use super::{AccessId, Conflict, Facts, Suspect};
use crate::domain::{Call, NONE, Origin, Step};
use crate::evidence::Pattern;
use crate::facts::frame::key_of_name;
use crate::program::world::{Entity, FuncGid};
use crate::rule::Confidence;

/// Methods with which one begins to use an object.
const BEGIN: [&str; 6] = ["begin", "connect", "init", "initialize", "open", "start"];

/// Functions that read a clock.
const CLOCKS: [&str; 6] = [
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.time",
];

/// So many callers of a function are looked at.
const MAX_CALLERS: usize = 60;

impl Facts<'_> {
    /// The other side is where one begins to use the object: it is opened, and nobody else has it yet.
    pub(super) fn is_begun_again(&self, suspect: &Suspect, found: &Conflict) -> bool {
        let other = &self.world.func(found.other.0).name;
        matches!(suspect.candidate.pattern, Pattern::CheckThenDereference | Pattern::Iteration)
            && BEGIN.contains(&other.trim_start_matches('_'))
    }

    /// The time of the last round, as two threads that come at the same time store it.
    pub(super) fn is_a_time(&self, suspect: &Suspect) -> bool {
        let last = self.event((suspect.func, suspect.candidate.last));
        let Origin::Call(call) = last.value else { return false };
        let callee = self.world.func(suspect.func).calls[call as usize].callee;
        matches!(suspect.candidate.pattern, Pattern::ReadModifyWrite | Pattern::CompareThenStore)
            && matches!(self.world.entity(suspect.func, callee), Some(Entity::External(name)) if CLOCKS.contains(&name.as_str()))
    }

    /// That one thread runs a function says little of who else does, unless a lock is meant to keep them apart: what comes
    /// to both accesses comes from that thread, and users could only call them because their names are public.
    pub(super) fn is_of_one_thread(
        &self,
        suspect: &Suspect,
        accesses: &[AccessId],
        found: &Conflict,
    ) -> bool {
        let Some(spawn) = found.spawn.filter(|_| found.confidence == Confidence::Medium) else {
            return false;
        };
        let many = self.threads.spawns[spawn as usize].many;
        (!many || self.is_own(spawn, &suspect.location.root))
            && (found.other.0 == suspect.func
                || self.only_comes_by(suspect.func, spawn)
                    && self.only_comes_by(found.other.0, spawn))
            && accesses.iter().all(|it| self.held(*it).is_empty())
    }

    /// A thread runs the function, and all that call it in the project, however far up.
    fn only_comes_by(&self, func: FuncGid, spawn: u32) -> bool {
        let mut todo = vec![func];
        let mut seen: FxHashSet<FuncGid> = FxHashSet::default();
        while let Some(func) = todo.pop() {
            if !seen.insert(func) || self.world.module(func).is_test {
                continue;
            }
            if seen.len() > MAX_CALLERS || !self.contexts.spawns[func as usize].contains(&spawn) {
                return false;
            }
            todo.extend(self.contexts.calls_of(func).map(|it| it.from));
        }
        true
    }

    /// A new value computed by the one thread of its kind, from a value that others only put back: no update of theirs is
    /// lost. Where a lock is held at one of the accesses, it is meant to keep them apart.
    pub(super) fn is_of_one_writer(
        &self,
        suspect: &Suspect,
        accesses: &[AccessId],
        found: &Conflict,
    ) -> bool {
        let Some(spawn) = found.spawn else { return false };
        matches!(suspect.candidate.pattern, Pattern::ReadModifyWrite | Pattern::CompareThenStore)
            && !self.threads.spawns[spawn as usize].many
            && accesses.iter().all(|it| self.held(*it).is_empty())
    }

    /// The key of an element is what the thread was given when it was started: another one for each.
    pub(super) fn has_own_key(&self, suspect: &Suspect, found: &Conflict) -> bool {
        let Some(spawn) = found.spawn.map(|it| &self.threads.spawns[it as usize]) else {
            return false;
        };
        let it = self.world.func(suspect.func);
        let key = it.events[suspect.candidate.last as usize].key;
        let given = it.params.iter().any(|param| key_of_name(&param.name) == key);
        let call = self.world.func(spawn.func).calls.get(spawn.call as usize);
        given
            && found.other.0 == suspect.func
            && spawn.target == suspect.func
            && call.is_some_and(|it| it.in_loop != NONE && self.gives_others(spawn.func, it))
    }

    /// What a call in a loop hands to the thread differs from round to round: no constant, and no variable of the module.
    fn gives_others(&self, func: FuncGid, call: &Call) -> bool {
        let it = self.world.func(func);
        let listed = call.args.iter().find_map(|arg| match arg.value {
            Origin::Alloc(alloc) if arg.name().is_some_and(|it| it == "args") => {
                Some(it.allocs[alloc as usize].elems.clone())
            }
            _ => None,
        });
        let given = listed.unwrap_or_else(|| call.args.iter().skip(1).map(|it| it.value).collect());
        let differs = |origin: &Origin| match *origin {
            Origin::Unknown | Origin::Call(_) | Origin::Alloc(_) => true,
            Origin::Place(place) => it.places[place as usize].path.contains(&Step::Elem),
            _ => false,
        };
        !given.is_empty() && given.iter().all(differs)
    }
}
