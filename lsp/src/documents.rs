//! The texts that the editor owns.

use std::collections::BTreeMap;
use std::sync::Arc;

use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use crate::text::{self, Encoding};

/// The text of a file as the editor has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The editor's name of it.
    pub uri: Url,
    /// The analyzer's name of it: an absolute path, or the uri itself when there is no file.
    pub path: Arc<str>,
    /// The editor's number of this text; it only grows.
    pub version: i32,
    /// All of it.
    pub text: Arc<str>,
    /// The cells, when it is a notebook: in order, one module together.
    pub cells: Vec<Cell>,
}

/// A cell of a notebook within the text of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The editor's name of it.
    pub uri: Url,
    /// Its first line in the whole, 0-based.
    pub line: u32,
    /// How many lines it has.
    pub lines: u32,
}

impl Document {
    /// Whether it is made of cells.
    pub fn is_notebook(&self) -> bool {
        !self.cells.is_empty()
    }

    /// The name and line for the editor of a line of the whole.
    pub fn place(&self, line: u32) -> (&Url, u32) {
        let holds = |it: &&Cell| (it.line..it.line + it.lines).contains(&line);
        match self.cells.iter().find(holds) {
            Some(cell) => (&cell.uri, line - cell.line),
            None => (&self.uri, line),
        }
    }

    /// What diagnostics are published for: the document, or each cell.
    pub fn parts(&self) -> Vec<&Url> {
        if self.cells.is_empty() {
            return vec![&self.uri];
        }
        self.cells.iter().map(|it| &it.uri).collect()
    }
}

/// The open documents, by the analyzer's path.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    by_path: BTreeMap<Arc<str>, Document>,
    /// Which notebook a cell is of.
    cells: BTreeMap<Url, Arc<str>>,
}

impl Documents {
    /// Takes over a text from the disk.
    pub fn open(&mut self, uri: &Url, version: i32, text: &str) -> Arc<str> {
        let path = path_of(uri);
        self.put(Document {
            uri: uri.clone(),
            path: Arc::clone(&path),
            version,
            text: text.into(),
            cells: Vec::new(),
        });
        path
    }

    /// Takes over a document as a whole.
    pub fn put(&mut self, document: Document) {
        self.cells.retain(|_, path| *path != document.path);
        for cell in &document.cells {
            self.cells.insert(cell.uri.clone(), Arc::clone(&document.path));
        }
        self.by_path.insert(Arc::clone(&document.path), document);
    }

    /// Applies changes in their order; `None` when the document is not open.
    pub fn edit(
        &mut self,
        uri: &Url,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) -> Option<Arc<str>> {
        let document = self.by_path.get_mut(&path_of(uri))?;
        let mut text = document.text.to_string();
        for change in changes {
            text::apply(&mut text, change.range, &change.text, encoding);
        }
        document.text = text.into();
        document.version = version;
        Some(Arc::clone(&document.path))
    }

    /// Gives a text back to the disk.
    pub fn close(&mut self, uri: &Url) -> Option<Document> {
        let document = self.by_path.remove(&path_of(uri))?;
        self.cells.retain(|_, path| *path != document.path);
        Some(document)
    }

    /// The path that holds a document or a cell, and the line at which it starts there.
    pub fn locate(&self, uri: &Url) -> (Arc<str>, u32) {
        let cell = self.cells.get(uri).and_then(|path| {
            let cell = self.by_path.get(path)?.cells.iter().find(|it| it.uri == *uri)?;
            Some((Arc::clone(path), cell.line))
        });
        cell.unwrap_or_else(|| (path_of(uri), 0))
    }

    /// The document at a path.
    pub fn at(&self, path: &str) -> Option<&Document> {
        self.by_path.get(path)
    }

    /// All of them, by path.
    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.by_path.values()
    }

    /// The name that the editor uses for a path.
    pub fn uri(&self, path: &str) -> Option<Url> {
        match self.by_path.get(path) {
            Some(it) => Some(it.uri.clone()),
            None => uri_of(path),
        }
    }
}

/// The analyzer's name of a document.
pub fn path_of(uri: &Url) -> Arc<str> {
    match uri.to_file_path() {
        Ok(path) => path.to_string_lossy().into(),
        Err(()) => uri.as_str().into(),
    }
}

/// The uri of a file that is not open.
pub fn uri_of(path: &str) -> Option<Url> {
    Url::from_file_path(path).ok().or_else(|| Url::parse(path).ok())
}
