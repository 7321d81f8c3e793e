//! Work on clones of the database, off the session's thread. Here, and only here, the cancellation of salsa and the
//! panics of requests are caught.

use std::any::Any;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::extensions::Extensions;
use ftlint_analyzer::layout::Placement;
use ftlint_analyzer::{Keep, prepare};
use ftlint_project::installed::{Environment, extensions_of};
use rayon::prelude::*;
use tower_lsp::lsp_types::Diagnostic as Shown;
use tower_lsp::lsp_types::Url;

use crate::convert::diagnostics;
use crate::snapshot::{Reader, Snapshot, Trouble};
use crate::workspace::{Listing, read};

/// How many files are read for the first answer: the open ones, and what they import.
const FIRST: usize = 120;

/// How often a request is tried again after an edit cancelled it.
const TRIES: u32 = 8;

/// Texts of the editor, by path.
pub type Overlays = Arc<HashMap<PathBuf, Arc<str>>>;

/// Files that were read.
#[derive(Default)]
pub struct Loaded {
    /// Those that have an input now.
    pub sources: Vec<(PathBuf, SourceFile)>,
    /// Those that could not be read, and why.
    pub problems: Vec<(PathBuf, String)>,
    /// Texts of files that had an input before.
    pub texts: Vec<(PathBuf, Result<String, String>)>,
    /// Whether it was the step before the first answer.
    pub first: bool,
}

/// Results for a revision.
pub struct Checked {
    /// The state they belong to.
    pub revision: u64,
    /// How far the work came.
    pub stage: Stage,
    /// What to publish: uri, version, diagnostics.
    pub shown: Vec<(Url, Option<i32>, Vec<Shown>)>,
    /// The findings, by path.
    pub findings: BTreeMap<Arc<str>, Vec<Diagnostic>>,
}

/// How far a check came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The open documents.
    Open,
    /// Everything; the work is over.
    All,
    /// An edit cancelled it, or it panicked; the work is over.
    Stopped,
}

/// What stopped a piece of work.
pub enum Stop {
    /// A write to the database.
    Cancelled,
    /// A mistake of ours.
    Panicked(String),
}

/// Runs a piece of work, and catches what stops it.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Stop> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload: Box<dyn Any + Send>| {
        if payload.is::<salsa::Cancelled>() {
            return Stop::Cancelled;
        }
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Stop::Panicked(text.unwrap_or("panic").to_owned())
    })
}

/// Answers a request. `Some` when an edit came between and it is to be asked again.
pub fn answer(mut reader: Reader, snapshot: Snapshot) -> Option<Reader> {
    let res = guarded(|| (reader.run)(Ok(&snapshot)));
    // The edit that cancelled us waits for this handle.
    drop(snapshot);
    match res {
        Ok(()) => None,
        Err(Stop::Cancelled) if reader.tries < TRIES => {
            reader.tries += 1;
            Some(reader)
        }
        Err(Stop::Cancelled) => {
            (reader.run)(Err(Trouble::Modified));
            None
        }
        Err(Stop::Panicked(_)) => {
            (reader.run)(Err(Trouble::Panicked));
            None
        }
    }
}

/// Reads the open documents and what they import, nearest first.
pub fn first(db: &Database, open: &[PathBuf], listings: &[Listing], overlays: &Overlays) -> Loaded {
    let mut res = Loaded { first: true, ..Loaded::default() };
    let mut level: Vec<PathBuf> = open.to_vec();
    let mut seen: HashSet<PathBuf> = open.iter().cloned().collect();
    let one = |db: &mut Database, path: &PathBuf| {
        let mut mine = Loaded::default();
        let place = listings.iter().find_map(|it| Some((it.files.get(path)?, &it.modules)));
        let Some((listed, modules)) = place else { return Some((mine, Vec::new())) };
        let Some(source) = source(db, path, &listed.place, overlays, &mut mine) else {
            return Some((mine, Vec::new()));
        };
        let imported = guarded(|| ftlint_analyzer::imported_modules(db, source)).ok()?;
        let paths = imported.iter().filter_map(|it| modules.get(it).cloned()).collect();
        Some((mine, paths))
    };
    while !level.is_empty() {
        let read: Vec<Option<(Loaded, Vec<PathBuf>)>> =
            level.par_iter().map_with(db.clone(), one).collect();
        let mut next = Vec::new();
        for (mut mine, imported) in read.into_iter().flatten() {
            res.sources.append(&mut mine.sources);
            res.problems.append(&mut mine.problems);
            for path in imported {
                if seen.len() < FIRST && seen.insert(path.clone()) {
                    next.push(path);
                }
            }
        }
        level = next;
    }
    res
}

/// Reads files and indexes them. What an edit interrupts is indexed later, when it is needed.
pub fn load(
    db: Database,
    files: &[(PathBuf, Placement)],
    keep: Keep,
    overlays: &Overlays,
) -> Loaded {
    let res = Mutex::new(Loaded::default());
    let stopped = AtomicBool::new(false);
    let one = |db: &mut Database, (path, place): &(PathBuf, Placement)| {
        // An edit waits for our handles; the rest is read in the next step.
        if stopped.load(Ordering::Relaxed) {
            return;
        }
        let mut mine = Loaded::default();
        if let Some(source) = source(db, path, place, overlays, &mut mine)
            && guarded(|| prepare(db, source, keep)).is_err()
        {
            stopped.store(true, Ordering::Relaxed);
        }
        let mut all = res.lock().unwrap_or_else(PoisonError::into_inner);
        all.sources.append(&mut mine.sources);
        all.problems.append(&mut mine.problems);
    };
    files.par_iter().for_each_with(db, one);
    res.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the imports of a project load; `None` when an edit came between. Nothing of the database is held while files are
/// read.
pub fn extensions(db: Database, project: Project, environment: &Environment) -> Option<Extensions> {
    let names = guarded(|| ftlint_analyzer::imported_names(&db, project)).ok()?;
    drop(db);
    Some(extensions_of(environment, &names))
}

/// Makes the input of a file.
fn source(
    db: &Database,
    path: &Path,
    place: &Placement,
    overlays: &Overlays,
    res: &mut Loaded,
) -> Option<SourceFile> {
    let text = match overlays.get(path) {
        Some(text) => Ok(text.to_string()),
        None => read(path),
    };
    match text {
        Ok(text) => {
            let name = path.to_string_lossy();
            let (root, module) = (place.root.as_str(), place.module.as_str());
            let res_file = db.module(&name, root, module, text.into());
            res.sources.push((path.to_owned(), res_file));
            Some(res_file)
        }
        Err(problem) => {
            res.problems.push((path.to_owned(), problem));
            None
        }
    }
}

/// Computes the diagnostics of the open documents, for whoever asks for them next.
pub fn check_open(snapshot: &Snapshot) {
    // Cancelled by an edit, they are computed when somebody asks.
    let _ = guarded(|| {
        for document in snapshot.documents.iter() {
            snapshot.check(&document.path);
        }
    });
}

/// Computes the diagnostics of the open documents, tells them, and then those of everything.
pub fn check(snapshot: Snapshot, mut tell: impl FnMut(Checked)) {
    let revision = snapshot.revision;
    let mut stage = |stage, (shown, findings)| tell(Checked { revision, stage, shown, findings });
    let res = guarded(|| {
        let open: Vec<Arc<str>> =
            snapshot.documents.iter().map(|it| Arc::clone(&it.path)).collect();
        stage(Stage::Open, shown(&snapshot, open));
        snapshot
            .roots
            .iter()
            .for_each(|root| ftlint_analyzer::index_project(&snapshot.db, root.project));
        let reported = snapshot.roots.iter().flat_map(|root| {
            let files = root.files.iter().filter(|(_, (_, settings))| settings.is_some());
            files.map(|(path, _)| Arc::clone(path))
        });
        let mut reported: Vec<_> = reported.collect();
        reported.sort();
        reported.dedup();
        shown(&snapshot, reported)
    });
    drop(snapshot);
    match res {
        Ok(it) => stage(Stage::All, it),
        Err(_) => stage(Stage::Stopped, (Vec::new(), BTreeMap::new())),
    }
}

type Results = (Vec<(Url, Option<i32>, Vec<Shown>)>, BTreeMap<Arc<str>, Vec<Diagnostic>>);

fn shown(snapshot: &Snapshot, paths: Vec<Arc<str>>) -> Results {
    let all: Vec<_> = paths
        .into_par_iter()
        .map_with(snapshot.clone(), |snapshot, path| {
            let found = snapshot.check(&path);
            let shown = diagnostics(snapshot, &path, &found);
            (path, found, shown)
        })
        .collect();
    let mut res = (Vec::new(), BTreeMap::new());
    for (path, found, shown) in all {
        let version = snapshot.documents.at(&path).map(|it| it.version);
        res.0.extend(shown.into_iter().map(|(uri, it)| (uri, version, it)));
        if !found.is_empty() {
            res.1.insert(path, found);
        }
    }
    res
}
