//! Who touches a place, and from where: for whoever asks about one name. Judges nothing, and knows no candidates.

use rayon::prelude::*;
use ruff_python_ast::name::Name;

use super::accesses::last_name;
use super::{AccessId, Facts};
use crate::domain::{Op, Place};
use crate::evidence::Access;
use crate::program::locations::{Location, resolve};
use crate::program::render::{self, place_text};
use crate::program::slice::GlobalSite;
use crate::program::world::FuncGid;

/// So many of them are told.
const MAX_TOLD: usize = 40;

/// A place that several threads touch and one of them changes.
pub(crate) struct Touched {
    /// As written where it was asked for.
    pub(crate) text: String,
    /// By file and function.
    pub(crate) touches: Vec<Touch>,
    /// Those that are not among them.
    pub(crate) more: usize,
}

/// One access.
pub(crate) struct Touch {
    pub(crate) access: Access<GlobalSite>,
    /// Who runs it, in words; nobody when it is a part of construction.
    pub(crate) by: Vec<String>,
}

impl Facts<'_> {
    /// What is known of the place of an event.
    pub(in crate::program) fn touched(&self, func: FuncGid, event: u32) -> Option<Touched> {
        let it = self.world.func(func);
        let place = &it.places[it.events.get(event as usize)?.place as usize];
        let location = resolve(self.world, self.types, func, place)?;
        let name = location.last_name()?;
        let one = |func: FuncGid| self.accesses_in(func, &location, &name);
        let all: Vec<AccessId> = self.world.par_functions().flat_map_iter(one).collect();
        let (mut ways, mut changed) = (0, false);
        let mut seen: Vec<(bool, &[u32], bool)> = Vec::new();
        for id in &all {
            if self.contexts.init_only[id.0 as usize] {
                continue;
            }
            let side = self.side(*id);
            let way = (side.public, side.spawns, side.live_main);
            changed |= self.may_change(*id) && way != (false, &[], false);
            if !seen.contains(&way) {
                let many = |it: &u32| self.threads.spawns[*it as usize].many;
                ways += usize::from(side.public) * 2
                    + usize::from(side.live_main)
                    + side.spawns.iter().map(|it| 1 + usize::from(many(it))).sum::<usize>();
                seen.push(way);
            }
        }
        if ways < 2 || !changed {
            return None;
        }
        let touch = |id: &AccessId| Touch { access: render::access(self, *id), by: self.by(*id) };
        Some(Touched {
            text: place_text(self, func, place),
            touches: all.iter().take(MAX_TOLD).map(touch).collect(),
            more: all.len().saturating_sub(MAX_TOLD),
        })
    }

    /// The accesses of one function to a location that has this name.
    fn accesses_in(&self, func: FuncGid, location: &Location, name: &Name) -> Vec<AccessId> {
        let it = self.world.func(func);
        let is_it = |place: &Place| {
            last_name(place).is_some_and(|it| it == name)
                && resolve(self.world, self.types, func, place).as_ref() == Some(location)
        };
        let mut known: Vec<Option<bool>> = vec![None; it.places.len()];
        let mut res = Vec::new();
        for (index, event) in (0u32..).zip(&it.events).filter(|it| !it.1.flags.owned) {
            let at = event.place as usize;
            if *known[at].get_or_insert_with(|| is_it(&it.places[at]))
                && !self.is_fresh(func, event)
            {
                res.push((func, index));
            }
        }
        res
    }

    fn may_change(&self, id: AccessId) -> bool {
        match &self.event(id).op {
            Op::Store | Op::Delete | Op::SetItem | Op::DelItem => true,
            Op::Method(name) => !matches!(
                name.as_str(),
                "get" | "keys" | "values" | "items" | "copy" | "count" | "index"
            ),
            _ => false,
        }
    }

    /// Who runs an access.
    fn by(&self, id: AccessId) -> Vec<String> {
        if self.contexts.init_only[id.0 as usize] {
            return Vec::new();
        }
        let side = self.side(id);
        let mut res: Vec<String> = Vec::new();
        for spawn in side.spawns {
            let spawn = &self.threads.spawns[*spawn as usize];
            let target = &self.world.func(spawn.target).qualname;
            let text = if spawn.many {
                format!("threads in `{target}`")
            } else {
                format!("a thread in `{target}`")
            };
            if !res.contains(&text) {
                res.push(text);
            }
        }
        if self.contexts.main[id.0 as usize] {
            res.push("the main thread".to_owned());
        }
        if side.public && side.for_users {
            res.push("whoever calls the library".to_owned());
        }
        res
    }
}
