//! ftlint's analyzer: Python text in, diagnostics out. It reads no files, no clock, no environment, and starts
//! nothing; broken input gives a smaller result, never an error.
//!
//! The way of the data: text → tree → facts → program → slice → findings → diagnostics. ARCHITECTURE.md has the map.

pub mod check;
#[expect(missing_docs, reason = "salsa's macros generate items without documentation")]
pub mod db;
pub mod diagnostic;
mod domain;
pub mod evidence;
pub mod extensions;
mod facts;
pub mod fix;
mod index;
mod knowledge;
pub mod layout;
mod program;
mod report;
pub mod rule;
pub mod rules;
pub mod settings;
pub mod suppress;
mod syntax;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;

use std::collections::BTreeSet;

use rayon::prelude::*;

use db::{Database, Project, SourceFile};
use diagnostic::Diagnostic;

/// The names that the files import when they run, for [`extensions`]. What the project has itself is left out.
pub fn imported_names(db: &Database, project: Project) -> BTreeSet<String> {
    let files = project.files(db);
    let own: BTreeSet<&str> =
        files.iter().filter_map(|it| it.module(db).split('.').next()).collect();
    let imports = files.iter().flat_map(|it| &index::facts(db, *it).imports);
    imports
        .filter(|it| it.module.split('.').next().is_some_and(|it| !own.contains(it)))
        .map(|it| it.module.to_string())
        .collect()
}

/// All diagnostics of the files for which `wanted` holds, sorted by path and position. The other files of the
/// project only lend context. Runs on rayon's current pool. Suppressed findings are left out.
pub fn check_project(
    db: &Database,
    project: Project,
    wanted: &(dyn Fn(SourceFile) -> bool + Sync),
) -> Vec<Diagnostic> {
    // Each job has a handle of its own to the same storage.
    index_project(db, project);
    let files = project.files(db);
    program::program(db, project);
    let mut out: Vec<Diagnostic> = files
        .par_iter()
        .map_with(db.clone(), |db, file| {
            if wanted(*file) { report::diagnostics(db, project, *file) } else { Vec::new() }
        })
        .flatten_iter()
        .collect();
    out.sort_by(|a, b| {
        (&a.location.file, a.location.start).cmp(&(&b.location.file, b.location.start))
    });
    out
}

/// Indexes one file, and says how its text is kept from then on. Whoever reads files calls this after each, on any
/// thread, so that the texts of a large project do not wait in memory together.
pub fn prepare(db: &Database, file: SourceFile, keep: Keep) {
    index::facts(db, file);
    if keep == Keep::Packed {
        file.text(db).pack();
    }
}

/// Indexes all files of a project, on rayon's current pool.
pub fn index_project(db: &Database, project: Project) {
    let files = project.files(db);
    files.par_iter().for_each_with(db.clone(), |db, file| {
        index::facts(db, *file);
    });
}

/// The dotted names of the modules that a file imports, in order, without those of star imports.
pub fn imported_modules(db: &Database, file: SourceFile) -> Vec<String> {
    let facts = index::facts(db, file);
    facts.imports.iter().map(|it| it.module.to_string()).collect()
}

/// How a text is kept after its file was indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// As it is.
    Plain,
    /// In less memory; each look at it costs time, and packing costs a tenth of the whole analysis.
    Packed,
}

/// The diagnostics of one file.
pub fn check_file(db: &Database, project: Project, file: SourceFile) -> Vec<Diagnostic> {
    report::diagnostics(db, project, file)
}

/// The functions of a file that threads run, and in how many, in words.
pub fn thread_entries(
    db: &Database,
    project: Project,
    file: SourceFile,
) -> Vec<diagnostic::Related> {
    report::thread_entries(db, project, file)
}

/// Who reads and writes the name at a position of a file (line from 1, column in bytes from 0), when several threads do
/// and one of them changes it. Analyses the whole program once more, so it is for whoever asks about one name.
pub fn shared_name(
    db: &Database,
    project: Project,
    file: SourceFile,
    at: (u32, u32),
) -> Option<diagnostic::SharedName> {
    report::shared_name(db, project, file, at)
}

/// Suppression comments that do not mean what their author hoped: unknown codes, missing brackets.
pub fn suppression_problems(db: &Database, file: SourceFile) -> Vec<suppress::Problem> {
    report::suppression_problems(db, file)
}

/// Problems of the embedded knowledge tables; empty in every release.
pub fn knowledge_problems() -> &'static [String] {
    &knowledge::KNOWLEDGE.problems
}
