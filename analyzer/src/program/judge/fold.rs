//! One finding for one cause: windows of one kind on one place in one file are told once, at the surest of them, with
//! the others named beside it.

use rustc_hash::FxHashMap;

use super::{AccessId, Conflict, Facts, Suspect};
use crate::evidence::Pattern;
use crate::program::locations::Location;

/// More of them say nothing more.
const MAX_ALSO: usize = 20;

/// What is one cause: file, place, whether its contents, kind of window.
type Cause = (u32, Location, bool, Pattern);

/// Conflicts with one cause.
pub(super) struct Group {
    pub(super) suspect: Suspect,
    pub(super) conflict: Conflict,
    pub(super) also: Vec<AccessId>,
}

/// Groups in the order in which their first member was added.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) groups: Vec<Group>,
    index: FxHashMap<Cause, usize>,
}

impl Folded {
    /// Adds a conflict to those with the same cause.
    pub(super) fn add(&mut self, facts: &Facts<'_>, suspect: Suspect, conflict: Conflict) {
        let module = facts.world.module_of(suspect.func);
        let kind = facts.discipline(&suspect, &conflict).unwrap_or(suspect.candidate.pattern);
        let cause = (module, suspect.location.clone(), suspect.contents, kind);
        let Some(index) = self.index.get(&cause) else {
            self.index.insert(cause, self.groups.len());
            self.groups.push(Group { suspect, conflict, also: Vec::new() });
            return;
        };
        let group = &mut self.groups[*index];
        let mut other = (suspect.func, suspect.candidate.last);
        if group.conflict.confidence < conflict.confidence {
            other = (group.suspect.func, group.suspect.candidate.last);
            (group.suspect, group.conflict) = (suspect, conflict);
        }
        if group.also.len() < MAX_ALSO && !group.also.contains(&other) {
            group.also.push(other);
        }
    }
}
