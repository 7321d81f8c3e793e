//! Which locks cover a window, and changes that forget the lock.

use super::accesses::View;
use super::discipline::protects_access;
use super::{AccessId, Conflict, Facts, Suspect};
use ruff_python_ast::name::Name;

use crate::domain::{Base, Candidate, FunctionKind, Op, Step};
use crate::evidence::Pattern;
use crate::program::locations::Root;
use crate::program::locks::{HeldLock, LockId};
use crate::program::threads::Reach;
use crate::program::world::ClassGid;
use crate::rule::Confidence;

impl Facts<'_> {
    /// Changes without any lock that fall into a window which holds one.
    pub(super) fn unguarded(
        &self,
        suspect: &Suspect,
        accesses: &View<'_>,
    ) -> Vec<(Suspect, Conflict)> {
        let window = self.protection(suspect);
        let pattern = suspect.candidate.pattern;
        // What falls into a rebuilding is a read, and no change that forgets the lock.
        let safe = matches!(
            pattern,
            Pattern::LazyInit
                | Pattern::TestAndSet
                | Pattern::BrokenDoubleCheck
                | Pattern::CheckThenSetattr
                | Pattern::CheckThenRegister
                | Pattern::EarlyPublication
                | Pattern::GuardedEscape
                | Pattern::SortInPlace
        );
        if window.is_empty() || safe || window.contains(&LockId::Convention) {
            return Vec::new();
        }
        let own = (suspect.func, suspect.candidate.last);
        let mut out = Vec::new();
        for other in accesses.of(&suspect.location).iter().copied() {
            if other == own || !self.breaks(suspect, other) || self.is_construction(other, suspect)
            {
                continue;
            }
            // Who enters an object begins to use it.
            let silent = self.world.module(other.0).is_test
                || self.world.func(other.0).name == "__enter__"
                || self.is_setup(other, suspect)
                || accesses.through_alias(other);
            if silent || !self.held(other).is_empty() || self.are_strangers(own, other) {
                continue;
            }
            let Some((mut confidence, spawn, because)) = self.concurrent(other, own, suspect)
            else {
                continue;
            };
            let rare = confidence < Confidence::High && !self.mostly(&window, accesses, suspect);
            if rare || self.callers_lock(other, own) {
                confidence = Confidence::Low;
            }
            let candidate =
                Candidate { pattern: Pattern::Unguarded, first: other.1, last: other.1 };
            let contents = !self.event(other).op.rebinds();
            let found = Suspect {
                func: other.0,
                candidate,
                location: suspect.location.clone(),
                contents,
                holder: suspect.holder,
            };
            out.push((found, Conflict { other: own, confidence, spawn, because }));
        }
        out
    }

    /// Whether the lock is the rule for the place: held at half of the accesses or more.
    fn mostly(&self, window: &[LockId], accesses: &View<'_>, suspect: &Suspect) -> bool {
        let (mut with, mut without) = (0, 0);
        for id in accesses.of(&suspect.location).iter().copied() {
            let counts = !self.world.module(id.0).is_test && !self.is_construction(id, suspect);
            let held = self.held(id);
            if counts && held.iter().any(|it| window.contains(it)) {
                with += 1;
            } else if counts {
                without += 1;
            }
        }
        with >= without
    }

    /// A store by the function that owns the variable, before it starts anybody who sees it.
    fn is_setup(&self, other: AccessId, suspect: &Suspect) -> bool {
        // Who makes the lock anew sets up what it guards.
        let remade =
            |lock: &LockId| matches!(lock, LockId::Instance(_, name) if self.stores(other, name));
        if self.protection(suspect).iter().any(remade) {
            return true;
        }
        let Root::Cell(owner, _) = suspect.location.root else { return false };
        let starts = self.contexts.spawns_in.contains_key(&owner);
        other.0 == owner && (!starts || self.is_before_threads(other, &suspect.location.root))
    }

    /// The function that owns the variable has not started anybody yet who sees it: another call of it has another
    /// variable.
    pub(super) fn is_before_threads(&self, other: AccessId, root: &Root) -> bool {
        let Root::Cell(owner, _) = *root else { return false };
        let seq = self.event(other).seq;
        let mut spawns = self.contexts.spawns_in.get(&owner).into_iter().flatten().peekable();
        other.0 == owner
            && spawns.peek().is_some()
            && !spawns.any(|it| self.threads.spawns[*it as usize].live.0 < seq)
    }

    /// Whether the function of an access stores an attribute of `self` before it.
    fn stores(&self, id: AccessId, name: &Name) -> bool {
        let it = self.world.func(id.0);
        it.events[..id.1 as usize].iter().any(|event| {
            let place = &it.places[event.place as usize];
            event.op == Op::Store
                && place.base == Base::SelfObj
                && matches!(place.path.as_slice(), [Step::Attr(attr)] if attr == name)
        })
    }

    /// Locks that cover the whole window in one region.
    pub(super) fn protection(&self, suspect: &Suspect) -> Vec<LockId> {
        let it = self.world.func(suspect.func);
        let at =
            |index: u32| self.locks.at(self.world, suspect.func, it.events[index as usize].held);
        let (first, last) = (at(suspect.candidate.first), at(suspect.candidate.last));
        let acts = &it.events[suspect.candidate.last as usize];
        first
            .into_iter()
            .filter(|lock| last.contains(lock) && protects_access(it, lock.1, acts))
            .map(|it| it.0)
            .collect()
    }

    /// Whether one of the locks keeps two runs of the window apart.
    pub(super) fn protects(&self, locks: &[LockId], suspect: &Suspect) -> bool {
        locks.iter().any(|lock| match (lock, &suspect.location.root) {
            // An instance's lock does not protect what all instances share, unless there is but one instance.
            (LockId::Instance(class, _), Root::Global(..) | Root::Class(..)) => {
                self.is_singleton(*class)
            }
            _ => true,
        })
    }

    pub(super) fn is_singleton(&self, class: ClassGid) -> bool {
        self.threads.shared.get(&class).is_some_and(|it| it.reach == Reach::Module)
    }

    pub(super) fn held(&self, id: AccessId) -> Vec<LockId> {
        let held = self.event(id).held;
        let it = self.world.func(id.0);
        let counts = |lock: &HeldLock| protects_access(it, lock.1, self.event(id));
        self.locks.at(self.world, id.0, held).into_iter().filter(counts).map(|it| it.0).collect()
    }

    /// Whether locks, or the objects, keep an access out of the window; or it is the side to report.
    pub(super) fn is_apart(
        &self,
        suspect: &Suspect,
        window: &[LockId],
        other: AccessId,
        alias: bool,
    ) -> bool {
        let own = (suspect.func, suspect.candidate.last);
        // Through another attribute the lock may have another name, and the class is another one.
        let strange = if alias { !window.is_empty() } else { self.are_strangers(own, other) };
        let locks = self.held(other);
        let common = locks.iter().any(|it| *it == LockId::Convention || window.contains(it));
        // A window under a lock against an access without any: the other side is the one to report.
        let early = suspect.candidate.pattern == Pattern::EarlyPublication;
        strange || common || (!window.is_empty() && locks.is_empty() && !early)
    }

    /// Wherever the project calls the two functions, it holds one lock: others who call them may do the same.
    pub(super) fn callers_lock(&self, own: AccessId, other: AccessId) -> bool {
        let (mine, theirs) = (self.locks.usual(own.0), self.locks.usual(other.0));
        let held = |id: AccessId, lock: &LockId| self.held(id).contains(lock);
        mine.iter().any(|it| theirs.contains(it) || held(other, it))
            || theirs.iter().any(|it| held(own, it))
    }

    /// Accesses before the object is known to others, and at import.
    pub(super) fn is_construction(&self, other: AccessId, suspect: &Suspect) -> bool {
        let it = self.world.func(other.0);
        match suspect.location.root {
            Root::Instance(..) => {
                self.contexts.init_only[other.0 as usize]
                    || super::harmless::is_finalizer(self.world, other.0)
            }
            Root::Global(..) | Root::Class(..) => {
                matches!(it.kind, FunctionKind::Module | FunctionKind::ClassBody)
                    && !self.side(other).live_main
            }
            _ => false,
        }
    }
}
