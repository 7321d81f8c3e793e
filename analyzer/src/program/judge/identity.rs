//! Values that two threads make instead of one: does it matter that there are two? An equal value stored twice is
//! as good as one. It matters when the object is changed afterwards, holds something of which there must be one, or
//! was handed in by callers who each mean their own.

use ruff_python_ast::name::Name;

use super::{AccessId, Facts, Suspect};
use crate::domain::{Base, Container, Event, FunctionFacts, Op, Origin, Step};
use crate::evidence::Pattern;
use crate::knowledge::KNOWLEDGE;
use crate::knowledge::atomicity::ATOMICITY;
use crate::program::locations::Root;
use crate::program::types::Ty;
use crate::program::world::{ClassGid, Entity, FuncGid};
use crate::rule::Confidence;

/// So many functions that return what another one made are followed.
const DEPTH: u32 = 3;

/// Words in the name of a function that makes something of which two are not as good as one. They decide only about
/// functions whose code is not known.
const MAKING: [&str; 11] = [
    "client", "connect", "create", "fork", "listen", "make", "new", "open", "session", "spawn",
    "start",
];

/// Words in the names of attributes that hold factories: `self.connection_class()`.
const FACTORY: [&str; 5] = ["class", "cls", "constructor", "factory", "type"];

const SET_ITEM: Name = Name::new_static("__setitem__");

/// Bases that give a class no state.
const STATELESS: [&str; 6] = [
    "abc.ABC",
    "builtins.object",
    "enum.Enum",
    "typing.Generic",
    "typing.NamedTuple",
    "typing.Protocol",
];

impl Facts<'_> {
    /// Making the value twice does no harm. Where the program itself starts the threads, two objects are taken for
    /// two, unless it is certain that they are as good as one.
    pub(super) fn is_idempotent(
        &self,
        suspect: &Suspect,
        accesses: &[AccessId],
        confidence: Confidence,
    ) -> bool {
        let strict = confidence == Confidence::High;
        let it = self.world.func(suspect.func);
        let value = it.events[suspect.candidate.last as usize].value;
        match suspect.candidate.pattern {
            Pattern::LazyInit => match value {
                Origin::Number
                | Origin::Immutable
                | Origin::Bool(_)
                | Origin::Func(_)
                | Origin::Class(_) => true,
                Origin::Call(_) | Origin::Alloc(_) => {
                    !self.keeps_itself(suspect, value)
                        && !self.is_changed_in_place(suspect, accesses)
                        && !self.must_exist_once(suspect.func, value, strict, 0)
                }
                // Given by the caller, not made here: nothing is made twice. What may be set once for the process is
                // lost when two callers set it.
                Origin::Place(place) if is_parameter(it, place) => {
                    !matches!(suspect.location.root, Root::Global(..))
                }
                // Loaded from somewhere: both threads find the same. A new object that stores itself is another one,
                // of which a program makes one while it starts.
                Origin::Place(place) => {
                    !strict
                        || it.places[place as usize].base != Base::SelfObj
                        || !it.places[place as usize].path.is_empty()
                }
                // Computed from what is there: equal whoever computes it.
                Origin::Unknown => !self.is_changed_in_place(suspect, accesses),
                _ => false,
            },
            // Two objects of a class with some state may be as good as one.
            Pattern::CachedFactory => !self.is_certainly_unique(suspect.func, value),
            Pattern::CheckThenInsert => self.inserts_an_equal(suspect, accesses, strict),
            _ => false,
        }
    }

    /// Both threads insert the same under the key.
    fn inserts_an_equal(&self, suspect: &Suspect, accesses: &[AccessId], strict: bool) -> bool {
        let it = self.world.func(suspect.func);
        let value = it.events[suspect.candidate.last as usize].value;
        // A start value that is counted up afterwards must not be stored twice.
        let plain = match value {
            Origin::Immutable | Origin::Bool(_) | Origin::Nothing | Origin::Number => true,
            Origin::Alloc(alloc) => it.allocs[alloc as usize].kind == Container::Tuple,
            // Both threads find the same module, class or constant.
            Origin::Class(_) | Origin::Func(_) => true,
            Origin::Place(place) => {
                matches!(it.places[place as usize].base, Base::Global(_) | Base::Import(_))
            }
            Origin::Call(_) => {
                !self.is_foreign(suspect) && !self.must_exist_once(suspect.func, value, strict, 0)
            }
            _ => false,
        };
        // Nor must a marker that its owner takes away again: the second owner finds nothing.
        let undone = |it: &Event| it.flags.augmented || (it.op == Op::DelItem && !it.flags.caught);
        plain && !accesses.iter().any(|it| undone(self.event(*it)))
    }

    /// A container that the process has once and that keeps one object for each key, or one of a class that is not
    /// known or stores in steps of its own: it may not even survive two equal insertions at a time.
    pub(super) fn is_foreign(&self, suspect: &Suspect) -> bool {
        let it = self.world.func(suspect.func);
        let event = &it.events[suspect.candidate.last as usize];
        let held = self.types.place(self.world, suspect.func, &it.places[event.place as usize]);
        let keyed = |name: &str| ATOMICITY.process(name).is_some_and(|it| it.keyed);
        matches!(&suspect.location.root, Root::Process(name) if keyed(name))
            || held.iter().any(|it| match it {
                Ty::External(name, _) => {
                    !["builtins.", "collections.", "weakref."].iter().any(|it| name.starts_with(it))
                }
                Ty::Instance(class) => self.world.method(*class, &SET_ITEM).is_some(),
                _ => false,
            })
    }

    /// A class that keeps the one instance of itself: `cls._instance = cls()`.
    pub(super) fn keeps_itself(&self, suspect: &Suspect, value: Origin) -> bool {
        let (Root::Class(class, _), Origin::Call(call)) = (&suspect.location.root, value) else {
            return false;
        };
        let it = self.world.func(suspect.func);
        match it.calls[call as usize].callee {
            Origin::Place(place) => {
                let place = &it.places[place as usize];
                let new = [Step::Attr(Name::new_static("__new__"))];
                (place.base == Base::Cls && place.path.is_empty())
                    || (place.base == Base::Super && place.path.as_slice() == new)
            }
            callee => matches!(self.world.entity(suspect.func, callee),
                Some(Entity::Class(made)) if made == *class),
        }
    }

    /// Whether of what stands there two are not as good as one: an object of a class whose objects change, something
    /// external that holds a resource, what a factory makes that was handed in.
    pub(super) fn must_exist_once(
        &self,
        func: FuncGid,
        value: Origin,
        strict: bool,
        depth: u32,
    ) -> bool {
        let call = match value {
            Origin::Call(call) => call,
            Origin::Alloc(_) => return strict,
            _ => return false,
        };
        let it = self.world.func(func);
        let callee = it.calls[call as usize].callee;
        match self.world.entity(func, callee) {
            Some(Entity::Class(class)) => return self.changes(class),
            Some(Entity::External(name)) => return self.is_resource(&name, strict),
            Some(Entity::Func(target)) => return self.returns_unique(target, strict, depth),
            _ => {}
        }
        let types = self.types.of(self.world, func, callee);
        let targets = self.types.targets(self.world, func, callee);
        if targets.is_empty()
            && types.is_empty()
            && let Origin::Place(place) = callee
        {
            // A factory that was handed in (`make()`, `self.factory()`), or a method of something unknown.
            let place = &it.places[place as usize];
            let handed = matches!(place.base, Base::Param(_) | Base::Cell(..));
            let named = match place.path.last() {
                Some(Step::Attr(name)) => {
                    name == "__new__"
                        || makes_by_name(name)
                        || FACTORY.iter().any(|it| name.ends_with(it))
                }
                _ => false,
            };
            return named || (handed && place.path.is_empty());
        }
        types.iter().any(|it| match it {
            Ty::Class(class) => self.changes(*class),
            Ty::External(name, _) => self.is_resource(name, strict),
            _ => false,
        }) || targets.iter().any(|(target, _)| self.returns_unique(*target, strict, depth))
    }

    fn returns_unique(&self, target: FuncGid, strict: bool, depth: u32) -> bool {
        let it = self.world.func(target);
        depth < DEPTH
            && !it.is_generator
            && it.returns.iter().any(|it| self.must_exist_once(target, *it, strict, depth + 1))
    }

    /// Objects of the class are changed after they are made, or nobody knows.
    fn changes(&self, class: ClassGid) -> bool {
        let family = || std::iter::once(class).chain(self.world.ancestors(class).iter().copied());
        let unknown = |class: ClassGid| {
            self.world.classes[class as usize]
                .external_bases
                .iter()
                .any(|it| !STATELESS.contains(&it.as_str()))
        };
        family().any(|it| self.has_state(it) || unknown(it))
    }

    /// Something external that must exist once: the tables say so, its name says that it makes something, or, where the
    /// program itself starts the threads, it is a class by its name, which may hold anything. A bare `object()` is nothing
    /// but itself.
    fn is_resource(&self, name: &str, strict: bool) -> bool {
        let equal = self.world.knowledge.idempotent.contains_key(name) || is_pure_builtin(name);
        !equal
            && (name == "builtins.object"
                || KNOWLEDGE.locks.contains_key(name)
                || ATOMICITY.is_unique(name)
                || makes_something(name)
                || (strict && is_class_by_name(name)))
    }

    /// A class outside the project that holds a resource, by its name or the tables.
    pub(super) fn is_holder(&self, func: FuncGid, callee: Origin) -> bool {
        matches!(self.world.entity(func, callee), Some(Entity::External(name))
            if is_class_by_name(&name) && self.is_resource(&name, false))
    }

    /// Somebody adds to what is kept there.
    fn is_changed_in_place(&self, suspect: &Suspect, accesses: &[AccessId]) -> bool {
        let own = (suspect.func, suspect.candidate.last);
        !suspect.contents
            && accesses.iter().filter(|it| **it != own).any(|it| match &self.event(*it).op {
                Op::SetItem | Op::DelItem => true,
                Op::Method(name) => super::iteration::changes(name),
                _ => false,
            })
    }
}

/// A parameter as it came in.
pub(super) fn is_parameter(it: &FunctionFacts, place: u32) -> bool {
    let place = &it.places[place as usize];
    matches!(place.base, Base::Param(_)) && place.path.is_empty()
}

/// A class by its name, or a function whose name says that it makes something.
fn makes_by_name(name: &str) -> bool {
    is_class_by_name(name) || makes_something(name)
}

fn is_class_by_name(name: &str) -> bool {
    let last = last_part(name);
    last.starts_with(|it: char| it.is_ascii_uppercase())
        && last.contains(|it: char| it.is_ascii_lowercase())
}

fn makes_something(name: &str) -> bool {
    let last = last_part(name).to_ascii_lowercase();
    MAKING.iter().any(|it| last.contains(it))
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name).trim_start_matches('_')
}

/// Builtins whose result only depends on their arguments: containers that they make are judged by who changes them.
pub(super) fn is_pure_builtin(name: &str) -> bool {
    let Some(name) = name.strip_prefix("builtins.") else { return false };
    !matches!(name, "open" | "__import__" | "object")
        && name.starts_with(|it: char| it.is_ascii_lowercase())
}
