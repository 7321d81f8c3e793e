//! The whole program: who calls whom, which threads exist, which lock is which, and which candidate windows race.
//! One coarse query; [`slice`] cuts it into one piece per file, and [`kept`] takes what an edit leaves as it is from the
//! time before.

pub(crate) mod claims;
pub(crate) mod contexts;
pub(crate) mod deadlocks;
pub(crate) mod dependencies;
pub(crate) mod entries;
pub(crate) mod gil;
pub(crate) mod judge;
pub(crate) mod kept;
pub(crate) mod locations;
pub(crate) mod locks;
mod memo;
pub(crate) mod misreadings;
pub(crate) mod render;
pub(crate) mod settings;
pub(crate) mod slice;
pub(crate) mod threads;
pub(crate) mod types;
pub(crate) mod world;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::db::{Db, Project, SourceFile};
use slice::ProgramSlice;

/// The result: one slice per file.
pub(crate) struct Program {
    slices: FxHashMap<SourceFile, Arc<ProgramSlice>>,
    entries: FxHashMap<SourceFile, Arc<[entries::Entry]>>,
}

/// Analyses the project. Not comparable: the slices are.
#[salsa::tracked(returns(ref), no_eq)]
pub(crate) fn program(db: &dyn Db, project: Project) -> Program {
    with_facts(db, project, |facts, judged| {
        let files = facts.files;
        let mut slices: FxHashMap<SourceFile, Arc<ProgramSlice>> =
            files.iter().copied().zip(judged.slices().iter().cloned()).collect();
        for (file, judged) in dependencies::find(db, project, facts.world) {
            Arc::make_mut(slices.entry(file).or_default()).dependencies.push(judged);
        }
        for (file, topic, judged) in settings::find(db, project, facts.world) {
            Arc::make_mut(slices.entry(file).or_default()).misreadings.push((topic, judged));
        }
        Program { slices, entries: entries::find(facts.world, facts.threads, files) }
    })
}

/// What judging reads, and what it found.
fn with_facts<T>(
    db: &dyn Db,
    project: Project,
    work: impl FnOnce(&judge::Facts<'_>, &judge::Judged) -> T,
) -> T {
    let files = project.files(db);
    let modules: Vec<world::ModuleEntry> = files.iter().map(|it| module(db, *it)).collect();
    kept::analyse(db, project, modules, work)
}

fn module(db: &dyn Db, file: SourceFile) -> world::ModuleEntry {
    let facts = Arc::clone(crate::index::facts(db, file));
    world::ModuleEntry {
        name: Arc::clone(file.module(db)),
        root: Arc::clone(file.root(db)),
        path: Arc::clone(file.path(db)),
        // Helpers of tests have no test's name.
        is_test: facts.uses_pytest || crate::layout::is_test(file.root(db), file.module(db)),
        facts,
    }
}

/// Who touches the place that an event of a file is about.
pub(crate) fn touched(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    (func, event): (u32, u32),
) -> Option<judge::Touched> {
    with_facts(db, project, |facts, _| {
        let module = facts.files.iter().position(|it| *it == file)?;
        facts.touched(facts.world.func_gid(world::to_u32(module), func), event)
    })
}

/// The functions of one file that threads run.
pub(crate) fn entries_of(db: &dyn Db, project: Project, file: SourceFile) -> &[entries::Entry] {
    program(db, project).entries.get(&file).map_or(&[], |it| it)
}

/// The slice of one file: equal while nothing that concerns the file changed.
#[salsa::tracked(returns(ref))]
pub(crate) fn slice_of(db: &dyn Db, project: Project, file: SourceFile) -> Arc<ProgramSlice> {
    program(db, project).slices.get(&file).cloned().unwrap_or_default()
}
