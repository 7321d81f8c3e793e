//! Locks that every caller of a private function holds.

use rayon::prelude::*;

use super::super::contexts::Contexts;
use super::super::threads::Threads;
use super::super::world::{FuncGid, World};
use super::{LockId, Locks};
use crate::domain::FunctionKind;

impl Locks {
    /// The locks of private functions that all their callers hold.
    pub(super) fn propagate(&mut self, world: &World, contexts: &Contexts, threads: &Threads) {
        let targets: rustc_hash::FxHashSet<FuncGid> =
            threads.spawns.iter().map(|it| it.target).collect();
        let candidates: Vec<FuncGid> = world
            .par_functions()
            .filter(|it| {
                let facts = world.func(*it);
                let private = facts.name.starts_with('_') && !facts.name.ends_with("__");
                let inner = world
                    .parent(*it)
                    .is_some_and(|it| world.func(it).kind == FunctionKind::Function);
                (private || inner || !contexts.public[*it as usize]) && !targets.contains(it)
            })
            .filter(|it| contexts.calls_of(*it).any(|edge| edge.from != *it))
            .collect();
        self.hold_what_callers_hold(world, contexts, &candidates);
        let entry = self.entry.clone();
        let called: Vec<FuncGid> = world
            .par_functions()
            .filter(|it| !targets.contains(it))
            .filter(|it| contexts.calls_of(*it).any(|edge| edge.from != *it))
            .collect();
        self.hold_what_callers_hold(world, contexts, &called);
        self.usual = std::mem::replace(&mut self.entry, entry);
        let by_convention: Vec<FuncGid> =
            world.par_functions().filter(|it| world.func(*it).caller_locks).collect();
        for func in by_convention {
            self.entry.entry(func).or_default().push(LockId::Convention);
        }
    }
    fn hold_what_callers_hold(
        &mut self,
        world: &World,
        contexts: &Contexts,
        candidates: &[FuncGid],
    ) {
        let own = self.entry.clone();
        // Greatest fixed point, approached from below in few rounds: chains of private helpers are short.
        for _ in 0..4 {
            let mut next = own.clone();
            for func in candidates {
                let mut common: Option<Vec<LockId>> = None;
                for edge in contexts.calls_of(*func).filter(|it| it.from != *func) {
                    if contexts.init_only[edge.from as usize] && edge.on_self {
                        continue;
                    }
                    let held =
                        world.func(edge.from).calls.get(edge.call as usize).map_or(0, |it| it.held);
                    if held == 0 && !self.entry.contains_key(&edge.from) {
                        common = Some(Vec::new());
                        break;
                    }
                    let at: Vec<LockId> =
                        self.at(world, edge.from, held).into_iter().map(|it| it.0).collect();
                    common = Some(match common {
                        None => at,
                        Some(have) => have.into_iter().filter(|it| at.contains(it)).collect(),
                    });
                    if common.as_ref().is_some_and(Vec::is_empty) {
                        break;
                    }
                }
                if let Some(common) = common.filter(|it| !it.is_empty()) {
                    let held = next.entry(*func).or_default();
                    held.extend(common);
                    held.dedup();
                }
            }
            next.retain(|_, it| !it.is_empty());
            if next == self.entry {
                break;
            }
            self.entry = next;
        }
    }
}
