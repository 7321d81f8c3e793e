//! The texts that the editor owns, and how its edits are applied.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lsp_types::{Position, TextDocumentContentChangeEvent};

use crate::convert::{Encoding, offset};

/// One open document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// The editor's number of this text.
    pub(crate) version: i32,
    /// All of it.
    pub(crate) text: String,
}

/// All open documents, by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents(BTreeMap<PathBuf, Document>);

impl Documents {
    pub(crate) fn open(&mut self, path: PathBuf, document: Document) {
        self.0.insert(path, document);
    }

    pub(crate) fn close(&mut self, path: &PathBuf) {
        self.0.remove(path);
    }

    pub(crate) fn get(&self, path: &PathBuf) -> Option<&Document> {
        self.0.get(path)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PathBuf, &Document)> {
        self.0.iter()
    }

    /// The document after some edits, each of which counts in the text that the one before it left.
    pub(crate) fn edit(
        &mut self,
        path: &PathBuf,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<&Document> {
        let document = self.0.get_mut(path)?;
        document.version = version;
        for change in changes {
            apply(&mut document.text, change, encoding);
        }
        Some(document)
    }
}

fn apply(text: &mut String, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    let Some(range) = change.range else {
        *text = change.text;
        return;
    };
    let at = |position: Position| offset(text, position, encoding);
    let (start, end) = (at(range.start), at(range.end));
    text.replace_range(start.min(end)..end.max(start), &change.text);
}

#[cfg(test)]
mod tests {
    use lsp_types::Range;

    use super::*;

    fn change(start: (u32, u32), end: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(start.0, start.1), Position::new(end.0, end.1))),
            range_length: None,
            text: text.to_owned(),
        }
    }

    fn edited(
        text: &str,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> String {
        let mut documents = Documents::default();
        let path = PathBuf::from("a.py");
        documents.open(path.clone(), Document { version: 1, text: text.to_owned() });
        documents.edit(&path, 2, changes, encoding).unwrap().text.clone()
    }

    #[test]
    fn edits_count_in_the_text_that_the_one_before_left() {
        let changes = vec![change((0, 0), (0, 0), "x\n"), change((1, 1), (1, 2), "-")];
        assert_eq!(edited("abc", changes, Encoding::Utf16), "x\na-c");
    }

    #[test]
    fn characters_beyond_the_basic_plane_are_two_units_in_utf_16() {
        let text = "a = '\u{1f600}'  # x";
        assert_eq!(
            edited(text, vec![change((0, 7), (0, 8), "!")], Encoding::Utf16),
            "a = '\u{1f600}!  # x"
        );
        assert_eq!(
            edited(text, vec![change((0, 6), (0, 7), "!")], Encoding::Utf32),
            "a = '\u{1f600}!  # x"
        );
        assert_eq!(
            edited(text, vec![change((0, 9), (0, 10), "!")], Encoding::Utf8),
            "a = '\u{1f600}!  # x"
        );
    }

    #[test]
    fn positions_behind_the_end_mean_the_end() {
        assert_eq!(
            edited("ab\r\nc", vec![change((0, 9), (0, 99), "!")], Encoding::Utf16),
            "ab!\r\nc"
        );
        assert_eq!(edited("ab", vec![change((7, 0), (9, 0), "!")], Encoding::Utf16), "ab!");
        assert_eq!(edited("", vec![change((0, 0), (0, 0), "x")], Encoding::Utf16), "x");
    }
}
