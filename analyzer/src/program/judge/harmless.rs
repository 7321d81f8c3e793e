//! Windows that do no harm: objects of one thread only, operations that lose nothing.

use super::Facts;
use crate::domain::{Candidate, Op, Origin, Place, Step};
use crate::evidence::Pattern;
use crate::knowledge::InstanceSharing;
use crate::program::threads::has_base;
use crate::program::types::Ty;
use crate::program::world::{ClassGid, FuncGid, World};

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
}

/// An object that is being finalized is nobody else's.
pub(super) fn is_finalizer(world: &World, func: FuncGid) -> bool {
    world.func(func).name == "__del__" && world.class_of(func).is_some()
}

/// `+=` on it changes the object itself, or is atomic.
pub(super) fn in_place(world: &World, ty: &Ty) -> bool {
    match ty {
        Ty::Made(kind, _) => *kind != crate::domain::Container::Tuple,
        Ty::External(name, _) => world.knowledge.safe.contains_key(name.as_str()),
        _ => false,
    }
}
