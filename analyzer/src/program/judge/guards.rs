//! Which locks cover a window, and changes that forget the lock.

use super::{AccessId, Conflict, Facts, Suspect};
use crate::domain::Candidate;
use crate::evidence::Pattern;
use crate::program::locations::Root;
use crate::program::locks::LockId;
use crate::program::world::ClassGid;

impl Facts<'_> {
    /// Changes without any lock that fall into a window which holds one.
    pub(super) fn unguarded(
        &self,
        suspect: &Suspect,
        accesses: &[AccessId],
    ) -> Vec<(Suspect, Conflict)> {
        let window = self.protection(suspect);
        let pattern = suspect.candidate.pattern;
        // What falls into a rebuilding is a read, and no change that forgets the lock.
        let safe =
            matches!(pattern, Pattern::LazyInit | Pattern::TestAndSet | Pattern::SortInPlace);
        if window.is_empty() || safe || window.contains(&LockId::Convention) {
            return Vec::new();
        }
        let own = (suspect.func, suspect.candidate.last);
        let mut out = Vec::new();
        for other in accesses.iter().copied() {
            if other == own || !self.breaks(suspect, other) || self.is_construction(other, suspect)
            {
                continue;
            }
            if !self.held(other).is_empty()
                || self.world.module(other.0).is_test
                || self.may_share_lock(&window, other, suspect)
            {
                continue;
            }
            let Some((confidence, spawn, because)) = self.concurrent(other, own, suspect) else {
                continue;
            };
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

    /// Locks that cover the whole window in one region.
    pub(super) fn protection(&self, suspect: &Suspect) -> Vec<LockId> {
        let it = self.world.func(suspect.func);
        let at =
            |index: u32| self.locks.at(self.world, suspect.func, it.events[index as usize].held);
        let (first, last) = (at(suspect.candidate.first), at(suspect.candidate.last));
        first.into_iter().filter(|it| last.contains(it)).map(|it| it.0).collect()
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
        self.threads.shared.get(&class).is_some_and(|it| it.starts_with("the module variable"))
    }

    pub(super) fn held(&self, id: AccessId) -> Vec<LockId> {
        let held = self.event(id).held;
        self.locks.at(self.world, id.0, held).into_iter().map(|it| it.0).collect()
    }
}
