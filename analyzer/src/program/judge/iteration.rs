//! Windows about going through containers, taking from iterators, emptying, sorting and swapping.
//!
//! What an operation does stands in `knowledge/atomicity.toml`.

use super::{AccessId, Facts, Suspect};
use crate::domain::{Candidate, Container, Event, Key, NONE, Op, Origin};
use crate::evidence::Pattern;
use crate::knowledge::atomicity::{ATOMICITY, Handling, Shared};
use crate::program::locations::{Location, Root};
use crate::program::threads::Tasks;
use crate::program::types::Ty;
use crate::program::world::FuncGid;
use crate::rule::{Confidence, GilClass};

impl Facts<'_> {
    /// A loop over an iterator that is known as such is about the iterator and not about a container.
    pub(super) fn of_iterators(&self, func: FuncGid, candidate: &Candidate) -> Candidate {
        if !matches!(
            candidate.pattern,
            Pattern::Iteration | Pattern::Snapshot | Pattern::SharedIterator
        ) {
            return *candidate;
        }
        let held = self.held_by(func, candidate);
        let known: Option<Vec<Shared>> = held.iter().map(|it| self.iterator(it)).collect();
        let pattern = match known.and_then(|it| it.into_iter().min_by_key(|it| *it as u8)) {
            Some(Shared::Crashes) => Pattern::SharedGenerator,
            Some(Shared::Tee) => Pattern::Tee,
            Some(Shared::Repeats) => Pattern::SharedIterator,
            Some(Shared::Safe) | None => candidate.pattern,
        };
        Candidate { pattern, ..*candidate }
    }

    fn held_by(&self, func: FuncGid, candidate: &Candidate) -> crate::program::types::Types {
        let it = self.world.func(func);
        let place = &it.places[it.events[candidate.last as usize].place as usize];
        self.types.place(self.world, func, place)
    }

    /// Containers whose iterators raise when an element comes or goes. Lists do not: they skip or repeat.
    fn raises(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Made(kind, _) => matches!(kind, Container::Dict | Container::Set),
            Ty::External(name, _) => ATOMICITY.raises(name, self.target),
            _ => false,
        }
    }

    /// Containers of which even `list(x)` is not one step.
    fn copies_stepwise(&self, ty: &Ty) -> bool {
        matches!(ty, Ty::External(name, _) if ATOMICITY.copies_stepwise(name, self.target))
    }

    /// What happens when several threads take from such a value.
    fn iterator(&self, ty: &Ty) -> Option<Shared> {
        match ty {
            Ty::Made(Container::Generator, _) => Some(Shared::Crashes),
            Ty::External(name, site) => {
                let shared = ATOMICITY.iterator(name, self.target)?;
                // `iter(q.get, STOP)` only calls the function, once for each step.
                let calls = name == "builtins.iter"
                    && site.0 != u32::MAX
                    && self
                        .world
                        .func(site.0)
                        .calls
                        .get(site.1 as usize)
                        .is_some_and(|it| it.args.len() == 2);
                (!calls).then_some(shared)
            }
            _ => None,
        }
    }

    /// Whether this access, falling into a window about iteration, breaks it; `None` for windows about other things.
    pub(super) fn breaks_iteration(&self, suspect: &Suspect, other: AccessId) -> Option<bool> {
        let event = self.event(other);
        let last = self.event((suspect.func, suspect.candidate.last));
        let method = |test: fn(&str) -> bool| matches!(&event.op, Op::Method(name) if test(name));
        let element = matches!(event.op, Op::SetItem | Op::DelItem);
        Some(match suspect.candidate.pattern {
            Pattern::Iteration | Pattern::Snapshot if self.looks_up(suspect) => {
                let removed = event.op == Op::DelItem || method(removes);
                last.key == Key::VIEW && removed
            }
            Pattern::CopyThenClear => self.adds(suspect, other, event),
            Pattern::SharedGenerator | Pattern::SharedIterator | Pattern::Tee => {
                matches!(event.op, Op::Iterate | Op::Consume)
                    || method(|it| ATOMICITY.handling(it) == Some(Handling::Advances))
            }
            Pattern::DeepCopy => element || method(changes),
            Pattern::SortInPlace => {
                // What is emptied and filled again may be looked into by any key.
                matches!(event.op, Op::GetItem | Op::Len | Op::Iterate | Op::Consume | Op::Contains)
                    || method(|it| {
                        matches!(it, "index" | "copy" | "get" | "items" | "keys" | "values")
                    })
            }
            Pattern::SortedStructure => {
                let heap = matches!(&last.op, Op::Method(it) if ATOMICITY.handling(it) == Some(Handling::Heaps));
                let ordered = |it: &str| ATOMICITY.handling(it) == Some(Handling::SortedInsert);
                element || method(|it| it != "clear" && changes(it)) || (!heap && method(ordered))
            }
            Pattern::Swap if last.op == Op::Store => event.op.rebinds(),
            Pattern::Swap => {
                element
                    || method(changes)
                    || method(|it| ATOMICITY.handling(it) == Some(Handling::Swaps))
            }
            Pattern::CachedFactory | Pattern::LazySubmodule => {
                event.op == Op::DelItem || method(|it| it == "pop")
            }
            Pattern::MappingMixin => element || method(changes),
            Pattern::IndexLoop => {
                event.op == Op::DelItem || method(|it| ATOMICITY.effects(it).removes())
            }
            _ => return None,
        })
    }

    /// What the window goes through is a copy of the keys.
    fn looks_up(&self, suspect: &Suspect) -> bool {
        let known = |name: &str| ATOMICITY.looks_up(name, self.target);
        matches!(&suspect.location.root, Root::Process(name) if suspect.location.path.is_empty() && known(name))
    }

    /// Whether an access adds to what the window takes and empties.
    fn adds(&self, suspect: &Suspect, other: AccessId, event: &Event) -> bool {
        match &event.op {
            Op::SetItem => true,
            Op::Method(name) => {
                let effects = ATOMICITY.effects(name);
                effects.adds()
                    || (effects.writes()
                        && self.held_by(suspect.func, &suspect.candidate).iter().any(|it| {
                            matches!(it, Ty::External(name, _) if matches!(name.as_str(), "io.StringIO" | "io.BytesIO"))
                        }))
            }
            // `self.n += 1`, `self.items = self.items + [x]`; not `self.n = saved`.
            Op::Store if event.value != Origin::Place(event.place) => {
                let events = &self.world.func(other.0).events;
                event.deps.iter().any(|it| {
                    let read = &events[*it as usize];
                    read.place == event.place && read.op == Op::Load
                })
            }
            _ => false,
        }
    }

    /// Whether a second run of a window about iteration breaks the first; `None` for windows about other things.
    pub(super) fn iteration_on_itself(&self, suspect: &Suspect) -> Option<bool> {
        let last = self.event((suspect.func, suspect.candidate.last));
        Some(match suspect.candidate.pattern {
            Pattern::CopyThenClear
            | Pattern::DeepCopy
            | Pattern::SortInPlace
            | Pattern::IndexLoop => false,
            Pattern::SortedStructure => {
                !matches!(&last.op, Op::Method(it) if ATOMICITY.is_one_step(it, self.target))
            }
            _ => return None,
        })
    }

    /// Windows about iteration that lose nothing whatever comes between.
    pub(super) fn iteration_is_harmless(
        &self,
        last: &Event,
        pattern: Pattern,
        held: &[Ty],
    ) -> Option<bool> {
        let list = || held.iter().any(|it| matches!(it, Ty::Made(Container::List, _)));
        let object = || {
            held.iter().any(|it| matches!(it, Ty::Instance(class) if !self.is_container(*class)))
        };
        Some(match pattern {
            Pattern::Iteration => {
                let view = last.key == Key::VIEW;
                // Of somebody's variable only `items()` says that it is a mapping.
                let list = !view && held.iter().any(is_foreign);
                list || !((view && held.is_empty()) || held.iter().any(|it| self.raises(it)))
            }
            Pattern::Snapshot if last.key == Key::COPIED => {
                !held.iter().any(|it| self.copies_stepwise(it))
            }
            Pattern::Snapshot => {
                !((last.key == Key::VIEW && held.is_empty())
                    || held.iter().any(|it| self.raises(it)))
            }
            // Unless the types say that it is an iterator, `next(x)` calls a method.
            Pattern::SharedIterator => {
                !held.iter().any(|it| self.iterator(it).is_some_and(|it| it != Shared::Safe))
            }
            Pattern::CopyThenClear => object(),
            Pattern::DeepCopy => {
                let exact_is_safe = matches!(&last.op, Op::Method(it) if ATOMICITY.handling(it) == Some(Handling::GoesThroughLookalikes));
                !held
                    .iter()
                    .any(|it| self.raises(it) && (!exact_is_safe || self.copies_stepwise(it)))
            }
            Pattern::SortInPlace if !matches!(&last.op, Op::Method(it) if matches!(it.as_str(), "sort" | "reverse")) => {
                object()
            }
            Pattern::SortInPlace | Pattern::SortedStructure => !list(),
            Pattern::IndexLoop => {
                !list()
                    && !held
                        .iter()
                        .any(|it| matches!(it, Ty::External(name, _) if name.ends_with("deque")))
            }
            Pattern::Swap => object(),
            _ => return None,
        })
    }

    /// Tests of a container of the whole process in which an entry may be stored twice.
    pub(super) fn is_settings(location: &Location, pattern: Pattern) -> bool {
        let Root::Process(name) = &location.root else { return false };
        let tests = matches!(
            pattern,
            Pattern::CheckThenInsert | Pattern::CheckThenUse | Pattern::CheckThenPop
        );
        tests && ATOMICITY.process(name).is_some_and(|it| !it.keyed)
    }

    /// An iterator made for one thread: each start of the thread hands over another one.
    pub(super) fn is_handed_to_one(&self, suspect: &Suspect, spawn: Option<u32>) -> bool {
        let iterator = matches!(
            suspect.candidate.pattern,
            Pattern::SharedGenerator | Pattern::SharedIterator | Pattern::Tee
        );
        let (Root::Made(_), Some(spawn), true) = (&suspect.location.root, spawn, iterator) else {
            return false;
        };
        let spawns = &self.threads.spawns;
        let it = &spawns[spawn as usize];
        let call = self.world.func(it.func).calls.get(it.call as usize);
        let looped = call.is_some_and(|it| it.in_loop != NONE);
        // `pool.map(f, items)` takes from `items` in one thread and hands out what it got.
        if it.tasks == Tasks::Pool && it.many && !looped {
            return true;
        }
        let siblings =
            spawns.iter().filter(|other| other.func == it.func && other.target == it.target);
        !looped && siblings.count() < 2
    }

    /// A container of the whole process that changes without any code of the project.
    pub(super) fn changed_by_others(&self, suspect: &Suspect) -> Option<(Confidence, String)> {
        let Root::Process(name) = &suspect.location.root else { return None };
        let row = ATOMICITY.process(name).filter(|it| !it.changed_by.is_empty())?;
        // The objects in it are others.
        if suspect.location.is_in_a_container() {
            return None;
        }
        if !matches!(
            suspect.candidate.pattern,
            Pattern::Iteration | Pattern::Snapshot | Pattern::DeepCopy
        ) {
            return None;
        }
        let side = self.side((suspect.func, suspect.candidate.last));
        let confidence = if side.public || side.live_main || !side.spawns.is_empty() {
            Confidence::Medium
        } else {
            return None;
        };
        Some((
            confidence,
            format!("`{name}` is one for the process: {} of any thread change it", row.changed_by),
        ))
    }
}

/// Windows in which a GIL build can switch threads whatever their events say.
pub(super) fn gil_of(pattern: Pattern, last: &Event) -> Option<GilClass> {
    match pattern {
        Pattern::SharedGenerator | Pattern::IndexLoop => Some(GilClass::Exposed),
        Pattern::DeepCopy => matches!(&last.op, Op::Method(it) if it.starts_with("copy.") || it.starts_with("dataclasses."))
            .then_some(GilClass::Exposed),
        _ => None,
    }
}

/// Methods that take elements away.
pub(super) fn removes(name: &str) -> bool {
    ATOMICITY.effects(name).removes()
}

/// Methods that take elements away, from a queue too.
pub(super) fn takes(name: &str) -> bool {
    ATOMICITY.effects(name).takes()
}

/// Methods that change a container.
pub(super) fn changes(name: &str) -> bool {
    ATOMICITY.effects(name).changes()
}

/// A value of the code that is looked at from outside.
fn is_foreign(ty: &Ty) -> bool {
    matches!(ty, Ty::External(name, _) if name.ends_with("[]"))
}
