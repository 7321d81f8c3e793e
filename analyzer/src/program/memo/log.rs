//! Who read what. Mostly functions, for their results; the slices of files are logged by module in the same way.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{Changed, KEY, Keys, Reads};
use crate::program::world::{FuncGid, to_u32};

/// What was read for the result of each function. The first question turns it round, for it is asked who read what.
pub(crate) struct Log {
    /// Until then. Empty when nobody will want to know.
    by_function: Vec<Reads>,
    readers: Option<Readers>,
}

/// By what was read, who has read it.
struct Readers {
    /// What, and who has read it; sorted.
    pairs: Vec<(u32, FuncGid)>,
    /// What came later.
    more: FxHashMap<u32, Vec<FuncGid>>,
}

impl Readers {
    fn new(reads: &[Reads]) -> Self {
        let all = reads.par_iter().enumerate().with_min_len(256);
        let mut pairs: Vec<(u32, FuncGid)> = all
            .flat_map_iter(|(func, it)| it.0.iter().map(move |it| (*it, to_u32(func))))
            .collect();
        pairs.par_sort_unstable();
        Readers { pairs, more: FxHashMap::default() }
    }

    fn of(&self, what: u32) -> impl Iterator<Item = FuncGid> {
        let from = self.pairs.partition_point(|it| it.0 < what);
        let those = self.pairs[from..].iter().take_while(move |it| it.0 == what);
        those.map(|it| it.1).chain(self.more.get(&what).into_iter().flatten().copied())
    }

    fn add(&mut self, func: FuncGid, reads: &Reads) {
        for what in &reads.0 {
            let known = self.pairs.binary_search(&(*what, func)).is_ok();
            let more = self.more.entry(*what).or_default();
            if !known && !more.contains(&func) {
                more.push(func);
            }
        }
    }
}

impl Log {
    pub(crate) fn new(by_function: Vec<Reads>) -> Self {
        Log { by_function, readers: None }
    }

    /// The functions themselves that have changed, and those whose results read something that has; sorted.
    pub(crate) fn stale(&mut self, changed: &Changed) -> Vec<FuncGid> {
        let mut out = self.readers(changed);
        out.extend(&changed.list);
        sorted(out)
    }

    /// Those whose results read something that has changed; sorted.
    pub(crate) fn readers(&mut self, changed: &Changed) -> Vec<FuncGid> {
        self.readers_of(changed.marked())
    }

    /// Those whose results read something that these keys stand for; sorted.
    pub(crate) fn readers_of_keys(&mut self, keys: &Keys) -> Vec<FuncGid> {
        self.readers_of(keys.iter().map(|it| KEY | it))
    }

    fn readers_of(&mut self, all: impl Iterator<Item = u32>) -> Vec<FuncGid> {
        let readers = self.turned();
        sorted(all.flat_map(|it| readers.of(it)).collect())
    }

    /// A result was computed again. What was read for the one before stays: it costs a computation at most.
    pub(crate) fn add(&mut self, func: FuncGid, reads: &Reads) {
        self.turned().add(func, reads);
    }

    fn turned(&mut self) -> &mut Readers {
        let by_function = &mut self.by_function;
        self.readers.get_or_insert_with(|| Readers::new(&std::mem::take(by_function)))
    }
}

/// Each once, in order.
fn sorted(mut list: Vec<u32>) -> Vec<u32> {
    list.sort_unstable();
    list.dedup();
    list
}
