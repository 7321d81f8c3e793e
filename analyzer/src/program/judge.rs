//! Decides which candidate windows race: resolves their places, looks for a second thread, and compares locks.
//!
//! The policy of confidence is written down for users in `docs/confidence.md`.

mod aliases;
mod cached;
mod concurrent;
mod guards;
mod harmless;
mod iteration;
mod policy;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::contexts::Contexts;
use super::locations::{Location, Root, resolve};
use super::locks::{LockId, Locks};
use super::render;
use super::slice::{JudgedWindow, ProgramSlice};
use super::threads::Threads;
use super::types::TypeTable;
use super::world::{ClassGid, FuncGid, World};
use crate::db::SourceFile;
use crate::domain::{Candidate, Event, FunctionKind, Op, Place, Step};
use crate::evidence::Pattern;
use crate::rule::{Confidence, GilClass};
use iteration::{changes, removes, takes};

/// Everything judging reads.
pub(crate) struct Facts<'a> {
    pub(crate) world: &'a World,
    pub(crate) types: &'a TypeTable,
    pub(crate) threads: &'a Threads,
    pub(crate) contexts: &'a Contexts,
    pub(crate) locks: &'a Locks,
    pub(crate) files: &'a Arc<[SourceFile]>,
    pub(crate) installed: &'a Arc<BTreeMap<String, String>>,
    pub(crate) target: Option<crate::settings::TargetVersion>,
}

/// One access of the project.
pub(crate) type AccessId = (FuncGid, u32);

/// A candidate with its location.
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
pub(crate) struct Conflict {
    pub(crate) other: AccessId,
    pub(crate) confidence: Confidence,
    /// The spawn that brings the window's own thread, or the other's.
    pub(crate) spawn: Option<u32>,
    pub(crate) because: String,
}

/// One slice per module.
pub(crate) fn judge(facts: &Facts<'_>) -> Vec<ProgramSlice> {
    let mut slices: Vec<ProgramSlice> =
        facts.files.iter().map(|_| ProgramSlice::default()).collect();
    let suspects = suspects(facts);
    let accesses = accesses(facts, &suspects);
    let mut seen: FxHashSet<(FuncGid, Location, bool, Pattern)> = FxHashSet::default();
    let mut reported: FxHashSet<AccessId> = FxHashSet::default();
    let of = |suspect: &Suspect| accesses.get(&suspect.location).map_or(&[][..], Vec::as_slice);
    let conflicts: Vec<Option<Conflict>> =
        suspects.par_iter().map(|suspect| facts.conflict(suspect, of(suspect))).collect();
    for (suspect, conflict) in suspects.iter().zip(conflicts) {
        let Some(conflict) = conflict else { continue };
        let all = of(suspect);
        let key =
            (suspect.func, suspect.location.clone(), suspect.contents, suspect.candidate.pattern);
        if !seen.insert(key) {
            continue;
        }
        reported.insert((suspect.func, suspect.candidate.last));
        facts.report(suspect, &conflict, all, &mut slices);
    }
    for suspect in &suspects {
        let all = of(suspect);
        for (found, conflict) in facts.unguarded(suspect, all) {
            let key = (found.func, found.location.clone(), found.contents, Pattern::Unguarded);
            if reported.insert((found.func, found.candidate.last)) && seen.insert(key) {
                facts.report(&found, &conflict, all, &mut slices);
            }
        }
    }
    for (module, slice) in slices.iter_mut().enumerate() {
        slice.gil_requests = render::gil_requests(facts, module);
    }
    slices
}

fn suspects(facts: &Facts<'_>) -> Vec<Suspect> {
    let world = facts.world;
    let one = |func: FuncGid| {
        let it = world.func(func);
        let mut out = Vec::new();
        if it.candidates.is_empty() || world.module(func).path.ends_with(".pyi") {
            return out;
        }
        for candidate in &it.candidates {
            let candidate = &facts.refined(func, candidate);
            let event = &it.events[candidate.last as usize];
            let place = &it.places[event.place as usize];
            if facts.is_private(func, place) || facts.is_harmless(func, candidate) {
                continue;
            }
            if let Some(location) = resolve(world, facts.types, func, place)
                && !Facts::is_settings(&location, candidate.pattern)
            {
                let contents = !event.op.rebinds();
                let holder = holder(world, func, place, &location);
                out.push(Suspect { func, candidate: *candidate, location, contents, holder });
            }
        }
        out
    };
    (0..world.n_functions()).into_par_iter().with_min_len(64).flat_map_iter(one).collect()
}

/// The class of the object whose attribute is the place: that of `self` in its own methods.
fn holder(world: &World, func: FuncGid, place: &Place, location: &Location) -> Option<ClassGid> {
    let Root::Instance(class, name) = &location.root else { return None };
    let direct = matches!(place.path.first(), Some(Step::Attr(it)) if it == name);
    let own =
        matches!(place.base, crate::domain::Base::SelfObj) && direct && location.path.is_empty();
    world.class_of(func).filter(|_| own).or(Some(*class))
}

/// All accesses to the locations of the suspects.
fn accesses(facts: &Facts<'_>, suspects: &[Suspect]) -> FxHashMap<Location, Vec<AccessId>> {
    let world = facts.world;
    let mut out: FxHashMap<Location, Vec<AccessId>> =
        suspects.iter().map(|it| (it.location.clone(), Vec::new())).collect();
    let mut names: FxHashSet<Name> = FxHashSet::default();
    let mut made = false;
    let aliases = aliases::find(world, facts.types);
    for location in suspects.iter().map(|it| &it.location) {
        names.extend(aliases::names(&aliases, location));
        match &location.root {
            Root::Global(_, name)
            | Root::Instance(_, name)
            | Root::Class(_, name)
            | Root::Cell(_, name) => {
                names.insert(location.path.last().unwrap_or(name).clone());
            }
            Root::Process(name) => {
                names.insert(Name::new(name.rsplit('.').next().unwrap_or(name)));
            }
            Root::Made(_) => made = true,
        }
    }
    let one = |func: FuncGid| {
        let it = world.func(func);
        let mut list = Vec::new();
        let relevant: Vec<Option<Location>> = it
            .places
            .iter()
            .map(|place| {
                let named = last_name(place).is_some_and(|it| names.contains(it));
                (named || (made && last_name(place).is_none()))
                    .then(|| resolve(world, facts.types, func, place))
                    .flatten()
                    .filter(|it| out.contains_key(it) || aliases.contains_key(it))
            })
            .collect();
        if relevant.iter().any(Option::is_some) {
            for (index, event) in (0u32..).zip(&it.events) {
                if let Some(location) =
                    relevant[event.place as usize].as_ref().filter(|_| !event.flags.owned)
                {
                    if !event.op.rebinds() {
                        let others = aliases.get(location).into_iter().flatten();
                        list.extend(others.map(|it| (it.clone(), (func, index))));
                    }
                    list.push((location.clone(), (func, index)));
                }
            }
        }
        list
    };
    let found: Vec<(Location, AccessId)> =
        (0..world.n_functions()).into_par_iter().with_min_len(64).flat_map_iter(one).collect();
    for (location, id) in found {
        if let Some(list) = out.get_mut(&location).filter(|it| it.len() < MAX_ACCESSES) {
            list.push(id);
        }
    }
    out
}

/// So many accesses to one location are compared with each other: generated code has tens of thousands.
const MAX_ACCESSES: usize = 1000;

fn last_name(place: &Place) -> Option<&Name> {
    let attr = place.path.iter().rev().find_map(|it| match it {
        Step::Attr(name) => Some(name),
        Step::Elem => None,
    });
    attr.or(match &place.base {
        crate::domain::Base::Global(name) | crate::domain::Base::Cell(_, name) => Some(name),
        _ => None,
    })
}

/// From where an access is reached.
struct Side<'a> {
    spawns: &'a [u32],
    public: bool,
    live_main: bool,
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

    fn report(
        &self,
        suspect: &Suspect,
        conflict: &Conflict,
        all: &[AccessId],
        slices: &mut [ProgramSlice],
    ) {
        let window = render::Found {
            func: suspect.func,
            candidate: suspect.candidate,
            location: &suspect.location,
            contents: suspect.contents,
            conflict,
            accesses: all,
        };
        let module = self.world.module_of(suspect.func) as usize;
        slices[module].windows.push(JudgedWindow {
            evidence: render::evidence(self, &window),
            confidence: conflict.confidence,
            gil: self.gil(suspect),
            label: suspect.location.label(self.world),
        });
    }

    /// Looks for the access of another thread that can fall into the window.
    fn conflict(&self, suspect: &Suspect, accesses: &[AccessId]) -> Option<Conflict> {
        let window = self.protection(suspect);
        let own = (suspect.func, suspect.candidate.last);
        let mut best: Option<Conflict> = None;
        let mut consider = |other: AccessId, found: Option<(Confidence, Option<u32>, String)>| {
            let Some((confidence, spawn, because)) = found else { return };
            if best.as_ref().is_none_or(|it| it.confidence < confidence) {
                best = Some(Conflict { other, confidence, spawn, because });
            }
        };
        let self_races = self.acts_on_itself(suspect);
        if self_races && !self.protects(&window, suspect) {
            consider(own, self.concurrent(own, own, suspect));
        }
        for other in accesses {
            if *other == own
                || !self.breaks(suspect, *other)
                || self.is_construction(*other, suspect)
            {
                continue;
            }
            let locks: Vec<LockId> = self.held(*other);
            if locks.iter().any(|it| *it == LockId::Convention || window.contains(it))
                || self.may_share_lock(&window, *other, suspect)
            {
                continue;
            }
            // A window under a lock against an access without any: the other side is the one to report.
            if !window.is_empty() && locks.is_empty() {
                continue;
            }
            if !self.ordered_by_event(own, *other) {
                consider(*other, self.concurrent(own, *other, suspect));
            }
        }
        let ambient = self.changed_by_others(suspect);
        consider(own, ambient.map(|(confidence, because)| (confidence, None, because)));
        let mut best = best.filter(|it| !self.is_handed_to_one(suspect, it.spawn))?;
        // A test that starts threads itself means it; nobody else calls tests from threads.
        let in_test = self.world.module(suspect.func).is_test && best.confidence < Confidence::High;
        if in_test || self.is_idempotent(suspect, accesses) {
            best.confidence = Confidence::Low;
        }
        Some(best)
    }

    /// Whether a second run of the same window breaks the first.
    fn acts_on_itself(&self, suspect: &Suspect) -> bool {
        let last = self.event((suspect.func, suspect.candidate.last));
        if let Some(answer) = self.iteration_on_itself(suspect) {
            return answer;
        }
        match suspect.candidate.pattern {
            Pattern::CheckThenUse => !matches!(last.op, Op::GetItem),
            Pattern::Iteration | Pattern::Snapshot | Pattern::Unguarded => false,
            _ => true,
        }
    }

    /// Whether this access, falling into the window, breaks it.
    fn breaks(&self, suspect: &Suspect, other: AccessId) -> bool {
        if let Some(answer) = self.breaks_iteration(suspect, other) {
            return answer;
        }
        let op = &self.event(other).op;
        let rebinds = op.rebinds();
        match suspect.candidate.pattern {
            Pattern::Augment | Pattern::ReadModifyWrite | Pattern::CompareThenStore
                if !suspect.contents =>
            {
                rebinds
            }
            Pattern::LazyInit | Pattern::TestAndSet => rebinds,
            Pattern::CheckThenUse => {
                matches!(op, Op::DelItem) || matches!(op, Op::Method(name) if removes(name))
            }
            Pattern::CheckThenPop => {
                matches!(op, Op::DelItem) || matches!(op, Op::Method(name) if takes(name))
            }
            _ => {
                matches!(op, Op::SetItem | Op::DelItem)
                    || matches!(op, Op::Method(name) if changes(name))
            }
        }
    }

    /// Accesses before the object is known to others, and at import.
    fn is_construction(&self, other: AccessId, suspect: &Suspect) -> bool {
        let it = self.world.func(other.0);
        match suspect.location.root {
            Root::Instance(..) => self.contexts.init_only[other.0 as usize],
            Root::Global(..) | Root::Class(..) => {
                matches!(it.kind, FunctionKind::Module | FunctionKind::ClassBody)
                    && !self.side(other).live_main
            }
            _ => false,
        }
    }
}
