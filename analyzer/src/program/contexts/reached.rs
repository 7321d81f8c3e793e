//! The contexts, and the calls of each function that they were found from, so that an edit has only a few functions looked
//! at again.

use super::calls::{KEPT, QUEUED, edges_of};
use super::{Contexts, Edge, compute, is_complete_program};
use crate::program::memo::{Changed, PerFunction};
use crate::program::threads::Threads;
use crate::program::types::TypeTable;
use crate::program::world::{FuncGid, World};

/// The contexts, and what they were found from.
pub(crate) struct Reached {
    edges: PerFunction<Vec<Edge>>,
    pub(crate) contexts: Contexts,
    /// The threads, now also with how many there are of each.
    pub(crate) threads: Threads,
}

impl Reached {
    pub(crate) fn new(world: &World, types: &TypeTable, found: &Threads) -> Self {
        let edges = PerFunction::new(world, |it| edges_of(world, types, found, it));
        let mut threads = found.clone();
        let all = edges.values.concat();
        let contexts = compute(world, types, &mut threads, all);
        Reached { edges, contexts, threads }
    }

    /// Whether the contexts are the same after an edit inside of functions; otherwise these are the new ones.
    pub(crate) fn stays(
        &mut self,
        world: &World,
        types: &TypeTable,
        found: &Threads,
        changed: &Changed,
    ) -> bool {
        let edges = self.edges.refresh(world, changed, |it| edges_of(world, types, found, it));
        let moved = |(func, before): &(FuncGid, Vec<Edge>)| {
            let now = &self.edges.values[*func as usize];
            before.len() == now.len() && before.iter().zip(now).all(|(a, b)| only_moved(a, b))
        };
        // What a helper starts for others is looked for among the types.
        let given = changed.has_keys() && self.threads.spawns.iter().any(|it| it.given);
        let quiet = !given
            && edges.iter().all(moved)
            && changed.list.iter().all(|it| self.is_quiet(world, *it));
        if quiet {
            for (func, _) in edges {
                self.renumber(func);
            }
            return true;
        }
        let mut threads = found.clone();
        let all = self.edges.values.concat();
        let contexts = compute(world, types, &mut threads, all);
        let same = contexts == self.contexts && threads == self.threads;
        (self.contexts, self.threads) = (contexts, threads);
        same
    }

    /// Whether the order of what a function does, and which of its calls is which, can be of no importance: it starts no
    /// thread and calls nothing that does, or that has been put aside for somebody; and its module is run, or not, as
    /// before.
    fn is_quiet(&self, world: &World, func: FuncGid) -> bool {
        let it = &self.contexts;
        let module = world.module_of(func);
        let matters = |edge: &Edge| {
            it.spawns_in.contains_key(&edge.to)
                || it.leaves.contains(&edge.to)
                || it.targets.contains(&edge.to)
                || it.queued.contains(&edge.to)
        };
        !it.spawns_in.contains_key(&func)
            && !self.edges.values[func as usize].iter().any(matters)
            && it.complete.get(module as usize) == Some(&is_complete_program(world, module))
    }

    /// The calls of a function have other numbers now.
    fn renumber(&mut self, func: FuncGid) {
        let now = self.edges.values[func as usize].iter();
        let now = now.filter(|it| it.call != QUEUED && it.call != KEPT);
        let Contexts { edges, callees, .. } = &mut self.contexts;
        for (edge, now) in callees.of(func).iter().zip(now) {
            edges[*edge as usize].call = now.call;
        }
    }
}

/// The same but for the number of the call.
fn only_moved(a: &Edge, b: &Edge) -> bool {
    let special = |it: &Edge| (it.call >= KEPT).then_some(it.call);
    special(a) == special(b) && Edge { call: b.call, ..*a } == *b
}
