//! What each function says of threads, function by function, so that an edit has only a few of them looked at again.

use super::declared::{Declared, of_function};
use super::holders::Holders;
use super::{Started, Threads, find, spawned};
use crate::program::memo::{Changed, PerFunction, Reads, reads_of};
use crate::program::types::TypeTable;
use crate::program::world::{FuncGid, World};

/// What functions start, and what is declared in them.
pub(crate) struct Told {
    starts: PerFunction<Vec<(u32, Started)>>,
    declared: PerFunction<Vec<(FuncGid, Declared)>>,
}

impl Told {
    fn new(world: &World, types: &TypeTable) -> Self {
        Told {
            starts: PerFunction::new(world, |it| starts_of(world, types, it)),
            declared: PerFunction::new(world, |it| of_function(world, types, it)),
        }
    }

    /// Whether something else is said now.
    fn refresh(&mut self, world: &World, types: &TypeTable, changed: &Changed) -> bool {
        let starts = self.starts.refresh(world, changed, |it| starts_of(world, types, it));
        let declared = self.declared.refresh(world, changed, |it| of_function(world, types, it));
        !starts.is_empty() || !declared.is_empty()
    }

    /// What is started: function, index of the call, what.
    pub(super) fn starts(&self) -> impl Iterator<Item = (FuncGid, u32, &Started)> {
        let all = (0u32..).zip(&self.starts.values);
        all.flat_map(|(func, it)| it.iter().map(move |(call, it)| (func, *call, it)))
    }

    /// What is declared of functions.
    pub(super) fn declarations(&self) -> impl Iterator<Item = &(FuncGid, Declared)> {
        self.declared.values.iter().flatten()
    }
}

fn starts_of(world: &World, types: &TypeTable, func: FuncGid) -> Vec<(u32, Started)> {
    let calls = (0u32..).zip(&world.func(func).calls);
    let of_call =
        |(index, call)| spawned(world, types, func, call).into_iter().map(move |it| (index, it));
    calls.flat_map(of_call).collect()
}

/// The threads, and what they were found from.
pub(crate) struct Found {
    told: Told,
    holders: Holders,
    pub(crate) threads: Threads,
    /// What was read besides.
    reads: Reads,
}

impl Found {
    pub(crate) fn new(world: &World, types: &TypeTable) -> Self {
        let told = Told::new(world, types);
        let holders = Holders::find(types);
        let (threads, reads) =
            reads_of(world, FuncGid::MAX, || find(world, types, &told, &holders));
        Found { told, holders, threads, reads }
    }

    /// Whether the threads are the same after an edit inside of functions; otherwise these are the new ones.
    pub(crate) fn stays(&mut self, world: &World, types: &TypeTable, changed: &Changed) -> bool {
        let other = self.told.refresh(world, types, changed);
        if changed.instances {
            self.holders = Holders::find(types);
        }
        if !other && !changed.instances && !changed.touches(&self.reads) {
            return true;
        }
        let find = || find(world, types, &self.told, &self.holders);
        let (threads, reads) = reads_of(world, FuncGid::MAX, find);
        let before = std::mem::replace(&mut self.threads, threads);
        self.reads = reads;
        before == self.threads
    }
}
