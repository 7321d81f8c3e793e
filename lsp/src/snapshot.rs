//! What a request reads: the state of a session at one moment, cheap to take.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::settings::Settings as Configured;
use tower_lsp::lsp_types::Url;

use crate::documents::{Document, Documents, path_of};
use crate::replays::Verdicts;
use crate::settings::Settings;
use crate::text::Encoding;

/// The state at one moment. It holds a handle of the database, so it must not outlive a request: an edit waits for it.
#[derive(Clone)]
pub struct Snapshot {
    /// The handle.
    pub db: Database,
    /// What is analysed together, folder by folder.
    pub roots: Arc<[RootView]>,
    /// The open documents.
    pub documents: Arc<Documents>,
    /// What replays found out.
    pub verdicts: Arc<Verdicts>,
    /// The findings of the last analysis of everything, by path.
    pub findings: Arc<BTreeMap<Arc<str>, Vec<Diagnostic>>>,
    /// Settings of the editor.
    pub settings: Arc<Settings>,
    /// What does not change in a session.
    pub client: Arc<Client>,
    /// Whether files are still to be read.
    pub indexing: bool,
    /// The number of the state; it grows with each change.
    pub revision: u64,
    /// The number of the last results.
    pub results: u64,
}

/// What the client said when the session began.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "capabilities are independent of each other")]
pub struct Client {
    /// The unit of columns.
    pub encoding: Encoding,
    /// It has the commands of our extension.
    pub commands: bool,
    /// It asks for diagnostics by itself.
    pub pulls: bool,
    /// It can be told to ask again for diagnostics.
    pub refreshes_diagnostics: bool,
    /// It can be told to ask again for code lenses.
    pub refreshes_lenses: bool,
    /// It can be told to ask again for inlay hints.
    pub refreshes_hints: bool,
    /// It shows progress.
    pub progress: bool,
    /// It watches files for us.
    pub watches: bool,
    /// It answers `workspace/configuration`.
    pub configuration: bool,
    /// It shows the related places of a diagnostic.
    pub related: bool,
    /// It resolves the edits of code actions.
    pub resolves: bool,
}

/// What is analysed together.
#[derive(Clone)]
pub struct RootView {
    /// The input of the analyzer.
    pub project: Project,
    /// The files, and the settings of those that are reported on.
    pub files: Arc<HashMap<Arc<str>, Viewed>>,
}

/// A file, and the settings when it is reported on.
pub type Viewed = (SourceFile, Option<Arc<Configured>>);

/// The work of a request.
pub type Work = Box<dyn FnMut(Result<&Snapshot, Trouble>) + Send>;

/// A request: called once with a snapshot, or with the reason why there is none.
pub struct Reader {
    /// The work; it leaves its answer by itself.
    pub run: Work,
    /// How often an edit has cancelled it.
    pub tries: u32,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Edits came faster than answers.
    Modified,
    /// The request panicked; the panic is on standard error.
    Panicked,
    /// The session is over.
    Over,
}

impl Snapshot {
    /// The analyzer's file of a path, with what it is analysed in.
    pub fn file(&self, path: &str) -> Option<(Project, SourceFile, Option<&Arc<Configured>>)> {
        self.roots.iter().find_map(|root| {
            let (file, settings) = root.files.get(path)?;
            Some((root.project, *file, settings.as_ref()))
        })
    }

    /// The text that the analyzer sees.
    pub fn text(&self, path: &str) -> Option<Arc<str>> {
        if let Some(document) = self.documents.at(path) {
            return Some(Arc::clone(&document.text));
        }
        self.file(path).map(|(_, file, _)| file.text(&self.db).get())
    }

    /// The findings of one file, as the settings want them.
    pub fn check(&self, path: &str) -> Vec<Diagnostic> {
        let Some((project, file, Some(settings))) = self.file(path) else { return Vec::new() };
        let mut res = ftlint_analyzer::check_file(&self.db, project, file);
        res.retain(|it| settings.keeps(it));
        res
    }

    /// The document with this name.
    pub fn document(&self, uri: &Url) -> Option<&Document> {
        self.documents.at(&path_of(uri))
    }

    /// A finding by its fingerprint.
    pub fn finding(&self, fingerprint: &str) -> Option<&Diagnostic> {
        self.findings.values().flatten().find(|it| it.fingerprint == fingerprint)
    }

    /// Documents whose text differs from the disk's, among these paths.
    pub fn unsaved(&self, paths: &[Arc<str>]) -> Vec<PathBuf> {
        let is_unsaved = |path: &&Arc<str>| {
            self.documents.at(path).is_some_and(|it| {
                crate::workspace::read(Path::new(&***path)).ok().as_deref() != Some(&*it.text)
            })
        };
        let mut res: Vec<_> =
            paths.iter().filter(is_unsaved).map(|it| PathBuf::from(&**it)).collect();
        res.sort();
        res.dedup();
        res
    }
}
