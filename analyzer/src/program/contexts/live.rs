//! Where, in main code, threads of the program may be running already.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::{Contexts, Edge};
use crate::domain::NONE;
use crate::program::threads::{Spawn, Threads};
use crate::program::world::{FuncGid, World};

impl Contexts {
    /// Follows main code: where threads may be running already.
    pub(super) fn find_live(&mut self, world: &World, threads: &Threads) {
        let mut leaves: FxHashSet<FuncGid> = threads
            .spawns
            .iter()
            .filter(|it| it.starts && it.live.1 == NONE)
            .map(|it| it.func)
            .collect();
        // A caller of a function that leaves threads running has them running afterwards.
        let mut todo: Vec<FuncGid> = leaves.iter().copied().collect();
        todo.sort_unstable();
        while let Some(func) = todo.pop() {
            let callers: SmallVec<[FuncGid; 4]> = self.calls_of(func).map(|it| it.from).collect();
            for caller in callers {
                if leaves.insert(caller) {
                    todo.push(caller);
                }
            }
        }
        let mut todo: Vec<FuncGid> =
            (0..world.n_functions()).filter(|it| self.main[*it as usize]).collect();
        while let Some(func) = todo.pop() {
            let edges: SmallVec<[Edge; 4]> = self.calls_from(func).copied().collect();
            for edge in edges {
                let seq = world.func(func).calls.get(edge.call as usize).map_or(0, |it| it.seq);
                let live = self.live_at(world, threads, &leaves, func, seq);
                if live && !self.entered_live[edge.to as usize] {
                    self.entered_live[edge.to as usize] = true;
                    todo.push(edge.to);
                }
            }
        }
        self.leaves = leaves;
    }

    /// Whether a thread of the program may run while main code is at this point of a function.
    pub(crate) fn is_live(
        &self,
        world: &World,
        threads: &Threads,
        func: FuncGid,
        event: &crate::domain::Event,
    ) -> bool {
        let again = |it: &u32| {
            let spawn = &threads.spawns[*it as usize];
            let Some(call) = world.func(func).calls.get(spawn.call as usize) else { return false };
            spawn.starts && spawn.many && call.in_loop != NONE && call.in_loop == event.in_loop
        };
        // What stands before a spawn in a loop comes after it in the next round.
        self.spawns_in.get(&func).into_iter().flatten().any(again)
            || self.live_at(world, threads, &self.leaves, func, event.seq)
    }

    pub(super) fn live_at(
        &self,
        world: &World,
        threads: &Threads,
        leaves: &FxHashSet<FuncGid>,
        func: FuncGid,
        seq: u32,
    ) -> bool {
        if self.entered_live[func as usize] {
            return true;
        }
        let started = |it: &Spawn| it.starts && it.live.0 < seq && seq < it.live.1;
        if self
            .spawns_in
            .get(&func)
            .into_iter()
            .flatten()
            .any(|it| started(&threads.spawns[*it as usize]))
        {
            return true;
        }
        // After a call that left threads running.
        self.calls_from(func).any(|it| {
            it.to != func
                && leaves.contains(&it.to)
                && world.func(func).calls.get(it.call as usize).is_some_and(|it| it.seq < seq)
        })
    }
}
