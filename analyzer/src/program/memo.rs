//! What was computed for each function, kept from one edit to the next, with the functions whose facts were read for it.
//!
//! Exact, not a guess: a result is taken again only when none of the facts that it was computed from has changed. What
//! it was computed from besides (names, classes, the tables of earlier steps) has to be the same, too; whoever calls
//! [`PerFunction::refresh`] has made sure of that.

use std::cell::Cell;

use rayon::prelude::*;

use super::world::{FuncGid, World};

/// Marks the numbers of lists of accesses among those of functions.
const LIST: u32 = 1 << 31;

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

/// What was read for a result: functions by their number, lists of accesses.
#[derive(Clone, Default)]
pub(crate) struct Reads(Box<[u32]>);

impl Reads {
    /// Together with what is in another one.
    pub(crate) fn add(&mut self, other: Reads) {
        if self.0.is_empty() {
            *self = other;
        } else if other.0.iter().any(|it| !self.0.contains(it)) {
            let mut all: Vec<u32> = self.0.iter().chain(&other.0).copied().collect();
            all.sort_unstable();
            all.dedup();
            self.0 = all.into();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
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

/// What has changed.
#[derive(Default)]
pub(crate) struct Changed {
    functions: Vec<bool>,
    lists: Vec<bool>,
    /// The functions, sorted.
    pub(crate) list: Vec<FuncGid>,
}

impl Changed {
    /// Functions of so many.
    pub(crate) fn new(n: u32, mut list: Vec<FuncGid>) -> Self {
        list.sort_unstable();
        list.dedup();
        let mut functions = vec![false; n as usize];
        for func in &list {
            functions[*func as usize] = true;
        }
        Changed { functions, lists: Vec::new(), list }
    }

    /// Of the lists of accesses, these have changed, too.
    pub(crate) fn set_lists(&mut self, lists: Vec<bool>) {
        self.lists = lists;
    }

    /// Whether something of this has changed.
    pub(crate) fn touches(&self, reads: &Reads) -> bool {
        reads.0.iter().any(|it| match it & LIST {
            0 => self.functions[*it as usize],
            _ => self.lists.get((*it & !LIST) as usize).copied().unwrap_or_default(),
        })
    }

    /// The functions for which something that was read has changed, or they themselves.
    pub(crate) fn stale(&self, reads: &[Reads]) -> Vec<FuncGid> {
        let all = (0u32..).zip(reads).zip(&self.functions);
        all.filter(|((_, reads), own)| **own || self.touches(reads)).map(|it| it.0.0).collect()
    }
}

/// Results by function.
pub(crate) struct PerFunction<V> {
    pub(crate) values: Vec<V>,
    /// Empty when nobody will want to know.
    reads: Vec<Reads>,
}

impl<V: PartialEq + Send + Sync> PerFunction<V> {
    /// Computes all of them.
    pub(crate) fn new(world: &World, compute: impl Fn(FuncGid) -> V + Sync + Send) -> Self {
        let all = world.par_functions();
        if !world.remembers {
            return PerFunction { values: all.map(compute).collect(), reads: Vec::new() };
        }
        let (values, reads) = all.map(|it| reads_of(world, it, || compute(it))).unzip();
        PerFunction { values, reads }
    }

    /// Computes those again that read what has changed. Returns the functions for which something else came out, with
    /// what it was before.
    pub(crate) fn refresh(
        &mut self,
        world: &World,
        changed: &Changed,
        compute: impl Fn(FuncGid) -> V + Sync + Send,
    ) -> Vec<(FuncGid, V)> {
        self.compute(world, &changed.stale(&self.reads), compute)
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
            self.reads[func as usize] = reads;
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

    #[test]
    fn what_was_read_and_changed_makes_a_result_stale() {
        let world = world(true);
        let ((), reads) = reads_of(&world, 0, || {
            note(0);
            note(3);
            note_list(1);
        });
        let none = Reads::default();
        let stale = |it: &Changed| it.stale(&[reads.clone(), none.clone(), none.clone()]);
        assert!(stale(&Changed::new(5, vec![4])).is_empty());
        assert_eq!(stale(&Changed::new(5, vec![3])), [0]);
        assert_eq!(stale(&Changed::new(5, vec![0, 2])), [0, 2]);
        let mut lists = Changed::new(5, Vec::new());
        lists.set_lists(vec![true, false]);
        assert!(stale(&lists).is_empty());
        lists.set_lists(vec![false, true]);
        assert_eq!(stale(&lists), [0]);
    }

    #[test]
    fn one_computation_inside_of_another_keeps_its_reads_to_itself() {
        let world = world(true);
        let ((), outer) = reads_of(&world, 0, || {
            note(1);
            reads_of(&world, 0, || note(2));
            note(3);
        });
        assert!(!Changed::new(5, vec![2]).touches(&outer));
        assert!(
            Changed::new(5, vec![1]).touches(&outer) && Changed::new(5, vec![3]).touches(&outer)
        );
    }

    #[test]
    fn nobody_wants_to_know_what_a_single_run_reads() {
        assert!(reads_of(&world(false), 0, || note(1)).1.is_empty());
    }
}
