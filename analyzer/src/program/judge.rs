//! Decides which candidate windows race: resolves their places, looks for a second thread, and compares locks.
//!
//! The policy of confidence is written down for users in `docs/confidence.md`.

mod accesses;
mod aliases;
mod alone;
mod breaks;
mod cached;
mod concurrent;
mod discipline;
mod fold;
mod fresh;
mod grounds;
mod guards;
mod harmless;
mod identity;
mod iteration;
mod judged;
mod ordered;
mod policy;
mod publication;
mod relied;
mod slices;
mod torn;
mod touched;
mod weak;

pub(crate) use judged::Judged;
pub(crate) use touched::Touched;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::contexts::Contexts;
use super::locations::{Location, Root};
use super::locks::{LockId, Locks};
use super::render;
use super::slice::JudgedWindow;
use super::threads::Threads;
use super::types::TypeTable;
use super::world::{ClassGid, FuncGid, World};
use crate::db::SourceFile;
use crate::domain::{Candidate, Event, Place, Step};
use crate::evidence::Pattern;
use crate::rule::{Confidence, GilClass};

/// Everything judging reads.
pub(crate) struct Facts<'a> {
    pub(crate) world: &'a World,
    pub(crate) types: &'a TypeTable,
    pub(crate) threads: &'a Threads,
    pub(crate) contexts: &'a Contexts,
    pub(crate) locks: &'a Locks,
    pub(crate) files: &'a Arc<[SourceFile]>,
    pub(crate) installed: &'a Arc<BTreeMap<String, String>>,
    pub(crate) extensions: &'a Arc<crate::extensions::Extensions>,
    pub(crate) target: Option<crate::settings::TargetVersion>,
    /// The oldest release that the project is for: the second number of its version.
    pub(crate) oldest: Option<u8>,
}

/// One access of the project.
pub(crate) type AccessId = (FuncGid, u32);

/// A candidate with its location.
#[derive(Clone, PartialEq)]
struct Suspect {
    func: FuncGid,
    candidate: Candidate,
    location: Location,
    /// The contents of the container rather than the reference.
    contents: bool,
    /// The class of the object, as the window's function sees it.
    holder: Option<ClassGid>,
}

/// A conflict that was found.
#[derive(Clone, PartialEq)]
pub(crate) struct Conflict {
    pub(crate) other: AccessId,
    pub(crate) confidence: Confidence,
    /// The spawn that brings the window's own thread, or the other's.
    pub(crate) spawn: Option<u32>,
    pub(crate) because: String,
}

/// The class of the object whose attribute is the place: that of `self` in its own methods.
fn holder(world: &World, func: FuncGid, place: &Place, location: &Location) -> Option<ClassGid> {
    let Root::Instance(class, name) = &location.root else { return None };
    let direct = matches!(place.path.first(), Some(Step::Attr(it)) if it == name);
    let own =
        matches!(place.base, crate::domain::Base::SelfObj) && direct && location.path.is_empty();
    world.class_of(func).filter(|_| own).or(Some(*class))
}

/// From where an access is reached.
pub(in crate::program) struct Side<'a> {
    pub(in crate::program) func: FuncGid,
    pub(in crate::program) spawns: &'a [u32],
    pub(in crate::program) public: bool,
    /// It is there for users: its name is not only public by accident.
    pub(in crate::program) for_users: bool,
    pub(in crate::program) live_main: bool,
}

impl Facts<'_> {
    fn event(&self, id: AccessId) -> &Event {
        &self.world.func(id.0).events[id.1 as usize]
    }

    fn gil(&self, suspect: &Suspect) -> GilClass {
        let it = self.world.func(suspect.func);
        let (first, last) = (
            &it.events[suspect.candidate.first as usize],
            &it.events[suspect.candidate.last as usize],
        );
        if let Some(known) = iteration::gil_of(suspect.candidate.pattern, last) {
            return known;
        }
        // The call that acts is itself the end of the window; what runs before it counts.
        if last.clock > first.clock { GilClass::Exposed } else { GilClass::Latent }
    }

    fn report(&self, group: &fold::Group, all: &[AccessId]) -> JudgedWindow {
        let fold::Group { suspect, conflict, also } = group;
        let window = render::Found {
            func: suspect.func,
            candidate: suspect.candidate,
            misuse: self.discipline(suspect, conflict),
            location: &suspect.location,
            contents: suspect.contents,
            conflict,
            accesses: all,
            also,
        };
        JudgedWindow {
            evidence: render::evidence(self, &window),
            confidence: conflict.confidence,
            gil: self.gil(suspect),
            label: suspect.location.label(self.world),
        }
    }

    /// Looks for the access of another thread that can fall into the window.
    fn conflict(&self, suspect: &Suspect, all: &accesses::View<'_>) -> Option<Conflict> {
        let accesses = all.of(&suspect.location);
        if suspect.candidate.pattern == Pattern::GuardedEscape {
            return self.escape(suspect, accesses);
        }
        let window = self.protection(suspect);
        if window.contains(&LockId::Convention) {
            return None;
        }
        let own = (suspect.func, suspect.candidate.last);
        let mut best: Option<Conflict> = None;
        // Tells whether no other access can make it surer.
        let mut consider = |other: AccessId, found: Option<(Confidence, Option<u32>, String)>| {
            let Some((mut confidence, spawn, because)) = found else { return false };
            if self.callers_lock(own, other) {
                confidence = Confidence::Low;
            }
            if best.as_ref().is_none_or(|it| it.confidence < confidence) {
                best = Some(Conflict { other, confidence, spawn, because });
            }
            confidence == Confidence::High
        };
        if self.acts_on_itself(suspect) && !self.protects(&window, suspect) {
            consider(own, self.concurrent(own, own, suspect));
        }
        for other in accesses {
            let between = *other != own
                && !self.world.func(other.0).for_tests
                && self.breaks(suspect, *other)
                && !self.is_construction(*other, suspect)
                && !self.is_apart(suspect, &window, *other, all.through_alias(*other));
            if between
                && !self.ordered_by_signal(own, *other)
                && !self.is_before_threads(*other, &suspect.location.root)
                && !self.is_swapped_out(suspect, *other, accesses)
                && consider(*other, self.meets(own, *other, suspect))
            {
                break;
            }
        }
        let ambient = self.changed_by_others(suspect);
        consider(own, ambient.map(|(confidence, because)| (confidence, None, because)));
        let mut best = best.filter(|it| !self.is_handed_to_one(suspect, it.spawn))?;
        if self.is_low(suspect, accesses, &best) {
            best.confidence = Confidence::Low;
        }
        Some(best)
    }
}
