//! Between the analyzer's positions and the protocol's. The only place that knows UTF-16.

use std::path::{Path, PathBuf};

use ftlint_analyzer::diagnostic::{Location, Position as Exact};
use lsp_types::{Position, PositionEncodingKind, Range, Url};

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every client knows.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best one that a client offers: bytes cost nothing.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let has = |kind: &PositionEncodingKind| offered.is_some_and(|it| it.contains(kind));
        if has(&PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if has(&PositionEncodingKind::UTF32) {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }
}

/// A text with the beginnings of its lines, as Python and the protocol both count them: `\n`, `\r\n` and `\r` end one.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (index, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(index + 1) != Some(&b'\n');
            if ends {
                starts.push(index + 1);
            }
        }
        Self { text, starts }
    }

    /// A line without its end, 0-based; empty behind the last one.
    pub(crate) fn line(&self, number: usize) -> &'a str {
        let Some(start) = self.starts.get(number) else { return "" };
        let end = self.starts.get(number + 1).copied().unwrap_or(self.text.len());
        self.text.get(*start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    /// Where a position of the analyzer is for the client.
    pub(crate) fn position(&self, exact: Exact, encoding: Encoding) -> Position {
        let number = exact.line.saturating_sub(1);
        let line = self.line(number as usize);
        let before = line.get(..exact.byte as usize).unwrap_or(line);
        let column: usize = before.chars().map(|it| encoding.width(it)).sum();
        Position::new(number, u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The range of a place.
    pub(crate) fn range(&self, location: &Location, encoding: Encoding) -> Range {
        Range::new(self.position(location.start, encoding), self.position(location.end, encoding))
    }

    /// From just behind the indentation to the end of a line, 0-based.
    pub(crate) fn whole_line(&self, number: u32, encoding: Encoding) -> Range {
        let line = self.line(number as usize);
        let width = |it: &str| {
            u32::try_from(it.chars().map(|it| encoding.width(it)).sum::<usize>())
                .unwrap_or(u32::MAX)
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        Range::new(Position::new(number, width(indent)), Position::new(number, width(line)))
    }
}

/// The byte at which a position of the client is: in a line that is too short the end of it, behind the last line the
/// end of the text, in the middle of a character its start.
pub(crate) fn offset(text: &str, position: Position, encoding: Encoding) -> usize {
    let lines = Lines::new(text);
    let Some(start) = lines.starts.get(position.line as usize) else { return text.len() };
    let mut column = 0;
    for (index, c) in lines.line(position.line as usize).char_indices() {
        column += encoding.width(c);
        if column > position.character as usize {
            return start + index;
        }
    }
    start + lines.line(position.line as usize).len()
}

/// The file of a document; `None` for what is no file (`untitled:`).
pub(crate) fn path_of(uri: &Url) -> Option<PathBuf> {
    if uri.scheme() == "file" { uri.to_file_path().ok() } else { None }
}

/// The address of a file.
pub(crate) fn uri_of(path: impl AsRef<Path>) -> Option<Url> {
    Url::from_file_path(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let text = "x\n\u{e4}\u{1f600} = 1\r\ny\rz";
        let lines = Lines::new(text);
        assert_eq!(
            [lines.line(0), lines.line(2), lines.line(3), lines.line(9)],
            ["x", "y", "z", ""]
        );
        let exact = Exact { line: 2, column: 3, byte: 6 };
        for (encoding, column) in [(Encoding::Utf8, 6), (Encoding::Utf16, 3), (Encoding::Utf32, 2)]
        {
            let position = lines.position(exact, encoding);
            assert_eq!(position, Position::new(1, column));
            assert_eq!(offset(text, position, encoding), 8);
        }
    }

    #[test]
    fn the_middle_of_a_character_is_its_start() {
        assert_eq!(offset("\u{1f600}x", Position::new(0, 1), Encoding::Utf16), 0);
        assert_eq!(offset("\u{1f600}x", Position::new(0, 3), Encoding::Utf8), 0);
    }
}
