//! Reads files in parallel and sets the inputs of the database.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::layout::{Placement, layout};
use ftlint_analyzer::settings::Knowledge;
use ftlint_analyzer::{Keep, prepare};
use rayon::prelude::*;

use crate::decode::decode;
use crate::paths::Short;

/// Text that stands for a file: standard input, or an editor's buffer.
pub struct Overlay {
    /// Absolute; also its name in messages.
    pub path: PathBuf,
    /// What is read instead of the file.
    pub bytes: Vec<u8>,
}

/// The inputs.
pub struct Loaded {
    /// All files.
    pub project: Project,
    /// The files to report on.
    pub reported: HashSet<SourceFile>,
    /// What could not be read of the files to report on, as messages that name file and line.
    pub problems: Vec<String>,
}

/// A path, whether it is reported on, its name, and how it is imported.
type Read<'a> = ((&'a (&'a Path, bool), &'a Cow<'a, str>), Placement);

/// From so many files on their texts are packed: some seventy megabytes.
const MANY: usize = 4000;

/// How the texts of a project with so many files are kept.
pub fn keep(files: usize) -> Keep {
    if files < MANY { Keep::Plain } else { Keep::Packed }
}

/// Reads all files; `reported` says which of them matter to the user, so that their trouble is told. Each is indexed
/// as soon as it is read, so that the texts never wait in memory together.
pub fn load(
    db: &Database,
    files: &[(&Path, bool)],
    overlay: Option<&Overlay>,
    installed: BTreeMap<String, String>,
    knowledge: Option<Arc<Knowledge>>,
    short: &Short,
) -> Loaded {
    let names: Vec<_> = files.iter().map(|(path, _)| path.to_string_lossy()).collect();
    let places = layout(names.iter().map(AsRef::as_ref));
    let keep = keep(files.len());
    let one = |db: &mut Database, it: Read<'_>| {
        let (((path, _), name), place) = it;
        let text = text(path, overlay, &short.path(path))?;
        let source = SourceFile::new(
            db,
            name.as_ref().into(),
            place.root.into(),
            place.module.into(),
            text.into(),
        );
        prepare(db, source, keep);
        Ok(source)
    };
    let found: Vec<Result<SourceFile, String>> =
        files.par_iter().zip(&names).zip(places).map_with(db.clone(), one).collect();
    let mut sources = Vec::with_capacity(files.len());
    let (mut reported, mut problems) = (HashSet::new(), Vec::new());
    for (source, (_, is_reported)) in found.into_iter().zip(files) {
        match source {
            Ok(source) => {
                sources.push(source);
                if *is_reported {
                    reported.insert(source);
                }
            }
            Err(problem) if *is_reported => problems.push(problem),
            Err(_) => {}
        }
    }
    let project = Project::new(db, sources.into(), Arc::new(installed), knowledge);
    Loaded { project, reported, problems }
}

/// The text of a file, or why it has none, as a message that calls the file by `name`.
pub fn text(path: &Path, overlay: Option<&Overlay>, name: &str) -> Result<String, String> {
    let bytes = match overlay {
        Some(it) if it.path == path => it.bytes.clone(),
        _ => std::fs::read(path).map_err(|it| format!("{name}: {}", reason(&it)))?,
    };
    decode(bytes).map_err(|it| format!("{name}:{}: {}", it.line, it.message))
}

/// An I/O error in words, without the number of the operating system.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
