//! The whole program: who calls whom, which threads exist, which lock is which, and which candidate windows race.
//! One coarse query; [`slice`] cuts it into one piece per file.

pub(crate) mod claims;
pub(crate) mod contexts;
pub(crate) mod deadlocks;
pub(crate) mod entries;
pub(crate) mod gil;
pub(crate) mod judge;
pub(crate) mod locations;
pub(crate) mod locks;
pub(crate) mod misreadings;
pub(crate) mod render;
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
    with_facts(db, project, |facts| {
        let files = facts.files;
        let slices = judge::judge(facts);
        let entries = entries::find(facts.world, facts.threads, files);
        let slices = files.iter().copied().zip(slices.into_iter().map(Arc::new)).collect();
        Program { slices, entries }
    })
}

/// What judging reads, for one use of it. Nothing of it is kept: it would be as large as the facts of all files.
fn with_facts<T>(db: &dyn Db, project: Project, work: impl FnOnce(&judge::Facts<'_>) -> T) -> T {
    let files = project.files(db);
    let modules = files
        .iter()
        .map(|file| {
            let facts = Arc::clone(crate::index::facts(db, *file));
            // Helpers of tests have no test's name.
            let tests =
                facts.imports.iter().any(|it| it.module.split('.').next() == Some("pytest"));
            world::ModuleEntry {
                name: Arc::clone(file.module(db)),
                root: Arc::clone(file.root(db)),
                path: Arc::clone(file.path(db)),
                is_test: tests || crate::layout::is_test(file.root(db), file.module(db)),
                facts,
            }
        })
        .collect();
    let knowledge = project.knowledge(db).as_ref().unwrap_or(&crate::knowledge::KNOWLEDGE);
    let world = world::World::new(modules, Arc::clone(knowledge));
    // An edit waits until readers have noticed it, and the steps between look at no query.
    db.unwind_if_revision_cancelled();
    let types = types::solve(&world);
    db.unwind_if_revision_cancelled();
    let mut found = threads::find(&world, &types);
    let contexts = contexts::compute(&world, &types, &mut found);
    db.unwind_if_revision_cancelled();
    let locks = locks::find(&world, &types, &contexts, &found);
    db.unwind_if_revision_cancelled();
    work(&judge::Facts {
        world: &world,
        types: &types,
        threads: &found,
        contexts: &contexts,
        locks: &locks,
        files,
        installed: project.installed(db),
        extensions: project.extensions(db),
        target: *project.target(db),
    })
}

/// Who touches the place that an event of a file is about.
pub(crate) fn touched(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    (func, event): (u32, u32),
) -> Option<judge::Touched> {
    with_facts(db, project, |facts| {
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
