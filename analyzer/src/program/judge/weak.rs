//! Windows that are rarely meant to be one step, whatever the threads do: what they lose is found again, or both
//! threads do the same twice.

use ruff_python_ast::name::Name;

use super::identity::is_pure_builtin;
use super::{AccessId, Conflict, Facts, Suspect};
use crate::domain::{Base, Call, Event, FunctionFacts, Op, Origin, Step};
use crate::evidence::Pattern;
use crate::program::locations::Root;
use crate::program::world::{Entity, FuncGid, to_u32};
use crate::rule::Confidence;

/// Methods that write a message for people.
const LOGGING: [&str; 8] =
    ["critical", "debug", "error", "exception", "info", "log", "warn", "warning"];

/// How names of functions begin that put a program together before its threads start.
const SET_UP: [&str; 11] = [
    "configure",
    "install",
    "load_config",
    "monkey",
    "patch",
    "register",
    "set_up",
    "setup",
    "uninstall",
    "unpatch",
    "unregister",
];

/// Words in the names of flags after which something is said, or put together, once: twice does no harm.
const ONCE: [&str; 12] = [
    "configured",
    "displayed",
    "hooked",
    "installed",
    "logged",
    "patched",
    "printed",
    "registered",
    "reported",
    "shown",
    "warned",
    "warning",
];

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
        let in_test = (self.world.module(suspect.func).is_test || it.for_tests) && !sure;
        // Where no thread of the program is known, one that registers while others work is no likely one.
        let set_up = is_set_up(&self.world.func(found.other.0).name)
            && (found.spawn.is_none() || is_set_up(&it.name));
        making
            || passed_on
            || in_test
            || self.is_of_one_thread(suspect, accesses, found)
            || self.is_begun_again(suspect, found)
            || self.is_a_time(suspect)
            || self.is_of_one_writer(suspect, accesses, found)
            || self.has_own_key(suspect, found)
            || (!sure && is_one_of_many(suspect))
            || (set_up && !sure)
            || (!sure && self.is_registered(suspect, found))
            || self.is_given_twice(suspect, found.confidence)
            || self.is_flag_alone(suspect, found)
            || (suspect.candidate.pattern == Pattern::Augment && is_said_once(suspect))
            || (!sure && self.is_filled_outside(suspect, found))
            || (!sure && self.is_for_a_loop(suspect, accesses))
            || self.contexts.of_a_loop[self.world.module_of(suspect.func) as usize]
            || (!sure && self.is_doubtful(suspect, accesses, found.spawn))
            || (!sure && found.spawn.is_none() && self.lacks_grounds(suspect, accesses))
            || self.is_idempotent(suspect, accesses, found.confidence)
    }

    /// A registry of a module that only grows while the program is put together: nobody who registers comes from a thread
    /// of the program, and says so by its name, or makes an object that registers itself.
    fn is_registered(&self, suspect: &Suspect, found: &Conflict) -> bool {
        let looks = matches!(
            suspect.candidate.pattern,
            Pattern::Iteration | Pattern::Snapshot | Pattern::CheckThenUse
        );
        let func = found.other.0;
        let registers = |func: FuncGid| {
            let name = &self.world.func(func).name;
            is_set_up(name) || name.starts_with("add_") || *name == "__init__"
        };
        looks
            && matches!(suspect.location.root, Root::Global(..))
            && self.contexts.spawns[func as usize].is_empty()
            && std::iter::successors(Some(func), |it| self.world.parent(*it)).any(registers)
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
            Pattern::Augment => self.is_only_shown(suspect, accesses, spawn),
            // A limit that is kept: `if self.x > self.limit: self.x = self.limit`.
            Pattern::CompareThenStore => {
                spawn.is_none()
                    || matches!(last.value, Origin::Place(place)
                        if !matches!(it.places[place as usize].base, Base::Param(_) | Base::Call(_)))
            }
            _ => false,
        }
    }

    /// What is loaded or given is mostly equal whoever inserts it; so is what is computed, and a list keeps both, as far as
    /// that goes for guesses.
    fn is_given_twice(&self, suspect: &Suspect, confidence: Confidence) -> bool {
        let last = self.event((suspect.func, suspect.candidate.last));
        let it = self.world.func(suspect.func);
        let given = matches!(last.value, Origin::Place(place)
            if matches!(it.places[place as usize].base,
                Base::Global(_) | Base::Import(_) | Base::Param(_)));
        let guessed =
            matches!(last.value, Origin::Place(_) | Origin::Unknown) || last.op != Op::SetItem;
        suspect.candidate.pattern == Pattern::CheckThenInsert
            && (given || guessed && confidence < Confidence::High)
            && !self.takes_lock(suspect.func)
    }

    /// A flag that two threads may find unset and set to the same: nothing that should run once follows the test, only a
    /// message or nothing at all. Where only one thread of a kind comes there, or others set it elsewhere, a flag tells how
    /// far one has come.
    fn is_flag_alone(&self, suspect: &Suspect, found: &Conflict) -> bool {
        if suspect.candidate.pattern != Pattern::TestAndSet {
            return false;
        }
        let many = found.spawn.is_some_and(|it| self.threads.spawns[it as usize].many);
        if !many || found.other.0 != suspect.func || is_said_once(suspect) {
            return true;
        }
        let it = self.world.func(suspect.func);
        let first = it.events[suspect.candidate.first as usize].seq;
        let logs =
            |call: &Call| name_of(it, call.callee).is_some_and(|it| LOGGING.contains(&it.as_str()));
        it.calls.iter().filter(|it| it.seq > first).all(logs)
    }

    /// A cache that is asked under its lock, filled under it later, and left open while the value is made: giving back the
    /// lock for that long is meant so, and two threads make the value twice.
    fn is_filled_outside(&self, suspect: &Suspect, found: &Conflict) -> bool {
        let it = self.world.func(suspect.func);
        let first = it.events[suspect.candidate.first as usize].seq;
        let Event { seq: last, value, .. } = &it.events[suspect.candidate.last as usize];
        suspect.candidate.pattern == Pattern::CheckThenInsert
            && self.discipline(suspect, found) == Some(Pattern::SplitSection)
            && it.calls.iter().any(|it| it.seq > first && it.seq < *last)
            && !self.must_exist_once(suspect.func, *value, false, 0)
    }

    /// A lock is held somewhere in the function.
    pub(super) fn takes_lock(&self, func: FuncGid) -> bool {
        let regions = (0..to_u32(self.world.func(func).held.len())).skip(1);
        regions.into_iter().any(|held| !self.locks.at(self.world, func, held).is_empty())
    }

    /// A counter that only people see: in the text of its object, in a log, or, where no thread of the program is known,
    /// a private one that nobody reads at all.
    fn is_only_shown(&self, suspect: &Suspect, accesses: &[AccessId], spawn: Option<u32>) -> bool {
        let read = |id: &AccessId| {
            let event = self.event(*id);
            matches!(event.op, Op::Load | Op::GetItem) && !event.flags.augmented
        };
        let shows = |id: &AccessId| {
            let it = self.world.func(id.0);
            matches!(it.name.as_str(), "__repr__" | "__str__") || is_logged(it, self.event(*id))
        };
        let mut reads = accesses.iter().copied().filter(read).peekable();
        let private = suspect.location.last_name().is_some_and(|it| it.starts_with('_'));
        (spawn.is_none() && private || reads.peek().is_some()) && reads.all(|it| shows(&it))
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

/// What a container holds is one location for all its entries: two accesses mostly mean two entries.
fn is_one_of_many(suspect: &Suspect) -> bool {
    let module = matches!(suspect.location.root, Root::Global(..) | Root::Process(_));
    module && suspect.location.is_in_a_container()
}

/// By its name it keeps something from being said, or put together, twice.
fn is_said_once(suspect: &Suspect) -> bool {
    let name = suspect.location.last_name();
    name.is_some_and(|name| ONCE.iter().any(|it| name.contains(it)))
}

/// A function that is called while a program is put together, by its name.
fn is_set_up(name: &Name) -> bool {
    let name = name.trim_start_matches('_');
    SET_UP.iter().any(|it| name.starts_with(it))
}

/// What is read here goes into a message of a log, and nowhere else.
fn is_logged(it: &FunctionFacts, event: &Event) -> bool {
    let given = |call: &Call| {
        call.args.iter().any(|it| matches!(it.value, Origin::Place(place) if place == event.place))
    };
    let next = it.calls.iter().filter(|it| it.seq > event.seq).min_by_key(|it| it.seq);
    next.is_some_and(given) && before_a_log(it, event)
}

/// The next call writes a message: what is read here stands in it.
pub(super) fn before_a_log(it: &FunctionFacts, event: &Event) -> bool {
    let next = it.calls.iter().filter(|it| it.seq > event.seq).min_by_key(|it| it.seq);
    next.and_then(|call| name_of(it, call.callee)).is_some_and(|it| LOGGING.contains(&it.as_str()))
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
