//! Windows that are rarely meant to be one step, whatever the threads do: what they lose is found again, or both
//! threads do the same twice.

use ruff_python_ast::name::Name;

use super::identity::{is_parameter, is_pure_builtin};
use super::{Facts, Suspect};
use crate::domain::{Base, Event, FunctionFacts, Op, Origin, Step};
use crate::evidence::Pattern;
use crate::program::world::{Entity, FuncGid};

/// Calls that only tell somebody something.
const TELLING: [&str; 11] = [
    "critical", "debug", "error", "exception", "info", "isinstance", "len", "log", "print", "warn", "warning",
];

/// Words in the names of calls that should not happen twice.
const ONCE: [&str; 16] = [
    "add", "append", "connect", "create", "extend", "hook", "insert", "install", "listen", "open",
    "patch", "put", "register", "spawn", "start", "subscribe",
];

impl Facts<'_> {
    /// Conflicts that a program rarely means: a container that may as well be empty, classes in the making.
    pub(super) fn is_weak(&self, suspect: &Suspect) -> bool {
        let last = self.event((suspect.func, suspect.candidate.last));
        // Classes are made while modules are imported.
        if matches!(
            self.world.func(suspect.func).name.as_str(),
            "__init_subclass__" | "__set_name__"
        ) {
            return true;
        }
        match suspect.candidate.pattern {
            Pattern::CheckThenPop => last.op == Op::Load,
            _ => false,
        }
    }

    /// What two users of one object may do to each other here is likely to be harmless.
    pub(super) fn is_doubtful(&self, suspect: &Suspect, spawn: Option<u32>) -> bool {
        let it = self.world.func(suspect.func);
        let first = &it.events[suspect.candidate.first as usize];
        let last = &it.events[suspect.candidate.last as usize];
        match suspect.candidate.pattern {
            // Flags and states are mostly those of one user who does one thing after the other.
            Pattern::TestAndSet => spawn.is_none() || !is_claim(it, first, last),
            Pattern::ReadModifyWrite => {
                let spread = it.calls.iter().any(|it| it.seq > first.seq && it.seq < last.seq);
                spread && spawn.is_none() || !self.is_update(suspect.func, last)
            }
            // A limit that is kept: `if self.x > self.limit: self.x = self.limit`.
            Pattern::CompareThenStore => {
                spawn.is_none()
                    || matches!(last.value, Origin::Place(place)
                        if !matches!(it.places[place as usize].base, Base::Param(_) | Base::Call(_)))
            }
            Pattern::CheckThenInsert => {
                matches!(last.value, Origin::Place(place) if is_parameter(it, place))
            }
            _ => false,
        }
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

/// The flag is set before anything is done, and then something is done that matters; or what is done before it is set
/// must not happen twice.
fn is_claim(it: &FunctionFacts, first: &Event, last: &Event) -> bool {
    let between = |from: u32, to: u32| {
        it.calls.iter().filter(move |it| it.seq > from && it.seq < to).map(|it| it.callee)
    };
    let acts = |callee: Origin| {
        !matches!(name_of(it, callee), Some(name) if TELLING.contains(&name.as_str()))
    };
    let once = |callee: Origin| {
        name_of(it, callee).is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            ONCE.iter().any(|it| name.contains(it))
        })
    };
    let changes = |from: u32, to: u32| {
        it.events.iter().any(|it| {
            it.seq > from
                && it.seq < to
                && (it.flags.augmented
                    || matches!(&it.op, Op::Method(name) if ONCE.contains(&name.as_str())))
        })
    };
    if between(first.seq, last.seq).any(acts) {
        return between(first.seq, last.seq).any(once) || changes(first.seq, last.seq);
    }
    between(last.seq, u32::MAX).any(acts) || changes(first.seq, u32::MAX)
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
