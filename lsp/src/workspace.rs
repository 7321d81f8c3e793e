//! All files that are analysed, as inputs of the database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::settings::Settings;
use ftlint_project::config::{Configuration, FILES};
use ftlint_project::discover::{Kind, Target, discover, project_root};
use ftlint_project::installed::installed;
use ftlint_project::load::{Overlay, load};
use ftlint_project::paths::Short;

use rayon::prelude::*;

use crate::convert::Encoding;
use crate::settings::ClientSettings;
use crate::shown::FileFindings;

/// One file.
#[derive(Clone)]
pub(crate) struct File {
    /// The input.
    pub(crate) source: SourceFile,
    /// What holds there; nothing for a file that only lends context.
    pub(crate) settings: Option<Arc<Settings>>,
}

/// The inputs, and how to find them by path.
pub(crate) struct Workspace {
    /// Owned by the session; what computes has a clone.
    pub(crate) db: Database,
    /// All files.
    pub(crate) project: Project,
    /// By absolute path.
    pub(crate) files: Arc<HashMap<PathBuf, File>>,
    /// What could not be read, as messages that name the file.
    pub(crate) problems: Vec<String>,
}

/// The texts of the workspace, by the name that the analyzer has for a file.
#[derive(Clone)]
pub(crate) struct Texts(Arc<HashMap<PathBuf, File>>);

impl Texts {
    /// The text of a file.
    pub(crate) fn get(&self, db: &Database, path: &str) -> Option<Arc<str>> {
        Some(self.0.get(Path::new(path))?.source.text(db).get())
    }
}

impl Workspace {
    /// Reads everything below the folders, and the documents that lie elsewhere with what belongs to them. Slow.
    pub(crate) fn load(
        folders: &[PathBuf],
        documents: Vec<(PathBuf, String)>,
        client: &ClientSettings,
    ) -> anyhow::Result<Self> {
        let home = std::env::home_dir();
        let place = folders
            .first()
            .cloned()
            .or_else(|| documents.first().and_then(|(path, _)| Some(path.parent()?.to_owned())));
        let place = place.unwrap_or_default();
        let short = Short::new(place.clone());
        let mut configuration = Configuration::new(client.overrides()?, false, &short);
        let mut targets = Vec::new();
        for folder in folders {
            let settings = configuration.at(folder)?;
            targets.push(Target { path: folder.clone(), kind: Kind::Directory, settings });
        }
        let mut files = discover(&targets, home.as_deref());
        for (path, _) in &documents {
            // Also what the settings leave out: who opens a file wants to know.
            if !files.contains_key(path) {
                let settings = configuration.at(path.parent().unwrap_or(path))?;
                let target = Target { path: path.clone(), kind: Kind::File, settings };
                let inside = folders.iter().any(|it| path.starts_with(it));
                if inside {
                    files.insert(target.path, Some(target.settings));
                } else {
                    for (path, settings) in discover(&[target], home.as_deref()) {
                        let known = files.entry(path).or_default();
                        *known = known.take().or(settings);
                    }
                }
            }
        }
        let root = project_root(&place, home.as_deref()).unwrap_or(&place);
        let installed = installed(root, client.python.as_deref());
        let settings = configuration.at(&place)?;
        let overlays: Vec<Overlay> = documents
            .into_iter()
            .map(|(path, text)| Overlay { path, bytes: text.into_bytes() })
            .collect();
        let listed: Vec<_> =
            files.iter().map(|(path, it)| (path.as_path(), it.is_some())).collect();
        let mut db = Database::new();
        let loaded = load(&db, &listed, &overlays, installed, settings.knowledge.clone(), &short);
        db.set_target(loaded.project, settings.target_version);
        let mut by_path = HashMap::new();
        for source in loaded.project.files(&db).iter() {
            let path = PathBuf::from(&**source.path(&db));
            let settings = files.get(&path).cloned().flatten();
            by_path.insert(path, File { source: *source, settings });
        }
        let (project, problems) = (loaded.project, loaded.problems);
        Ok(Self { db, project, files: Arc::new(by_path), problems })
    }

    /// The texts, for whoever computes.
    pub(crate) fn texts(&self) -> Texts {
        Texts(Arc::clone(&self.files))
    }

    /// The text that the analyzer has for a file; `None` for one that it does not know.
    pub(crate) fn text(&self, path: &Path) -> Option<Arc<str>> {
        Some(self.files.get(path)?.source.text(&self.db).get())
    }

    /// Gives a known file another text; whether there is such a file.
    pub(crate) fn set_text(&mut self, path: &Path, text: &str) -> bool {
        let Some(file) = self.files.get(path).cloned() else { return false };
        if *file.source.text(&self.db).get() != *text {
            self.db.set_text(file.source, text.to_owned());
        }
        true
    }
}

/// Whether a file decides which files and rules there are.
pub(crate) fn is_configuration(path: &Path) -> bool {
    FILES.iter().any(|(name, _)| path.file_name().is_some_and(|it| it == *name))
}

/// One computation of all findings, on a thread of its own.
pub(crate) struct Job {
    pub(crate) db: Database,
    pub(crate) project: Project,
    pub(crate) texts: Texts,
    /// The files that the user looks at.
    pub(crate) first: Vec<PathBuf>,
    pub(crate) encoding: Encoding,
}

impl Job {
    /// The findings of all files; those of `first` are given away before. Nothing when a write has made it pointless.
    pub(crate) fn run(self, told: &dyn Fn(Arc<FileFindings>)) -> Option<Vec<Arc<FileFindings>>> {
        let Job { db, project, texts, first, encoding } = self;
        ftlint_analyzer::unless_cancelled(|| {
            let one = |db: &Database, file: &File| {
                let settings = file.settings.as_ref()?;
                FileFindings::of(db, project, file.source, settings, &texts, encoding).map(Arc::new)
            };
            let mut res = Vec::new();
            for path in &first {
                if let Some(found) = texts.0.get(path).and_then(|it| one(&db, it)) {
                    told(Arc::clone(&found));
                    res.push(found);
                }
            }
            let rest: Vec<&File> =
                texts.0.iter().filter(|it| !first.contains(it.0)).map(|it| it.1).collect();
            let found: Vec<_> =
                rest.par_iter().map_with(db.clone(), |db, file| one(db, file)).collect();
            res.extend(found.into_iter().flatten());
            res
        })
    }
}
