//! What is found, cut by file; and what each piece was made from, so that an edit has only a few made again.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::accesses::View;
use super::judged::Verdicts;
use super::{AccessId, Conflict, Facts, Suspect, fold};
use crate::program::deadlocks::Deadlocks;
use crate::program::memo::{Changed, Log, Reads, reads_of};
use crate::program::slice::ProgramSlice;
use crate::program::world::{FuncGid, ModuleId, to_u32};

/// Everything that was found, by function.
pub(super) struct Found<'a> {
    pub(super) suspects: &'a [Vec<Suspect>],
    pub(super) verdicts: &'a [Verdicts],
    pub(super) view: View<'a>,
    pub(super) deadlocks: &'a Deadlocks,
}

/// One slice per module.
pub(super) struct Slices {
    all: Vec<Arc<ProgramSlice>>,
    /// What was read for each, by module.
    log: Log,
}

/// What was found at one place because of another one: first the changes that forget a lock, then the torn reads.
type Elsewhere<'a> = Vec<Vec<&'a (Suspect, Conflict)>>;

impl Slices {
    pub(super) fn new(facts: &Facts<'_>, found: &Found<'_>) -> Self {
        let n = to_u32(facts.world.modules.len());
        let elsewhere = found.elsewhere(facts, |_| true);
        let modules = (0..n).into_par_iter();
        let (all, reads) = modules.map(|it| found.slice(facts, it, &elsewhere)).unzip();
        Slices { all, log: Log::new(reads) }
    }

    pub(super) fn all(&self) -> &[Arc<ProgramSlice>] {
        &self.all
    }

    /// After an edit inside of functions. `other` are the functions about whose suspects something else was found
    /// before, `others` those that had other suspects, `also` further modules.
    pub(super) fn refresh(
        &mut self,
        facts: &Facts<'_>,
        found: &Found<'_>,
        changed: &Changed,
        other: &[(FuncGid, Verdicts)],
        others: &[FuncGid],
        also: Vec<ModuleId>,
    ) {
        let world = facts.world;
        let elsewhere = |it: &Verdicts| {
            let all = it.unguarded.iter().chain(&it.torn);
            all.map(|it| it.0.func).collect::<Vec<FuncGid>>()
        };
        let mut functions: Vec<FuncGid> = changed.list.clone();
        functions.extend(others);
        for (func, before) in other {
            functions.push(*func);
            functions.extend(elsewhere(before));
            functions.extend(elsewhere(&found.verdicts[*func as usize]));
        }
        let mut stale: FxHashSet<ModuleId> =
            also.into_iter().chain(changed.modules.iter().copied()).collect();
        stale.extend(functions.into_iter().map(|it| world.module_of(it)));
        stale.extend(self.log.readers(changed));
        let mut stale: Vec<ModuleId> = stale.into_iter().collect();
        stale.sort_unstable();
        let elsewhere = found.elsewhere(facts, |it| stale.binary_search(&it).is_ok());
        let again = stale.par_iter().map(|it| found.slice(facts, *it, &elsewhere));
        let again: Vec<(Arc<ProgramSlice>, Reads)> = again.collect();
        for (module, (slice, reads)) in stale.into_iter().zip(again) {
            self.all[module as usize] = slice;
            self.log.add(module, &reads);
        }
    }
}

impl<'a> Found<'a> {
    /// By module, for those that are wanted.
    fn elsewhere(&self, facts: &Facts<'_>, wanted: impl Fn(ModuleId) -> bool) -> Elsewhere<'a> {
        let mut out = vec![Vec::new(); facts.world.modules.len()];
        let unguarded = self.verdicts.iter().flat_map(|it| &it.unguarded);
        let torn = self.verdicts.iter().flat_map(|it| &it.torn);
        for it in unguarded.chain(torn) {
            let module = facts.world.module_of(it.0.func);
            if wanted(module) {
                out[module as usize].push(it);
            }
        }
        out
    }

    fn slice(
        &self,
        facts: &Facts<'_>,
        module: ModuleId,
        elsewhere: &Elsewhere<'_>,
    ) -> (Arc<ProgramSlice>, Reads) {
        let make = || self.make(facts, module, &elsewhere[module as usize]);
        let (slice, reads) = reads_of(facts.world, FuncGid::MAX, make);
        (Arc::new(slice), reads)
    }

    fn make(
        &self,
        facts: &Facts<'_>,
        module: ModuleId,
        elsewhere: &[&(Suspect, Conflict)],
    ) -> ProgramSlice {
        let mut folded = fold::Folded::default();
        let mut reported: FxHashSet<AccessId> = FxHashSet::default();
        for func in facts.world.functions_of(module) {
            let suspects = &self.suspects[func as usize];
            for (suspect, conflict) in suspects.iter().zip(&self.verdicts[func as usize].conflicts)
            {
                let Some(conflict) = conflict else { continue };
                reported.insert((suspect.func, suspect.candidate.last));
                folded.add(facts, suspect.clone(), conflict.clone());
            }
        }
        for (found, conflict) in elsewhere {
            if reported.insert((found.func, found.candidate.last)) {
                folded.add(facts, found.clone(), conflict.clone());
            }
        }
        let windows = folded.groups.iter();
        let index = module as usize;
        ProgramSlice {
            windows: windows
                .map(|it| facts.report(it, self.view.of(&it.suspect.location)))
                .collect(),
            deadlocks: self.deadlocks.of(facts, module),
            gil_requests: crate::program::gil::gil_requests(facts, index),
            dependencies: Vec::new(),
            claims: crate::program::claims::claims(facts, index),
            misreadings: crate::program::misreadings::misreadings(facts, index),
        }
    }
}
