//! All accesses to the locations of the suspects, wherever in the project they are.

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::aliases::Aliases;
use super::{AccessId, Facts, Suspect};
use crate::domain::{Base, Op, Place, Step};
use crate::program::locations::{Location, resolve};
use crate::program::world::{FuncGid, to_u32};

/// So many accesses to one location are compared with each other: generated code has tens of thousands.
const MAX_ACCESSES: usize = 1000;

/// Accesses by location.
pub(super) struct Accesses {
    ids: FxHashMap<Location, u32>,
    lists: Vec<Vec<AccessId>>,
    /// Those through another attribute than the one the location is named for.
    aliased: FxHashSet<AccessId>,
}

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

impl Accesses {
    pub(super) fn find(facts: &Facts<'_>, suspects: &[Suspect], aliases: &Aliases) -> Self {
        let mut ids: FxHashMap<Location, u32> = FxHashMap::default();
        for suspect in suspects {
            let next = to_u32(ids.len());
            ids.entry(suspect.location.clone()).or_insert(next);
        }
        let wanted = Wanted::new(facts, suspects, &ids, aliases);
        let found: Vec<(u32, AccessId, bool)> =
            facts.world.par_functions().flat_map_iter(|func| wanted.of_function(func)).collect();
        let mut lists = vec![Vec::new(); ids.len()];
        let mut aliased = FxHashSet::default();
        for (location, id, alias) in found {
            let list = &mut lists[location as usize];
            if list.len() < MAX_ACCESSES {
                list.push(id);
                if alias {
                    aliased.insert(id);
                }
            }
        }
        Accesses { ids, lists, aliased }
    }

    /// The accesses to a location of a suspect.
    pub(super) fn of(&self, location: &Location) -> &[AccessId] {
        self.ids.get(location).map_or(&[], |it| &self.lists[*it as usize])
    }

    /// An access through another attribute than the one the location is named for.
    pub(super) fn through_alias(&self, access: AccessId) -> bool {
        self.aliased.contains(&access)
    }
}

/// What is looked for.
struct Wanted<'a> {
    facts: &'a Facts<'a>,
    aliases: &'a Aliases,
    ids: &'a FxHashMap<Location, u32>,
    /// The last names of the ways to the locations.
    names: FxHashSet<Name>,
    /// Some have no name.
    made: bool,
}

impl<'a> Wanted<'a> {
    fn new(
        facts: &'a Facts<'a>,
        suspects: &[Suspect],
        ids: &'a FxHashMap<Location, u32>,
        aliases: &'a Aliases,
    ) -> Self {
        let mut names: FxHashSet<Name> = FxHashSet::default();
        let mut made = false;
        for location in suspects.iter().map(|it| &it.location) {
            match location.last_name() {
                Some(name) => {
                    names.insert(name);
                }
                None => made = true,
            }
        }
        names.extend(aliases.names(|it| ids.contains_key(it)));
        Wanted { facts, aliases, ids, names, made }
    }

    /// The accesses of one function, in order.
    fn of_function(&self, func: FuncGid) -> Vec<(u32, AccessId, bool)> {
        let it = self.facts.world.func(func);
        let mut list = Vec::new();
        // What is known of each place; most are never accessed.
        let mut known: Vec<Option<Option<Seen>>> = Vec::new();
        for (index, event) in (0u32..).zip(&it.events).filter(|it| !it.1.flags.owned) {
            if known.is_empty() {
                known.resize(it.places.len(), None);
            }
            let at = event.place as usize;
            let Some(seen) = *known[at].get_or_insert_with(|| self.look(func, &it.places[at]))
            else {
                continue;
            };
            let reference = event.op.rebinds() || event.op == Op::Load;
            let location = if reference { seen.reference } else { seen.contents };
            if let Some(location) = location
                && !self.facts.is_fresh(func, event)
            {
                list.push((location, (func, index), !reference && seen.alias));
            }
        }
        list
    }

    fn look(&self, func: FuncGid, place: &Place) -> Option<Seen> {
        if !last_name(place).map_or(self.made, |it| self.names.contains(it)) {
            return None;
        }
        let found = resolve(self.facts.world, self.facts.types, func, place)?;
        let reference = self.ids.get(&found).copied();
        let other = self.aliases.of(&found);
        let contents = other.map_or(reference, |it| self.ids.get(it).copied());
        (reference.is_some() || contents.is_some()).then_some(Seen {
            reference,
            contents,
            alias: other.is_some(),
        })
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
