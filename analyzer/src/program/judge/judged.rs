//! All findings of the project, and what of each function they were found from, so that an edit has only a few functions
//! looked at again.

use std::sync::Arc;

use super::accesses::{Access, Accesses, Targets, View};
use super::aliases::Aliases;
use super::slices::{Found, Slices};
use super::{Conflict, Facts, Suspect, holder};
use crate::evidence::Pattern;
use crate::program::deadlocks::Deadlocks;
use crate::program::locations::resolve;
use crate::program::memo::{Changed, PerFunction};
use crate::program::slice::ProgramSlice;
use crate::program::world::FuncGid;

/// What is found about the suspects of a function.
#[derive(PartialEq)]
pub(super) struct Verdicts {
    /// For each of them.
    pub(super) conflicts: Vec<Option<Conflict>>,
    /// Changes elsewhere that forget the lock which one of them holds.
    pub(super) unguarded: Vec<(Suspect, Conflict)>,
    /// Reads elsewhere of what it updates together.
    pub(super) torn: Vec<(Suspect, Conflict)>,
}

/// Suspects, accesses to what they are about, what is found about each, and what of it is reported in which file.
pub(crate) struct Judged {
    aliases: Aliases,
    suspects: PerFunction<Vec<Suspect>>,
    targets: Targets,
    seen: PerFunction<Vec<Access>>,
    accesses: Accesses,
    verdicts: PerFunction<Verdicts>,
    deadlocks: Deadlocks,
    slices: Slices,
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
        let one = |it: FuncGid| facts.verdicts(&suspects.values[it as usize], &view);
        let verdicts = PerFunction::new(world, one);
        let deadlocks = Deadlocks::new(facts);
        let found = Found {
            suspects: &suspects.values,
            verdicts: &verdicts.values,
            view,
            deadlocks: &deadlocks,
        };
        let slices = Slices::new(facts, &found);
        Judged { aliases, suspects, targets, seen, accesses, verdicts, deadlocks, slices }
    }

    /// One slice per module.
    pub(crate) fn slices(&self) -> &[Arc<ProgramSlice>] {
        self.slices.all()
    }

    /// After an edit inside of functions that leaves all tables as they are, but for the types that it changes.
    pub(crate) fn refresh(&mut self, facts: &Facts<'_>, changed: &mut Changed) {
        let world = facts.world;
        if changed.has_keys() && Aliases::find(world, facts.types) != self.aliases {
            *self = Judged::new(facts);
            return;
        }
        let Judged { aliases, suspects, targets, seen, accesses, verdicts, deadlocks, slices } =
            self;
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
        let one = |it: FuncGid| facts.verdicts(&suspects.values[it as usize], &view);
        let mut other = verdicts.refresh(world, changed, one);
        other.extend(verdicts.compute(world, &others, one));
        let also = deadlocks.refresh(facts, changed);
        let found =
            Found { suspects: &suspects.values, verdicts: &verdicts.values, view, deadlocks };
        slices.refresh(facts, &found, changed, &other, &others, also);
    }
}

impl Facts<'_> {
    fn verdicts(&self, suspects: &[Suspect], accesses: &View<'_>) -> Verdicts {
        Verdicts {
            conflicts: suspects.iter().map(|it| self.conflict(it, accesses)).collect(),
            unguarded: suspects.iter().flat_map(|it| self.unguarded(it, accesses)).collect(),
            torn: self.torn(suspects, |it| accesses.of(&it.location)),
        }
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
