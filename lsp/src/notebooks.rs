//! Notebooks: the code cells of one are one module, in their order.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use crate::documents::{Cell, Document, path_of};
use crate::text::{self, Encoding, Lines, cut};

/// Something that happened to a notebook.
#[derive(Clone, Debug)]
pub enum NotebookEvent {
    /// `notebookDocument/didOpen`.
    Opened(Opened),
    /// `notebookDocument/didChange`.
    Changed(Changed),
    /// `notebookDocument/didClose`.
    Closed(Closed),
}

/// The parameters of `notebookDocument/didOpen` that matter here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    notebook_document: Notebook,
    cell_text_documents: Vec<CellText>,
}

/// The parameters of `notebookDocument/didChange` that matter here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    notebook_document: Identifier,
    change: Change,
}

/// The parameters of `notebookDocument/didClose` that matter here.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closed {
    notebook_document: Identifier,
}

#[derive(Clone, Debug, Deserialize)]
struct Notebook {
    uri: Url,
    version: i32,
    #[serde(default)]
    cells: Vec<CellOf>,
}

#[derive(Clone, Debug, Deserialize)]
struct Identifier {
    uri: Url,
    #[serde(default)]
    version: i32,
}

/// A cell in the order of the notebook; kind 2 is code.
#[derive(Clone, Debug, Deserialize)]
struct CellOf {
    kind: u32,
    document: Url,
}

#[derive(Clone, Debug, Deserialize)]
struct CellText {
    uri: Url,
    text: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    cells: Option<CellsChange>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CellsChange {
    structure: Option<Structure>,
    text_content: Option<Vec<TextContent>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    array: Splice,
    #[serde(default)]
    did_open: Vec<CellText>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Splice {
    start: usize,
    delete_count: usize,
    #[serde(default)]
    cells: Vec<CellOf>,
}

#[derive(Clone, Debug, Deserialize)]
struct TextContent {
    document: Identifier,
    changes: Vec<TextDocumentContentChangeEvent>,
}

/// The open notebooks.
#[derive(Debug, Default)]
pub struct Notebooks {
    open: BTreeMap<Url, State>,
}

#[derive(Debug, Default)]
struct State {
    version: i32,
    order: Vec<CellOf>,
    texts: BTreeMap<Url, String>,
}

/// What the session has to do.
pub enum Effect {
    /// This is the notebook's text now.
    Put(Document),
    /// It was closed.
    Close(Url),
    /// It is not open.
    Nothing,
}

impl Notebooks {
    /// Takes over what happened.
    pub fn handle(&mut self, event: NotebookEvent, encoding: Encoding) -> Effect {
        let uri = match event {
            NotebookEvent::Opened(Opened { notebook_document: it, cell_text_documents }) => {
                let texts = cell_text_documents.into_iter().map(|it| (it.uri, it.text)).collect();
                let state = State { version: it.version, order: it.cells, texts };
                self.open.insert(it.uri.clone(), state);
                it.uri
            }
            NotebookEvent::Changed(Changed { notebook_document: it, change }) => {
                let Some(state) = self.open.get_mut(&it.uri) else { return Effect::Nothing };
                state.version = it.version;
                state.change(change.cells.unwrap_or_default(), encoding);
                it.uri
            }
            NotebookEvent::Closed(Closed { notebook_document: it }) => {
                self.open.remove(&it.uri);
                return Effect::Close(it.uri);
            }
        };
        match self.open.get(&uri) {
            Some(state) => Effect::Put(state.document(uri)),
            None => Effect::Nothing,
        }
    }
}

impl State {
    fn change(&mut self, change: CellsChange, encoding: Encoding) {
        if let Some(Structure { array, did_open }) = change.structure {
            let start = array.start.min(self.order.len());
            let end = (start + array.delete_count).min(self.order.len());
            self.order.splice(start..end, array.cells);
            self.texts.extend(did_open.into_iter().map(|it| (it.uri, it.text)));
        }
        for it in change.text_content.unwrap_or_default() {
            let text = self.texts.entry(it.document.uri).or_default();
            for change in &it.changes {
                text::apply(text, change.range, &change.text, encoding);
            }
        }
    }

    /// All code cells below each other.
    fn document(&self, uri: Url) -> Document {
        let (mut text, mut cells, mut line) = (String::new(), Vec::new(), 0);
        for cell in self.order.iter().filter(|it| it.kind == 2) {
            let source = self.texts.get(&cell.document).map_or("", String::as_str);
            let lines = cut(Lines::new(source).count());
            text.push_str(&python(source));
            text.push('\n');
            cells.push(Cell { uri: cell.document.clone(), line, lines });
            line += lines;
        }
        let path = path_of(&uri);
        Document { uri, path, version: self.version, text: Arc::from(text), cells }
    }
}

/// A cell without what only notebooks understand: lines with `%` and `!` become comments of the same length.
fn python(source: &str) -> String {
    let first = source.trim_start();
    if first.starts_with("%%") {
        // The whole cell is in another language.
        return source.split_inclusive('\n').map(comment).collect();
    }
    let line = |line: &str| {
        let start = line.trim_start();
        if start.starts_with(['%', '!']) { comment(line) } else { line.to_owned() }
    };
    source.split_inclusive('\n').map(line).collect()
}

fn comment(line: &str) -> String {
    let at = line.len() - line.trim_start().len();
    let mut chars = line[at..].chars();
    match chars.next() {
        Some(c) if c.is_ascii() && c != '\n' => format!("{}#{}", &line[..at], chars.as_str()),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn text(effect: Effect) -> (String, Vec<(u32, u32)>) {
        let Effect::Put(it) = effect else { panic!("no text") };
        (it.text.to_string(), it.cells.iter().map(|it| (it.line, it.lines)).collect())
    }

    fn opened() -> Value {
        json!({
            "notebookDocument": {"uri": "file:///n.ipynb", "version": 1, "notebookType": "jupyter-notebook", "cells": [
                {"kind": 2, "document": "nb:a"}, {"kind": 1, "document": "nb:m"}, {"kind": 2, "document": "nb:b"}]},
            "cellTextDocuments": [
                {"uri": "nb:a", "languageId": "python", "version": 1, "text": "%pip install x\nimport threading"},
                {"uri": "nb:b", "languageId": "python", "version": 1, "text": "x = 1\n"}]
        })
    }

    #[test]
    fn cells_are_one_module() {
        let mut all = Notebooks::default();
        let event = NotebookEvent::Opened(from_value(opened()).unwrap());
        let (first, cells) = text(all.handle(event, Encoding::Utf16));
        assert_eq!(first, "#pip install x\nimport threading\nx = 1\n\n");
        assert_eq!(cells, [(0, 2), (2, 2)]);
    }

    #[test]
    fn cells_change_come_and_go() {
        let mut all = Notebooks::default();
        all.handle(NotebookEvent::Opened(from_value(opened()).unwrap()), Encoding::Utf16);
        let change = json!({
            "notebookDocument": {"uri": "file:///n.ipynb", "version": 2},
            "change": {"cells": {
                "structure": {"array": {"start": 0, "deleteCount": 1, "cells": [{"kind": 2, "document": "nb:c"}]},
                    "didOpen": [{"uri": "nb:c", "languageId": "python", "version": 1, "text": "%%html\n<b>"}]},
                "textContent": [{"document": {"uri": "nb:b", "version": 2}, "changes": [
                    {"range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 5}}, "text": "2"}]}]
            }}
        });
        let changed = NotebookEvent::Changed(from_value(change).unwrap());
        let (second, cells) = text(all.handle(changed, Encoding::Utf16));
        assert_eq!(second, "#%html\n#b>\nx = 2\n\n");
        assert_eq!(cells, [(0, 2), (2, 2)]);
    }
}
