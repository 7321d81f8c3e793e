//! What was computed for each function, kept from one edit to the next, with the functions whose facts were read for it.
//!
//! Exact, not a guess: a result is taken again only when none of the facts that it was computed from has changed. What
//! it was computed from besides (names, classes, the tables of earlier steps) has to be the same, too; whoever calls
//! [`PerFunction::refresh`] has made sure of that.

mod log;

pub(crate) use log::Log;

use std::cell::Cell;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::world::{FuncGid, ModuleId, World};

/// Marks the numbers of lists of accesses among those of functions.
const LIST: u32 = 1 << 31;
/// Marks keys among them.
const KEY: u32 = 1 << 30;

/// A hash of 30 bits that stands for what is looked up in a table. Two things with one key only cost a computation.
pub(crate) type Key = u32;

thread_local! {
    /// What was read, while somebody wants to know.
    static READ: Cell<Option<Vec<u32>>> = const { Cell::new(None) };
}

/// The facts of a function are read.
pub(crate) fn note(func: FuncGid) {
    if let Some(mut read) = READ.take() {
        if read.last() != Some(&func) {
            read.push(func);
        }
        READ.set(Some(read));
    }
}

/// The list of the accesses to a location is read.
pub(crate) fn note_list(list: u32) {
    note(LIST | list);
}

/// What this key stands for is read.
pub(crate) fn note_key(key: impl FnOnce() -> Key) {
    if let Some(mut read) = READ.take() {
        read.push(KEY | key());
        READ.set(Some(read));
    }
}

/// Keys of what has changed.
pub(crate) type Keys = FxHashSet<Key>;

/// What was read for a result: functions by their number, lists of accesses, keys. Sorted.
#[derive(Clone, Default)]
pub(crate) struct Reads(Box<[u32]>);

impl Reads {
    /// What is looked up by these keys.
    pub(crate) fn of_keys(keys: impl IntoIterator<Item = Key>) -> Self {
        let mut read: Vec<u32> = keys.into_iter().map(|it| KEY | it).collect();
        read.sort_unstable();
        read.dedup();
        Reads(read.into())
    }

    /// Together with what is in another one.
    pub(crate) fn add(&mut self, other: Reads) {
        if self.0.is_empty() {
            *self = other;
        } else if other.0.iter().any(|it| self.0.binary_search(it).is_err()) {
            let mut all: Vec<u32> = self.0.iter().chain(&other.0).copied().collect();
            all.sort_unstable();
            all.dedup();
            self.0 = all.into();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something is among them that these keys stand for.
    pub(crate) fn has_of(&self, keys: &Keys) -> bool {
        self.0.iter().any(|it| it & (LIST | KEY) == KEY && keys.contains(&(it & !KEY)))
    }
}

/// The result of a computation for a function, and what it reads on this thread besides that function.
pub(crate) fn reads_of<T>(world: &World, own: FuncGid, compute: impl FnOnce() -> T) -> (T, Reads) {
    if !world.remembers {
        return (compute(), Reads::default());
    }
    let outer = READ.replace(Some(Vec::new()));
    let value = compute();
    let mut read = READ.replace(outer).unwrap_or_default();
    read.sort_unstable();
    read.dedup();
    read.retain(|it| *it != own);
    (value, Reads(read.into()))
}

/// Computes something for each item in parallel; what is read for that counts as read here.
pub(crate) fn par_noting<T: Sync, R: Send>(
    world: &World,
    items: &[T],
    compute: impl Fn(&T) -> R + Sync + Send,
) -> Vec<R> {
    let Some(mut read) = READ.take() else {
        return items.par_iter().map(compute).collect();
    };
    let all = items.par_iter().map(|it| reads_of(world, FuncGid::MAX, || compute(it)));
    let all: Vec<(R, Reads)> = all.collect();
    read.extend(all.iter().flat_map(|it| it.1.0.iter()));
    READ.set(Some(read));
    all.into_iter().map(|it| it.0).collect()
}

/// What has changed.
#[derive(Default)]
pub(crate) struct Changed {
    /// The functions, sorted.
    pub(crate) list: Vec<FuncGid>,
    /// The modules that were edited.
    pub(crate) modules: Vec<ModuleId>,
    /// Attributes or variables hold instances of other classes than before.
    pub(crate) instances: bool,
    /// Attributes hold other objects from outside of the project than before.
    pub(crate) externals: bool,
    lists: Vec<u32>,
    keys: Keys,
}

impl Changed {
    /// So have these functions and modules.
    pub(crate) fn add(&mut self, list: Vec<FuncGid>, modules: impl Iterator<Item = ModuleId>) {
        self.list.extend(list);
        self.list.sort_unstable();
        self.list.dedup();
        self.modules.extend(modules);
    }

    /// Of the lists of accesses, these have changed, too.
    pub(crate) fn set_lists(&mut self, lists: Vec<u32>) {
        self.lists = lists;
    }

    /// So has what these stand for.
    pub(crate) fn add_keys(&mut self, keys: &Keys) {
        self.keys.extend(keys);
    }

    /// Whether something that is looked up by a key has changed.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether something of this has changed.
    pub(crate) fn touches(&self, reads: &Reads) -> bool {
        reads.0.iter().any(|it| match it & (LIST | KEY) {
            0 => self.list.binary_search(it).is_ok(),
            KEY => self.keys.contains(&(it & !KEY)),
            _ => self.lists.contains(&(it & !LIST)),
        })
    }

    /// Whether something of this that is looked up by a key has changed.
    pub(crate) fn touches_keys(&self, reads: &Reads) -> bool {
        self.has_keys() && reads.has_of(&self.keys)
    }

    fn marked(&self) -> impl Iterator<Item = u32> {
        let lists = self.lists.iter().map(|it| it | LIST);
        self.list.iter().copied().chain(lists).chain(self.keys.iter().map(|it| KEY | it))
    }
}

/// Results by function.
pub(crate) struct PerFunction<V> {
    pub(crate) values: Vec<V>,
    log: Log,
}

impl<V: PartialEq + Send + Sync> PerFunction<V> {
    /// Computes all of them.
    pub(crate) fn new(world: &World, compute: impl Fn(FuncGid) -> V + Sync + Send) -> Self {
        let all = world.par_functions();
        if !world.remembers {
            return PerFunction { values: all.map(compute).collect(), log: Log::new(Vec::new()) };
        }
        let (values, reads) = all.map(|it| reads_of(world, it, || compute(it))).unzip();
        PerFunction { values, log: Log::new(reads) }
    }

    /// Computes those again that read what has changed. Returns the functions for which something else came out, with
    /// what it was before.
    pub(crate) fn refresh(
        &mut self,
        world: &World,
        changed: &Changed,
        compute: impl Fn(FuncGid) -> V + Sync + Send,
    ) -> Vec<(FuncGid, V)> {
        let stale = self.log.stale(changed);
        self.compute(world, &stale, compute)
    }

    /// Computes these again; the rest as above.
    pub(crate) fn compute(
        &mut self,
        world: &World,
        stale: &[FuncGid],
        compute: impl Fn(FuncGid) -> V + Sync + Send,
    ) -> Vec<(FuncGid, V)> {
        let again = stale.par_iter().map(|it| (*it, reads_of(world, *it, || compute(*it))));
        let again: Vec<_> = again.collect();
        let mut different = Vec::new();
        for (func, (value, reads)) in again {
            self.log.add(func, &reads);
            if self.values[func as usize] != value {
                let before = std::mem::replace(&mut self.values[func as usize], value);
                different.push((func, before));
            }
        }
        different
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::knowledge::KNOWLEDGE;

    fn world(remembers: bool) -> World {
        World::new(Vec::new(), Arc::clone(&KNOWLEDGE), remembers)
    }

    fn functions(list: &[FuncGid]) -> Changed {
        let mut out = Changed::default();
        out.add(list.to_vec(), [].into_iter());
        out
    }

    #[test]
    fn what_was_read_and_changed_makes_a_result_stale() {
        let world = world(true);
        let ((), reads) = reads_of(&world, 0, || {
            note(0);
            note(3);
            note_list(1);
            note_key(|| 7);
        });
        let mut log = Log::new(vec![reads, Reads::default(), Reads::default()]);
        let mut stale = |it: &Changed| log.stale(it);
        assert!(stale(&Changed::default()).is_empty());
        assert_eq!(stale(&functions(&[2])), [2]);
        assert_eq!(stale(&functions(&[3])), [0, 3]);
        assert_eq!(stale(&functions(&[2, 0])), [0, 2]);
        let lists = |it| Changed { lists: vec![it], ..Changed::default() };
        assert!(stale(&lists(0)).is_empty());
        assert_eq!(stale(&lists(1)), [0]);
        let keys = |it| Changed { keys: Keys::from_iter([it]), ..Changed::default() };
        assert!(stale(&keys(1)).is_empty());
        assert_eq!(stale(&keys(7)), [0]);
    }

    #[test]
    fn what_is_read_later_counts_as_well() {
        let world = world(true);
        let mut log = Log::new(vec![Reads::default(); 3]);
        assert!(log.readers_of_keys(&Keys::from_iter([5])).is_empty());
        log.add(2, &reads_of(&world, 2, || note_key(|| 5)).1);
        log.add(2, &reads_of(&world, 2, || note_key(|| 5)).1);
        assert_eq!(log.readers_of_keys(&Keys::from_iter([5])), [2]);
        assert_eq!(log.readers_of_keys(&Keys::from_iter([4])), [0u32; 0]);
    }

    #[test]
    fn one_computation_inside_of_another_keeps_its_reads_to_itself() {
        let world = world(true);
        let ((), outer) = reads_of(&world, 0, || {
            note(1);
            reads_of(&world, 0, || note(2));
            note(3);
        });
        assert!(!functions(&[2]).touches(&outer));
        assert!(functions(&[1]).touches(&outer) && functions(&[3]).touches(&outer));
    }

    #[test]
    fn nobody_wants_to_know_what_a_single_run_reads() {
        assert!(reads_of(&world(false), 0, || note(1)).1.is_empty());
    }
}
