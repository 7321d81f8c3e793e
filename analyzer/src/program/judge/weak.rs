//! Windows that are rarely meant to be one step, whatever the threads do: what they lose is found again, or both
//! threads do the same twice.

use ruff_python_ast::name::Name;

use super::identity::is_pure_builtin;
use super::{AccessId, Conflict, Facts, Suspect};
use crate::domain::{Base, Event, FunctionFacts, Op, Origin, Step};
use crate::evidence::Pattern;
use crate::program::locations::Root;
use crate::program::world::{Entity, FuncGid, to_u32};
use crate::rule::Confidence;

impl Facts<'_> {
    /// A place of an object with coroutines that no lock is ever held for: the locks that the class has are for what its
    /// threads do, and the event loop has this place to itself.
    fn is_for_a_loop(&self, suspect: &Suspect, accesses: &[AccessId]) -> bool {
        let Root::Instance(class, _) = &suspect.location.root else { return false };
        let class = suspect.holder.unwrap_or(*class);
        self.family(class).any(|it| self.has_coroutines(it))
            && accesses.iter().all(|it| self.held(*it).is_empty())
    }

    /// Whether a conflict that was found is likely to be harmless, or to be none.
    pub(super) fn is_low(
        &self,
        suspect: &Suspect,
        accesses: &[AccessId],
        found: &Conflict,
    ) -> bool {
        let it = self.world.func(suspect.func);
        let sure = found.confidence == Confidence::High;
        // Classes are made while modules are imported.
        let making = matches!(it.name.as_str(), "__init_subclass__" | "__set_name__");
        // Who gets the container may not mind that it is empty.
        let passed_on = suspect.candidate.pattern == Pattern::CheckThenPop
            && it.events[suspect.candidate.last as usize].op == Op::Load;
        // A test that starts threads itself means it; nobody else calls tests from threads.
        let in_test = self.world.module(suspect.func).is_test && !sure;
        // That a thread runs a function says little of who else runs it, unless a lock is meant to keep them apart.
        let alone = found.confidence == Confidence::Medium
            && found.spawn.is_some_and(|it| !self.threads.spawns[it as usize].many)
            && found.other.0 == suspect.func
            && accesses.iter().all(|it| self.held(*it).is_empty());
        making
            || passed_on
            || in_test
            || alone
            || (!sure && self.is_for_a_loop(suspect, accesses))
            || self.contexts.of_a_loop[self.world.module_of(suspect.func) as usize]
            || (!sure && self.is_doubtful(suspect, accesses, found.spawn))
            || self.is_idempotent(suspect, accesses, found.confidence)
    }

    /// What two users of one object may do to each other here is likely to be harmless.
    fn is_doubtful(&self, suspect: &Suspect, accesses: &[AccessId], spawn: Option<u32>) -> bool {
        let it = self.world.func(suspect.func);
        let first = &it.events[suspect.candidate.first as usize];
        let last = &it.events[suspect.candidate.last as usize];
        match suspect.candidate.pattern {
            // Flags and states are mostly those of one user who does one thing after the other.
            Pattern::TestAndSet => true,
            Pattern::ReadModifyWrite => {
                it.calls.iter().any(|it| it.seq > first.seq && it.seq < last.seq)
                    || !self.is_update(suspect.func, last)
            }
            Pattern::Augment => self.is_only_shown(accesses),
            // A limit that is kept: `if self.x > self.limit: self.x = self.limit`.
            Pattern::CompareThenStore => {
                spawn.is_none()
                    || matches!(last.value, Origin::Place(place)
                        if !matches!(it.places[place as usize].base, Base::Param(_) | Base::Call(_)))
            }
            // What is loaded, given or computed is mostly equal whoever does it; a list keeps both.
            Pattern::CheckThenInsert => {
                let found = matches!(last.value, Origin::Place(_) | Origin::Unknown);
                (found || last.op != Op::SetItem) && !self.takes_lock(suspect.func)
            }
            _ => false,
        }
    }

    /// A lock is held somewhere in the function.
    fn takes_lock(&self, func: FuncGid) -> bool {
        let regions = (0..to_u32(self.world.func(func).held.len())).skip(1);
        regions.into_iter().any(|held| !self.locks.at(self.world, func, held).is_empty())
    }

    /// A counter that only the text of its object shows.
    fn is_only_shown(&self, accesses: &[AccessId]) -> bool {
        let read = |id: &AccessId| {
            let event = self.event(*id);
            matches!(event.op, Op::Load | Op::GetItem) && !event.flags.augmented
        };
        let shows =
            |id: &AccessId| matches!(self.world.func(id.0).name.as_str(), "__repr__" | "__str__");
        let mut reads = accesses.iter().copied().filter(read).peekable();
        reads.peek().is_some() && reads.all(|it| shows(&it))
    }

    /// The new value is made of the old one, not only chosen by it: an expression, a new container, or a call that is
    /// given the old value. What a method of the old value returns is another state, not an update.
    fn is_update(&self, func: FuncGid, last: &Event) -> bool {
        let it = self.world.func(func);
        match last.value {
            Origin::Call(call) => {
                let call = &it.calls[call as usize];
                let fallback = matches!(name_of(it, call.callee), Some(name) if name == "get");
                let builtin = matches!(self.world.entity(func, call.callee),
                    Some(Entity::External(name)) if is_pure_builtin(&name));
                let given = call
                    .args
                    .iter()
                    .any(|it| matches!(it.value, Origin::Place(place) if place == last.place));
                !fallback && (builtin || given)
            }
            Origin::Place(_) => false,
            _ => true,
        }
    }
}

/// The last part of the name of what is called.
fn name_of(it: &FunctionFacts, callee: Origin) -> Option<&Name> {
    let Origin::Place(place) = callee else { return None };
    let place = &it.places[place as usize];
    match place.path.last() {
        Some(Step::Attr(name)) => Some(name),
        Some(Step::Elem) => None,
        None => match &place.base {
            Base::Global(name) => Some(name),
            _ => None,
        },
    }
}
