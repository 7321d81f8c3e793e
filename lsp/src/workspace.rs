//! The folders of a session: which files they have, which settings hold, what the analyzer knows of them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftlint_analyzer::db::{Project, SourceFile};
use ftlint_analyzer::layout::{Placement, layout};
use ftlint_analyzer::settings::{Knowledge, Settings as Configured, TargetVersion};
use ftlint_project::config::{Configuration, Overrides};
use ftlint_project::discover::{Kind, Target, discover, is_python, project_root};
use ftlint_project::installed::{Environment, environment, versions};
use ftlint_project::load::text;
use ftlint_project::paths::Short;

/// A folder of the client, or a file that was opened outside of all folders.
pub struct Root {
    /// Where.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub kind: Kind,
    /// The number of the search whose result counts.
    pub search: u64,
    /// What was found; `None` before the first search has ended.
    pub listing: Option<Listing>,
    /// The input of the analyzer, as soon as there is one.
    pub project: Option<Project>,
}

/// The result of searching a folder.
#[derive(Clone)]
pub struct Listing {
    /// The folder.
    pub root: PathBuf,
    /// Each file, how it is imported, and the settings if it is reported on.
    pub files: Arc<BTreeMap<PathBuf, Listed>>,
    /// Modules by their dotted name.
    pub modules: Arc<HashMap<String, PathBuf>>,
    /// Distributions of the environment.
    pub installed: BTreeMap<String, String>,
    /// The environment itself, whose extensions are read when all imports are known.
    pub environment: Option<Arc<Environment>>,
    /// Knowledge of the settings.
    pub knowledge: Option<Arc<Knowledge>>,
    /// The interpreter of the settings.
    pub target: Option<TargetVersion>,
    /// What is wrong with the configuration, with file and line.
    pub problems: Vec<String>,
}

/// A file of a folder.
#[derive(Clone, Debug)]
pub struct Listed {
    /// How it is imported.
    pub place: Placement,
    /// The settings, when it is reported on.
    pub settings: Option<Arc<Configured>>,
}

/// All that the session knows of files.
#[derive(Default)]
pub struct Workspace {
    /// The folders, longest path first, so that the first that holds a file owns it.
    pub roots: Vec<Root>,
    /// The input of each file that was read.
    pub sources: HashMap<PathBuf, SourceFile>,
    /// Files that could not be read, with the reason.
    pub unreadable: BTreeMap<PathBuf, String>,
}

impl Root {
    /// A root that is not searched yet.
    pub fn new(path: PathBuf, kind: Kind) -> Self {
        Self { path, kind, search: 0, listing: None, project: None }
    }
}

impl Workspace {
    /// The root that owns a path.
    pub fn owner(&self, path: &Path) -> Option<&Root> {
        self.roots.iter().find(|it| match it.kind {
            Kind::Directory => path.starts_with(&it.path),
            Kind::File => it.path == path,
        })
    }

    /// Adds a root in its place.
    pub fn add(&mut self, root: Root) {
        if self.roots.iter().any(|it| it.path == root.path) {
            return;
        }
        self.roots.push(root);
        self.roots.sort_by_key(|it| std::cmp::Reverse(it.path.as_os_str().len()));
    }

    /// The files that are listed and not read yet.
    pub fn missing(&self) -> Vec<(PathBuf, Placement)> {
        let mut res = BTreeMap::new();
        for listing in self.roots.iter().filter_map(|it| it.listing.as_ref()) {
            for (path, listed) in &*listing.files {
                if !self.sources.contains_key(path) && !self.unreadable.contains_key(path) {
                    res.entry(path.clone()).or_insert_with(|| listed.place.clone());
                }
            }
        }
        res.into_iter().collect()
    }
}

/// Searches a folder, as the command line does. `open` are the documents of the editor: those that are not on disk yet
/// and notebooks belong to the folder all the same. `python` is the interpreter of the settings. What is wrong with the configuration is told, and the defaults hold.
pub fn search(
    root: &Path,
    kind: Kind,
    overrides: &Overrides,
    python: Option<&Path>,
    open: &[PathBuf],
) -> Listing {
    let home = std::env::home_dir();
    let short = Short::new(root.to_owned());
    let directory = if kind == Kind::Directory { root } else { root.parent().unwrap_or(root) };
    let mut problems = Vec::new();
    let mut configuration = Configuration::new(overrides.clone(), false, &short);
    let settings = configuration.at(directory).unwrap_or_else(|error| {
        problems.push(format!("{error:#}"));
        let mut plain = Configuration::new(overrides.clone(), true, &short);
        plain.at(directory).unwrap_or_default()
    });
    let target = Target { path: root.to_owned(), kind, settings: Arc::clone(&settings) };
    let exists = root.exists();
    let mut found = if exists { discover(&[target], home.as_deref()) } else { BTreeMap::new() };
    if !exists && kind == Kind::File {
        found.insert(root.to_owned(), Some(Arc::clone(&settings)));
    }
    let only_open = |it: &&PathBuf| it.starts_with(root) && (!it.exists() || !is_python(it));
    for path in open.iter().filter(only_open) {
        if !settings.exclude.matches(&path.to_string_lossy()) {
            found.entry(path.clone()).or_insert_with(|| Some(Arc::clone(&settings)));
        }
    }
    let names: Vec<_> = found.keys().map(|it| it.to_string_lossy()).collect();
    let places = layout(names.iter().map(AsRef::as_ref));
    let modules = places.iter().zip(found.keys());
    let modules = modules.map(|(place, path)| (place.module.clone(), path.clone())).collect();
    let files = places.into_iter().zip(&found);
    let files: BTreeMap<_, _> = files
        .map(|(place, (path, settings))| {
            (path.clone(), Listed { place, settings: settings.clone() })
        })
        .collect();
    let project = project_root(directory, home.as_deref()).unwrap_or(directory);
    let environment = environment(project, python);
    Listing {
        root: root.to_owned(),
        files: Arc::new(files),
        modules: Arc::new(modules),
        installed: environment.as_ref().map(versions).unwrap_or_default(),
        environment: environment.map(Arc::new),
        knowledge: settings.knowledge.clone(),
        target: settings.target_version,
        problems,
    }
}

/// The text of a file, or why it has none.
pub fn read(path: &Path) -> Result<String, String> {
    text(path, None, &path.to_string_lossy())
}
