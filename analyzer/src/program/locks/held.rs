//! The locks, and the regions of each function that they were found from, so that an edit has only a few functions looked
//! at again.

use super::{LockId, Locks, find, lock_of};
use crate::program::contexts::Contexts;
use crate::program::memo::{Changed, PerFunction, Reads, reads_of};
use crate::program::threads::Threads;
use crate::program::types::TypeTable;
use crate::program::world::{FuncGid, World};

/// How many regions a function has, and the locks of those that are locks.
type Regions = (usize, Vec<(u32, LockId)>);

/// The locks, and what they were found from.
pub(crate) struct Held {
    regions: PerFunction<Regions>,
    pub(crate) locks: Locks,
    /// What was read for the locks; of that, types count.
    reads: Reads,
}

impl Held {
    pub(crate) fn new(
        world: &World,
        types: &TypeTable,
        contexts: &Contexts,
        threads: &Threads,
    ) -> Self {
        let regions = PerFunction::new(world, |it| regions_of(world, types, it));
        let find = || find(world, types, contexts, threads, all(&regions));
        let (locks, reads) = reads_of(world, FuncGid::MAX, find);
        Held { regions, locks, reads }
    }

    /// Whether the locks are the same after an edit inside of functions; otherwise these are the new ones.
    pub(crate) fn stays(
        &mut self,
        world: &World,
        types: &TypeTable,
        contexts: &Contexts,
        threads: &Threads,
        changed: &Changed,
    ) -> bool {
        // Where a function without regions calls others, it holds what it was entered with.
        let has = |it: &FuncGid| self.regions.values[*it as usize].0 > 0;
        let had = changed.list.iter().any(has);
        let other = self.regions.refresh(world, changed, |it| regions_of(world, types, it));
        // Owners of locks are looked for among all types.
        let typed = changed.externals || changed.touches_keys(&self.reads);
        if !had && other.is_empty() && !typed {
            return true;
        }
        let find = || find(world, types, contexts, threads, all(&self.regions));
        let (locks, reads) = reads_of(world, FuncGid::MAX, find);
        self.reads = reads;
        let before = std::mem::replace(&mut self.locks, locks);
        before == self.locks
    }
}

fn regions_of(world: &World, types: &TypeTable, func: FuncGid) -> Regions {
    let regions = &world.func(func).regions;
    let threads = (0u32..).zip(regions).filter(|it| !it.1.is_async);
    let locks =
        threads.filter_map(|(index, it)| Some((index, lock_of(world, types, func, it.what, 0)?)));
    (regions.len(), locks.collect())
}

fn all(regions: &PerFunction<Regions>) -> Vec<((FuncGid, u32), LockId)> {
    let by_function = (0u32..).zip(&regions.values);
    by_function
        .flat_map(|(func, it)| it.1.iter().map(move |it| ((func, it.0), it.1.clone())))
        .collect()
}
