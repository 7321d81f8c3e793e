//! The fixtures as projects: loading a folder, analysing each, comparing with its comments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Expectations, check_document, check_expectations};
use crate::check_project;
use crate::db::{Database, FileKind, Project, SourceFile};
use crate::diagnostic::Diagnostic;

/// One file of a fixture.
#[derive(Clone, Debug)]
pub struct FixtureFile {
    /// The file.
    pub path: PathBuf,
    /// Dotted module name below the fixture's root.
    pub module: String,
    /// Its text.
    pub text: String,
}

impl FixtureFile {
    /// Whether it is no Python.
    pub fn is_document(&self) -> bool {
        self.path.extension().is_none_or(|it| it != "py")
    }

    /// What its comments say.
    pub fn expectations(&self) -> Expectations {
        if self.is_document() {
            Expectations::of_document(&self.text)
        } else {
            Expectations::parse(&self.text)
        }
    }
}

/// Files that are analysed together.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Path below `fixtures/`, for messages.
    pub name: String,
    /// What has to be on `sys.path`.
    pub root: PathBuf,
    /// At least one.
    pub files: Vec<FixtureFile>,
}

impl Fixture {
    /// A fixture of one text that is in no file.
    pub fn of_text(name: &str, text: &str) -> Fixture {
        Fixture::of_file(&format!("{name}.py"), text)
    }

    /// The same for a file of any name.
    pub fn of_file(path: &str, text: &str) -> Fixture {
        let path = PathBuf::from(path);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Fixture {
            root: PathBuf::from("."),
            files: vec![FixtureFile { path, module: name.clone(), text: text.to_owned() }],
            name,
        }
    }

    /// Fills a database with the fixture's files.
    pub fn project(&self, db: &mut Database) -> Project {
        let root: Arc<str> = self.root.to_string_lossy().into();
        let (mut installed, mut locked) = (BTreeMap::new(), Vec::new());
        let (mut files, mut documents) = (Vec::new(), Vec::new());
        let mut oldest = None;
        for it in &self.files {
            if it.is_document() {
                let path = it.path.to_string_lossy();
                documents.push(db.document(&path, &it.text, FileKind::Configuration));
                continue;
            }
            let expectations = Expectations::parse(&it.text);
            installed.extend(expectations.installed);
            locked.extend(expectations.locked);
            oldest = oldest.or(expectations.oldest);
            let path: Arc<str> = it.path.to_string_lossy().into();
            files.push(SourceFile::new(
                db,
                path,
                root.clone(),
                it.module.as_str().into(),
                it.text.as_str().into(),
            ));
        }
        let res = Project::new(db, files.into(), Arc::new(installed), None);
        db.set_surroundings(res, documents, locked);
        db.set_oldest(res, oldest);
        res
    }

    /// Analyses the fixture in a database of its own.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut db = Database::new();
        let project = self.project(&mut db);
        check_project(&db, project, &|_| true)
    }

    /// The mismatches of all files, each with the file's path.
    pub fn mismatches(&self) -> Vec<String> {
        let diagnostics = self.check();
        let mut res = Vec::new();
        for file in &self.files {
            let path = file.path.to_string_lossy();
            let own: Vec<_> =
                diagnostics.iter().filter(|it| *it.location.file == *path).cloned().collect();
            let wrong = if file.is_document() {
                check_document(None, &file.text, &own)
            } else {
                check_expectations(&file.text, &own)
            };
            res.extend(wrong.into_iter().map(|it| format!("{path}: {it}")));
        }
        res
    }
}

/// The fixtures of this repository.
pub fn fixtures_dir() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    dir.canonicalize().unwrap_or(dir)
}

/// All fixtures below a folder, sorted by name: each file for itself, except below `projects/<name>/` and `demo/`.
pub fn load_fixtures(dir: &Path) -> Vec<Fixture> {
    let mut by_root: BTreeMap<String, Fixture> = BTreeMap::new();
    let mut paths = Vec::new();
    files(dir, &mut paths, &|it| {
        it.extension().is_some_and(|it| FILES.iter().any(|name| it == *name))
    });
    for path in paths {
        let below = path.strip_prefix(dir).unwrap_or(&path).to_path_buf();
        let parts: Vec<String> = below.iter().map(|it| it.to_string_lossy().into_owned()).collect();
        let n_root = match parts.first().map(String::as_str) {
            Some("projects") => 2,
            Some("demo") => 1,
            _ => parts.len().saturating_sub(1),
        };
        let root = dir.join(parts[..n_root].join("/"));
        let name = if n_root + 1 < parts.len() || matches!(parts[0].as_str(), "projects" | "demo") {
            parts[..n_root].join("/")
        } else {
            parts.join("/")
        };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let module = module_name(&parts[n_root..]);
        let fixture =
            by_root.entry(name.clone()).or_insert(Fixture { name, root, files: Vec::new() });
        fixture.files.push(FixtureFile { path, module, text });
    }
    by_root.into_values().collect()
}

/// Extensions of what is analysed: Python, and configuration.
const FILES: &[&str] = &["py", "toml", "yml", "ini", "dockerfile", "sh", "service"];

/// Adds the Python files below a folder, sorted.
pub fn python_files(dir: &Path, out: &mut Vec<PathBuf>) {
    files(dir, out, &|it| it.extension().is_some_and(|it| it == "py"));
}

fn files(dir: &Path, out: &mut Vec<PathBuf>, wanted: &dyn Fn(&Path) -> bool) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|it| it.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, out, wanted);
        } else if wanted(&path) {
            out.push(path);
        }
    }
}

fn module_name(parts: &[String]) -> String {
    let dotted = parts.join(".");
    let name = dotted.strip_suffix(".py").unwrap_or(&dotted);
    name.strip_suffix(".__init__").unwrap_or(name).to_owned()
}
