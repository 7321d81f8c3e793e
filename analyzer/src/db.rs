//! The salsa database: two inputs, no I/O. Whoever owns the database (the CLI, the language server) reads files
//! and sets inputs; queries only ever see what was set.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::knowledge::Knowledge;
use crate::text::Text;

/// What the queries need of a database: nothing but salsa.
#[salsa::db]
pub trait Db: salsa::Database {}

/// One source file.
#[salsa::input(debug)]
pub struct SourceFile {
    /// Path as given by the caller; identity for messages, never opened.
    #[returns(ref)]
    pub path: Arc<str>,
    /// Directory that has to be on `sys.path` for the module to be importable.
    #[returns(ref)]
    pub root: Arc<str>,
    /// Dotted module name below `root`.
    #[returns(ref)]
    pub module: Arc<str>,
    /// The decoded text.
    #[returns(ref)]
    pub text: Text,
}

/// Everything analysed together.
#[salsa::input(debug)]
pub struct Project {
    /// All files, sorted by path.
    #[returns(ref)]
    pub files: Arc<[SourceFile]>,
    /// Installed distributions of the environment: normalised name to version. Empty when there is none.
    #[returns(ref)]
    pub installed: Arc<BTreeMap<String, String>>,
    /// What is known of libraries, when the project's settings add to it.
    #[returns(ref)]
    pub knowledge: Option<Arc<Knowledge>>,
    /// The interpreter that the code is written for, when the settings name it.
    #[default]
    pub target: Option<crate::settings::TargetVersion>,
    /// What the imports load, where the environment was read.
    #[default]
    #[returns(ref)]
    pub extensions: Arc<crate::extensions::Extensions>,
    /// Where the analysis is kept between edits.
    #[default]
    #[returns(ref)]
    pub memory: crate::program::kept::Memory,
}

/// The database. Cloning makes another handle to the same storage, one per thread.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {}

impl Database {
    /// An empty database.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the interpreter that the code of a project is written for.
    pub fn set_target(&mut self, project: Project, target: Option<crate::settings::TargetVersion>) {
        use salsa::Setter as _;
        project.set_target(self).to(target);
    }

    /// Gives a file another text. Waits until no other handle computes; what they compute is cancelled.
    pub fn set_text(&mut self, file: SourceFile, text: String) {
        use salsa::Setter as _;
        file.set_text(self).to(text.into());
    }

    /// Keeps the analysis of a project from one edit to the next. For those who edit; set once, after the project is made.
    pub fn keep_analysis(&mut self, project: Project) {
        use salsa::Setter as _;
        project.set_memory(self).to(crate::program::kept::Memory::keeping());
    }

    /// Sets what the imports of a project load.
    pub fn set_extensions(&mut self, project: Project, found: crate::extensions::Extensions) {
        use salsa::Setter as _;
        project.set_extensions(self).to(Arc::new(found));
    }

    /// A database that reports the name of each query as it is executed, for tests of reuse.
    pub fn with_event_log(log: impl Fn(String) + Send + Sync + 'static) -> Self {
        let storage = salsa::Storage::new(Some(Box::new(move |event: salsa::Event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                log(format!("{database_key:?}"));
            }
        })));
        Self { storage }
    }
}
