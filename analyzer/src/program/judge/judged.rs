//! All findings of the project, and what of each function they were found from, so that an edit has only a few functions
//! looked at again.

use rustc_hash::FxHashSet;

use super::accesses::{Access, Accesses, Targets};
use super::aliases::Aliases;
use super::{AccessId, Conflict, Facts, Suspect, fold, holder};
use crate::evidence::Pattern;
use crate::program::locations::resolve;
use crate::program::memo::{Changed, PerFunction};
use crate::program::slice::ProgramSlice;
use crate::program::world::FuncGid;

/// What is found about one suspect.
#[derive(PartialEq)]
struct Verdict {
    conflict: Option<Conflict>,
    /// Changes elsewhere that forget the lock which it holds.
    unguarded: Vec<(Suspect, Conflict)>,
}

/// Suspects, accesses to what they are about, and what is found about each.
pub(crate) struct Judged {
    aliases: Aliases,
    suspects: PerFunction<Vec<Suspect>>,
    targets: Targets,
    seen: PerFunction<Vec<Access>>,
    accesses: Accesses,
    verdicts: PerFunction<Vec<Verdict>>,
}

impl Judged {
    pub(crate) fn new(facts: &Facts<'_>) -> Self {
        let world = facts.world;
        let aliases = Aliases::find(world, facts.types);
        let suspects = PerFunction::new(world, |it| suspects_of(facts, &aliases, it));
        let targets = Targets::new(suspects.values.iter().flatten(), &aliases);
        let seen = PerFunction::new(world, |it| targets.accesses_of(facts, &aliases, it));
        let accesses = Accesses::new(&targets, &seen.values);
        let view = accesses.view(&targets);
        let one = |func: FuncGid| {
            let suspects = suspects.values[func as usize].iter();
            suspects.map(|it| facts.verdict(it, &view)).collect()
        };
        let verdicts = PerFunction::new(world, one);
        Judged { aliases, suspects, targets, seen, accesses, verdicts }
    }

    /// After an edit inside of functions that leaves all tables as they are.
    pub(crate) fn refresh(&mut self, facts: &Facts<'_>, changed: &mut Changed) {
        let world = facts.world;
        let Judged { aliases, suspects, targets, seen, accesses, verdicts } = self;
        let other = suspects.refresh(world, changed, |it| suspects_of(facts, aliases, it));
        let new = other.iter().flat_map(|it| &suspects.values[it.0 as usize]);
        let also = targets.extend(world, new, aliases);
        let of = |it: FuncGid| targets.accesses_of(facts, aliases, it);
        let mut moved = seen.refresh(world, changed, of);
        moved.extend(seen.compute(world, &also, of));
        changed.set_lists(accesses.update(targets, &seen.values, &moved));
        // Who has other suspects is not always among those whose facts have changed.
        let others: Vec<FuncGid> = other.into_iter().map(|it| it.0).collect();
        let view = accesses.view(targets);
        let one = |func: FuncGid| {
            let suspects = suspects.values[func as usize].iter();
            suspects.map(|it| facts.verdict(it, &view)).collect()
        };
        verdicts.refresh(world, changed, one);
        verdicts.compute(world, &others, one);
    }

    /// One slice per module.
    pub(crate) fn slices(&self, facts: &Facts<'_>) -> Vec<ProgramSlice> {
        let mut slices: Vec<ProgramSlice> =
            facts.files.iter().map(|_| ProgramSlice::default()).collect();
        let view = self.accesses.view(&self.targets);
        let of = |suspect: &Suspect| view.of(&suspect.location);
        let mut folded = fold::Folded::default();
        let mut reported: FxHashSet<AccessId> = FxHashSet::default();
        for (suspect, verdict) in self.all() {
            let Some(conflict) = &verdict.conflict else { continue };
            reported.insert((suspect.func, suspect.candidate.last));
            folded.add(facts, suspect.clone(), conflict.clone());
        }
        for (found, conflict) in self.all().flat_map(|it| &it.1.unguarded) {
            if reported.insert((found.func, found.candidate.last)) {
                folded.add(facts, found.clone(), conflict.clone());
            }
        }
        for (found, conflict) in facts.torn(self.all().map(|it| it.0), of) {
            if reported.insert((found.func, found.candidate.last)) {
                folded.add(facts, found, conflict);
            }
        }
        for it in folded.groups {
            facts.report(&it, of(&it.suspect), &mut slices);
        }
        for (module, slice) in slices.iter_mut().enumerate() {
            slice.gil_requests = crate::program::gil::gil_requests(facts, module);
            slice.claims = crate::program::claims::claims(facts, module);
            slice.misreadings = crate::program::misreadings::misreadings(facts, module);
        }
        crate::program::deadlocks::find(facts, &mut slices);
        slices
    }

    fn all(&self) -> impl Iterator<Item = (&Suspect, &Verdict)> {
        let functions = self.suspects.values.iter().zip(&self.verdicts.values);
        functions.flat_map(|(suspects, verdicts)| suspects.iter().zip(verdicts))
    }
}

impl Facts<'_> {
    fn verdict(&self, suspect: &Suspect, accesses: &super::accesses::View<'_>) -> Verdict {
        let conflict = self.conflict(suspect, accesses);
        Verdict { conflict, unguarded: self.unguarded(suspect, accesses) }
    }
}

fn suspects_of(facts: &Facts<'_>, aliases: &Aliases, func: FuncGid) -> Vec<Suspect> {
    let world = facts.world;
    let it = world.func(func);
    let mut out = Vec::new();
    let silent = it.candidates.is_empty() && it.name != "__init__";
    if silent || world.module(func).path.ends_with(".pyi") {
        return out;
    }
    for candidate in &it.candidates {
        let candidate = &facts.of_iterators(func, candidate);
        let Some(about) = facts.about(func, candidate) else { continue };
        let event = &it.events[about as usize];
        let place = &it.places[event.place as usize];
        if facts.is_private(func, place)
            || facts.is_fresh(func, event)
            || facts.is_harmless(func, candidate)
        {
            continue;
        }
        if let Some(location) = resolve(world, facts.types, func, place)
            && !Facts::is_settings(&location, candidate.pattern)
        {
            if !facts.relies(func, candidate, &location) {
                continue;
            }
            let candidate = facts.refined(func, *candidate);
            let reference = candidate.pattern == Pattern::CheckThenDereference;
            let contents = !event.op.rebinds() && !reference;
            let holder = holder(world, func, place, &location);
            let location = if contents { aliases.of_contents(location) } else { location };
            out.push(Suspect { func, candidate, location, contents, holder });
        }
    }
    facts.published_early(func, &mut out);
    out
}
