//! Windows that do no harm: objects of one thread only, operations that lose nothing, values without identity.

use super::{AccessId, Facts, Suspect};
use crate::domain::{Base, Candidate, Event, Op, Origin, Place, Step};
use crate::evidence::Pattern;
use crate::knowledge::InstanceSharing;
use crate::program::locations::Root;
use crate::program::threads::has_base;
use crate::program::types::Ty;
use crate::program::world::{ClassGid, Entity, FuncGid, World};
use crate::rule::GilClass;

impl Facts<'_> {
    /// Each thread sees its own object, or no thread shares the class.
    pub(super) fn is_private(&self, func: FuncGid, place: &Place) -> bool {
        let on_self = matches!(place.base, crate::domain::Base::SelfObj) && !place.path.is_empty();
        let alone = self.contexts.init_only[func as usize]
            || is_finalizer(self.world, func)
            || self.gets_fresh_self(func);
        if on_self && alone {
            return true;
        }
        // The innermost holder of known class decides.
        for n in (0..place.path.len()).rev() {
            let holder = Place { base: place.base.clone(), path: place.path[..n].into() };
            for ty in self.types.place(self.world, func, &holder) {
                match ty {
                    Ty::External(name, _)
                        if self.world.knowledge.own.contains_key(name.as_str()) =>
                    {
                        return true;
                    }
                    Ty::Instance(class) => {
                        return has_base(self.world, class, |it| {
                            matches!(
                                it.shared,
                                InstanceSharing::Never | InstanceSharing::Serialised
                            )
                        });
                    }
                    _ => {}
                }
            }
        }
        false
    }

    /// A class of the project that is a built-in container.
    pub(super) fn is_container(&self, class: ClassGid) -> bool {
        self.world.classes[class as usize].external_bases.iter().any(|it| {
            let last = it.rsplit('.').next().unwrap_or_default();
            matches!(
                last,
                "dict"
                    | "list"
                    | "set"
                    | "deque"
                    | "OrderedDict"
                    | "defaultdict"
                    | "MutableMapping"
                    | "UserDict"
            )
        })
    }

    /// A decorator hands the method an object it made for this call.
    pub(super) fn gets_fresh_self(&self, func: FuncGid) -> bool {
        crate::program::types::decorators(self.world, self.types, func).into_iter().any(
            |decorator| {
                let it = self.world.func(decorator);
                it.calls.iter().any(|call| {
                    let decorated = matches!(call.callee, Origin::Place(place)
                    if it.places[place as usize].path.is_empty()
                        && it.places[place as usize].base == crate::domain::Base::Param(0));
                    decorated
                        && matches!(call.args.first().map(|it| it.value), Some(Origin::Call(_)))
                })
            },
        )
    }

    /// Windows that lose nothing whatever comes between.
    pub(super) fn is_harmless(&self, func: FuncGid, candidate: &Candidate) -> bool {
        let it = self.world.func(func);
        let last = &it.events[candidate.last as usize];
        let place = &it.places[last.place as usize];
        let held = self.types.place(self.world, func, place);
        let known = !held.is_empty();
        if let Some(answer) = self.iteration_is_harmless(last, candidate.pattern, &held) {
            return answer;
        }
        match candidate.pattern {
            Pattern::CachedFactory => !self.makes_what_must_exist_once(func, last),
            Pattern::MappingMixin if last.flags.caught => true,
            Pattern::MappingMixin => {
                !matches!(&last.op, Op::Method(name) if self.is_mixin(&held, name))
            }
            // `xs += [x]` stores the same list back.
            Pattern::Augment if last.op == Op::Store => {
                known && held.iter().all(|it| in_place(self.world, it))
            }
            Pattern::Augment if last.op == Op::SetItem => {
                let mut elem = place.clone();
                elem.path.push(Step::Elem);
                let held = self.types.place(self.world, func, &elem);
                !held.is_empty() && held.iter().all(|it| in_place(self.world, it))
            }
            // Methods of the project's own classes are calls, not container operations.
            Pattern::CheckThenPop | Pattern::CheckThenUse | Pattern::CheckThenInsert => held
                .iter()
                .any(|it| matches!(it, Ty::Instance(class) if !self.is_container(*class))),
            _ => false,
        }
    }

    /// A call that the tables say may be made twice.
    fn is_known_idempotent(&self, func: FuncGid, call: u32) -> bool {
        let callee = self.world.func(func).calls[call as usize].callee;
        matches!(self.world.entity(func, callee), Some(Entity::External(name))
            if self.world.knowledge.idempotent.contains_key(name.as_str()))
    }

    /// Whether what the call gives is an object of its own, of which two are not as good as one: of a class of the
    /// project, or of something external that the tables do not call idempotent. What other functions compute is
    /// taken for equal, whoever computes it.
    fn has_identity(&self, func: FuncGid, call: u32, depth: u32) -> bool {
        let it = self.world.func(func);
        match self.world.entity(func, it.calls[call as usize].callee) {
            Some(Entity::Class(_) | Entity::External(_)) => return true,
            Some(Entity::Func(target)) => return self.returns_identity(target, depth),
            _ => {}
        }
        let callee = it.calls[call as usize].callee;
        let types = self.types.of(self.world, func, callee);
        let targets = self.types.targets(self.world, func, callee);
        // A factory that was handed in: `make()`, `self.factory()`.
        if targets.is_empty()
            && let Origin::Place(place) = callee
        {
            let place = &it.places[place as usize];
            let handed = matches!(place.base, Base::Param(_) | Base::Cell(..));
            let kept = place.base == Base::SelfObj && place.path.len() == 1;
            let new = matches!(place.path.last(), Some(Step::Attr(name)) if name == "__new__");
            if new || kept || (handed && place.path.is_empty()) {
                return true;
            }
        }
        types.iter().any(|it| matches!(it, Ty::Class(_) | Ty::External(..)))
            || targets.iter().any(|(target, _)| self.returns_identity(*target, depth))
    }

    fn returns_identity(&self, target: FuncGid, depth: u32) -> bool {
        let it = self.world.func(target);
        depth < 3
            && it.returns.iter().any(|origin| match origin {
                Origin::Call(call) => self.has_identity(target, *call, depth + 1),
                Origin::Alloc(_) => true,
                _ => false,
            })
    }

    /// Somebody adds to what is kept there.
    fn is_changed_in_place(&self, suspect: &Suspect, accesses: &[AccessId]) -> bool {
        accesses.iter().any(|id| {
            let event = self.event(*id);
            *id != (suspect.func, suspect.candidate.last)
                && match &event.op {
                    Op::SetItem | Op::DelItem => !suspect.contents,
                    Op::Method(name) => !suspect.contents && super::iteration::changes(name),
                    _ => false,
                }
        })
    }

    fn calls_pure_builtin(&self, func: FuncGid, call: u32) -> bool {
        let callee = self.world.func(func).calls[call as usize].callee;
        matches!(self.world.entity(func, callee), Some(Entity::External(name)) if is_pure_builtin(&name))
    }

    /// Making the value twice does no harm.
    pub(super) fn is_idempotent(&self, suspect: &Suspect, accesses: &[AccessId]) -> bool {
        let it = self.world.func(suspect.func);
        let value = it.events[suspect.candidate.last as usize].value;
        match suspect.candidate.pattern {
            Pattern::LazyInit => match value {
                Origin::Number
                | Origin::Immutable
                | Origin::Bool(_)
                | Origin::Func(_)
                | Origin::Class(_) => true,
                Origin::Call(call) => {
                    self.is_known_idempotent(suspect.func, call)
                        || self.calls_pure_builtin(suspect.func, call)
                        || !(self.has_identity(suspect.func, call, 0)
                            || self.is_changed_in_place(suspect, accesses))
                }
                // Given by the caller, not made here: nothing is made twice. What may be set once for the process is
                // lost when two callers set it.
                Origin::Place(place) if is_parameter(it, place) => {
                    !matches!(suspect.location.root, Root::Global(..))
                }
                // Loaded from somewhere: both threads find the same. A new object that stores itself is another one.
                Origin::Place(place) => {
                    it.places[place as usize].base != Base::SelfObj
                        || !it.places[place as usize].path.is_empty()
                }
                // Computed from what is there, without a call: equal whoever computes it.
                Origin::Unknown => self.gil(suspect) == GilClass::Latent,
                _ => false,
            },
            // Two objects of a class with some state may be as good as one.
            Pattern::CachedFactory => !self.is_certainly_unique(suspect.func, value),
            Pattern::CheckThenInsert => {
                // A start value that is counted up afterwards must not be stored twice.
                let plain = match value {
                    Origin::Immutable | Origin::Bool(_) | Origin::Nothing | Origin::Number => true,
                    Origin::Call(call) => self.is_known_idempotent(suspect.func, call),
                    _ => false,
                };
                // Nor must a marker that its owner takes away again: the second owner finds nothing.
                let undone =
                    |it: &Event| it.flags.augmented || (it.op == Op::DelItem && !it.flags.caught);
                plain && !accesses.iter().any(|it| undone(self.event(*it)))
            }
            _ => false,
        }
    }
}

/// An object that is being finalized is nobody else's.
pub(super) fn is_finalizer(world: &World, func: FuncGid) -> bool {
    world.func(func).name == "__del__" && world.class_of(func).is_some()
}

/// A parameter as it came in.
pub(super) fn is_parameter(it: &crate::domain::FunctionFacts, place: u32) -> bool {
    let place = &it.places[place as usize];
    matches!(place.base, crate::domain::Base::Param(_)) && place.path.is_empty()
}

/// `+=` on it changes the object itself, or is atomic.
pub(super) fn in_place(world: &World, ty: &Ty) -> bool {
    match ty {
        Ty::Made(kind, _) => *kind != crate::domain::Container::Tuple,
        Ty::External(name, _) => world.knowledge.safe.contains_key(name.as_str()),
        _ => false,
    }
}

/// Builtins whose result only depends on their arguments and has no identity worth keeping.
pub(super) fn is_pure_builtin(name: &str) -> bool {
    let Some(name) = name.strip_prefix("builtins.") else { return false };
    matches!(
        name,
        "int"
            | "str"
            | "float"
            | "bool"
            | "len"
            | "bytes"
            | "tuple"
            | "frozenset"
            | "repr"
            | "hash"
            | "min"
            | "max"
            | "sum"
    )
}
