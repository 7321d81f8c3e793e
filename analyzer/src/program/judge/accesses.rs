//! All accesses to the locations of the suspects, wherever in the project they are.

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::aliases::Aliases;
use super::{AccessId, Facts, Suspect};
use crate::domain::{Base, Op, Place, Step};
use crate::program::locations::{Location, resolve};
use crate::program::memo::note_list;
use crate::program::world::{FuncGid, World, to_u32};

/// So many accesses to one location are compared with each other: generated code has tens of thousands.
const MAX_ACCESSES: usize = 1000;

/// What is looked for.
pub(super) struct Targets {
    /// The locations, by number.
    ids: FxHashMap<Location, u32>,
    /// The last names of the ways to the locations.
    names: FxHashSet<Name>,
    /// Some have no name.
    made: bool,
}

/// One access of a function: the number of its location, the event, and whether it goes through another attribute than
/// the one the location is named for.
pub(super) type Access = (u32, u32, bool);

/// The location of what is done at a place.
#[derive(Clone, Copy)]
struct Seen {
    /// When the reference is read or bound.
    reference: Option<u32>,
    /// When its contents are used.
    contents: Option<u32>,
    /// The two differ: the contents are somebody else's container.
    alias: bool,
}

impl Targets {
    pub(super) fn new<'a>(suspects: impl Iterator<Item = &'a Suspect>, aliases: &Aliases) -> Self {
        let (ids, names) = (FxHashMap::default(), FxHashSet::default());
        let mut targets = Targets { ids, names, made: false };
        targets.add(suspects, aliases);
        targets
    }

    /// Returns the names that are new, and whether places without one are.
    fn add<'a>(
        &mut self,
        suspects: impl Iterator<Item = &'a Suspect>,
        aliases: &Aliases,
    ) -> (FxHashSet<Name>, bool) {
        let (mut names, made) = (FxHashSet::default(), self.made);
        let before = self.ids.len();
        for location in suspects.map(|it| &it.location) {
            if self.ids.contains_key(location) {
                continue;
            }
            self.ids.insert(location.clone(), to_u32(self.ids.len()));
            match location.last_name() {
                Some(name) => {
                    names.insert(name);
                }
                None => self.made = true,
            }
        }
        if self.ids.len() > before {
            names.extend(
                aliases.names(|it| self.ids.get(it).is_some_and(|it| *it as usize >= before)),
            );
            self.names.extend(names.iter().cloned());
        }
        (names, self.made && !made)
    }

    /// Looks for the locations of these suspects, too. Returns the functions that may have accesses to new ones.
    pub(super) fn extend<'a>(
        &mut self,
        world: &World,
        suspects: impl Iterator<Item = &'a Suspect>,
        aliases: &Aliases,
    ) -> Vec<FuncGid> {
        let (names, made) = self.add(suspects, aliases);
        if names.is_empty() && !made {
            return Vec::new();
        }
        let named = |place: &Place| last_name(place).map_or(made, |it| names.contains(it));
        let modules = (0..to_u32(world.modules.len())).into_par_iter();
        let some = modules.filter(|it| world.modules[*it as usize].facts.places.iter().any(named));
        let functions = |module: u32| {
            let n = to_u32(world.modules[module as usize].facts.functions.len());
            (0..n).map(move |it| world.func_gid(module, it))
        };
        some.flat_map_iter(functions).collect()
    }

    /// The accesses of one function, in order.
    pub(super) fn accesses_of(
        &self,
        facts: &Facts<'_>,
        aliases: &Aliases,
        func: FuncGid,
    ) -> Vec<Access> {
        let it = facts.world.func(func);
        let mut list = Vec::new();
        // What is known of each place; most are never accessed.
        let mut known: Vec<Option<Option<Seen>>> = Vec::new();
        for (index, event) in (0u32..).zip(&it.events).filter(|it| !it.1.flags.owned) {
            if known.is_empty() {
                known.resize(it.places.len(), None);
            }
            let at = event.place as usize;
            let look = || self.look(facts, aliases, func, &it.places[at]);
            let Some(seen) = *known[at].get_or_insert_with(look) else { continue };
            let reference = event.op.rebinds() || event.op == Op::Load;
            let location = if reference { seen.reference } else { seen.contents };
            if let Some(location) = location
                && !facts.is_fresh(func, event)
            {
                list.push((location, index, !reference && seen.alias));
            }
        }
        list
    }

    fn look(
        &self,
        facts: &Facts<'_>,
        aliases: &Aliases,
        func: FuncGid,
        place: &Place,
    ) -> Option<Seen> {
        if !last_name(place).map_or(self.made, |it| self.names.contains(it)) {
            return None;
        }
        let found = resolve(facts.world, facts.types, func, place)?;
        let reference = self.ids.get(&found).copied();
        let other = aliases.of(&found);
        let contents = other.map_or(reference, |it| self.ids.get(it).copied());
        (reference.is_some() || contents.is_some()).then_some(Seen {
            reference,
            contents,
            alias: other.is_some(),
        })
    }
}

/// Accesses by location.
pub(super) struct Accesses {
    lists: Vec<Vec<AccessId>>,
    /// Those through another attribute than the one the location is named for.
    aliased: FxHashSet<AccessId>,
}

impl Accesses {
    pub(super) fn new(targets: &Targets, seen: &[Vec<Access>]) -> Self {
        let mut new = Accesses { lists: Vec::new(), aliased: FxHashSet::default() };
        new.lists.resize(targets.ids.len(), Vec::new());
        new.fill(seen, |_| true);
        new
    }

    fn fill(&mut self, seen: &[Vec<Access>], wanted: impl Fn(u32) -> bool) {
        for (func, accesses) in (0u32..).zip(seen) {
            for (location, event, alias) in accesses.iter().filter(|it| wanted(it.0)) {
                let list = &mut self.lists[*location as usize];
                if list.len() < MAX_ACCESSES {
                    list.push((func, *event));
                    if *alias {
                        self.aliased.insert((func, *event));
                    }
                }
            }
        }
    }

    /// After some functions have other accesses than before. Returns the lists that are others now.
    pub(super) fn update(
        &mut self,
        targets: &Targets,
        seen: &[Vec<Access>],
        moved: &[(FuncGid, Vec<Access>)],
    ) -> Vec<u32> {
        self.lists.resize(targets.ids.len(), Vec::new());
        let mut other: Vec<u32> = moved
            .iter()
            .flat_map(|(func, before)| before.iter().chain(&seen[*func as usize]).map(|it| it.0))
            .collect();
        other.sort_unstable();
        other.dedup();
        if other.is_empty() {
            return other;
        }
        for list in &other {
            for id in std::mem::take(&mut self.lists[*list as usize]) {
                self.aliased.remove(&id);
            }
        }
        self.fill(seen, |it| other.binary_search(&it).is_ok());
        other
    }

    pub(super) fn view<'a>(&'a self, targets: &'a Targets) -> View<'a> {
        View { accesses: self, targets }
    }
}

/// Accesses that can be asked for by location.
pub(super) struct View<'a> {
    accesses: &'a Accesses,
    targets: &'a Targets,
}

impl<'a> View<'a> {
    /// The accesses to a location of a suspect.
    pub(super) fn of(&self, location: &Location) -> &'a [AccessId] {
        let Some(id) = self.targets.ids.get(location) else { return &[] };
        note_list(*id);
        &self.accesses.lists[*id as usize]
    }

    /// An access through another attribute than the one the location is named for.
    pub(super) fn through_alias(&self, access: AccessId) -> bool {
        self.accesses.aliased.contains(&access)
    }
}

pub(super) fn last_name(place: &Place) -> Option<&Name> {
    let attr = place.path.iter().rev().find_map(|it| match it {
        Step::Attr(name) => Some(name),
        Step::Elem => None,
    });
    attr.or(match &place.base {
        Base::Global(name) | Base::Cell(_, name) => Some(name),
        _ => None,
    })
}
