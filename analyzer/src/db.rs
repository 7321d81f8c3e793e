//! The salsa database: two inputs, no I/O. Whoever owns the database (the CLI, the language server) reads files
//! and sets inputs; queries only ever see what was set.

use std::collections::BTreeMap;
use std::sync::Arc;

use salsa::Durability;

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
    /// What the text is.
    #[default]
    pub kind: FileKind,
}

/// What the text of a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A module.
    #[default]
    Python,
    /// A configuration: lines that may set something, with comments that begin with `#`.
    Configuration,
    /// A lock file, a manifest: lines that are only spoken of.
    Lines,
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
    /// The oldest release of Python 3 that the project is for, where its manifest says so: the second number.
    #[default]
    pub oldest: Option<u8>,
    /// What the imports load, where the environment was read.
    #[default]
    #[returns(ref)]
    pub extensions: Arc<crate::extensions::Extensions>,
    /// Where the analysis is kept between edits.
    #[default]
    #[returns(ref)]
    pub memory: crate::program::kept::Memory,
    /// Files that are no Python and on whose lines something may be reported.
    #[default]
    #[returns(ref)]
    pub documents: Arc<[SourceFile]>,
    /// What is wrong with the dependencies.
    #[default]
    #[returns(ref)]
    pub dependencies: Arc<[crate::surroundings::Dependency]>,
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
        file.set_text(self).with_durability(Durability::LOW).to(text.into());
    }

    /// A module as it is on disk. Those that nobody edits are not asked after each edit whether they are the same.
    pub fn module(&self, path: &str, root: &str, module: &str, text: Text) -> SourceFile {
        SourceFile::builder(path.into(), root.into(), module.into(), text)
            .durability(Durability::HIGH)
            .text_durability(Durability::MEDIUM)
            .new(self)
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

    /// Sets what stands around the code of a project.
    pub fn set_surroundings(
        &mut self,
        project: Project,
        documents: Vec<SourceFile>,
        dependencies: Vec<crate::surroundings::Dependency>,
    ) {
        use salsa::Setter as _;
        if **project.documents(self) != *documents {
            project.set_documents(self).to(documents.into());
        }
        if **project.dependencies(self) != *dependencies {
            project.set_dependencies(self).to(dependencies.into());
        }
    }

    /// Sets the oldest release that a project is for.
    pub fn set_oldest(&mut self, project: Project, oldest: Option<u8>) {
        use salsa::Setter as _;
        if *project.oldest(self) != oldest {
            project.set_oldest(self).to(oldest);
        }
    }

    /// A file that is no Python.
    pub fn document(&self, path: &str, text: &str, kind: FileKind) -> SourceFile {
        let (root, name) = path.rsplit_once(['/', '\\']).unwrap_or(("", path));
        SourceFile::builder(path.into(), root.into(), name.into(), text.into()).kind(kind).new(self)
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
