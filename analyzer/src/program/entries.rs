//! Functions that threads run, for the editor: which, and how many threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::threads::Threads;
use super::world::World;
use crate::db::SourceFile;
use crate::program::slice::GlobalSite;

/// A function that threads run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its definition.
    pub(crate) def: GlobalSite,
    /// Places that start such a thread.
    pub(crate) starts: usize,
    /// One of them starts several.
    pub(crate) many: bool,
}

impl Entry {
    /// In words, for a lens.
    pub(crate) fn text(&self) -> String {
        match (self.many, self.starts) {
            (true, _) => "runs in several threads".to_owned(),
            (false, 1) => "runs in 1 thread".to_owned(),
            (false, n) => format!("runs in {n} threads"),
        }
    }
}

/// The entries of each file, in the order of its functions.
pub(crate) fn find(
    world: &World,
    threads: &Threads,
    files: &[SourceFile],
) -> FxHashMap<SourceFile, Arc<[Entry]>> {
    let mut by_file: BTreeMap<usize, BTreeMap<u32, Entry>> = BTreeMap::new();
    for spawn in &threads.spawns {
        let target = spawn.target;
        let id = world.module_of(target);
        let module = id as usize;
        let Some(file) = files.get(module) else { continue };
        // A module and a lambda have no line that a lens could stand on.
        let def = world.func(target).site;
        if def == 0 {
            continue;
        }
        let local = target - world.func_gid(id, 0);
        let entry = by_file.entry(module).or_default().entry(local).or_insert_with(|| Entry {
            def: GlobalSite { file: *file, site: def, func: local },
            starts: 0,
            many: false,
        });
        entry.starts += 1;
        entry.many |= spawn.many;
    }
    let list = |(file, it): (usize, BTreeMap<u32, Entry>)| {
        Some((*files.get(file)?, it.into_values().collect()))
    };
    by_file.into_iter().filter_map(list).collect()
}
