//! Lines of a text, and positions as clients count them: in UTF-8, UTF-16 or UTF-32 units.

use tower_lsp::lsp_types::{Position, PositionEncodingKind, Range};

/// The unit of columns, agreed upon when the session starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// What the protocol counts by default.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The first that the client offers and we know; all of them are as good for us.
    pub fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        let known = |it: &PositionEncodingKind| match it.as_str() {
            "utf-8" => Some(Encoding::Utf8),
            "utf-16" => Some(Encoding::Utf16),
            "utf-32" => Some(Encoding::Utf32),
            _ => None,
        };
        offered.unwrap_or_default().iter().find_map(known).unwrap_or_default()
    }

    /// The name on the wire.
    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// The length of a piece of a line.
    pub fn length(self, text: &str) -> usize {
        match self {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 => text.chars().map(char::len_utf16).sum(),
            Encoding::Utf32 => text.chars().count(),
        }
    }

    /// The byte at which so many units are counted; a place inside a character is its start, one behind the end the end.
    pub fn byte(self, line: &str, units: usize) -> usize {
        let mut counted = 0;
        for (at, c) in line.char_indices() {
            counted += match self {
                Encoding::Utf8 => c.len_utf8(),
                Encoding::Utf16 => c.len_utf16(),
                Encoding::Utf32 => 1,
            };
            if counted > units {
                return at;
            }
        }
        line.len()
    }
}

/// Where the lines of a text start. A line ends with `\n`, `\r\n` or `\r`.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(at + 1);
            }
        }
        Self { starts }
    }

    /// A line by its 0-based number, without its end; empty behind the last.
    pub fn line<'a>(&self, text: &'a str, number: usize) -> &'a str {
        let Some(start) = self.starts.get(number) else { return "" };
        let end = self.starts.get(number + 1).copied().unwrap_or(text.len());
        text.get(*start..end).unwrap_or_default().trim_end_matches(['\r', '\n'])
    }

    /// How many lines there are, an empty one at the end included.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The byte at a position; positions outside of the text are moved to its nearest place.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let number = position.line as usize;
        let Some(start) = self.starts.get(number) else { return text.len() };
        start + encoding.byte(self.line(text, number), position.character as usize)
    }

    /// The position at a byte.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let number = self.starts.partition_point(|it| *it <= offset).saturating_sub(1);
        let start = self.starts.get(number).copied().unwrap_or_default();
        let line = self.line(text, number);
        let within = offset.saturating_sub(start).min(line.len());
        let units = encoding.length(line.get(..within).unwrap_or(line));
        Position::new(cut(number), cut(units))
    }
}

/// Applies a change of a document; without a range it is the whole text.
pub fn apply(text: &mut String, range: Option<Range>, new: &str, encoding: Encoding) {
    let Some(range) = range else {
        new.clone_into(text);
        return;
    };
    let lines = Lines::new(text);
    let start = lines.offset(text, range.start, encoding);
    let end = lines.offset(text, range.end, encoding).max(start);
    text.replace_range(start..end, new);
}

/// A number for the wire.
pub fn cut(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position::new(line, character)
    }

    #[test]
    fn columns_count_units() {
        let text = "a🦀b\r\né = 1\rx";
        let lines = Lines::new(text);
        assert_eq!(lines.count(), 3);
        for (encoding, crab, after) in
            [(Encoding::Utf8, 1, 5), (Encoding::Utf16, 1, 3), (Encoding::Utf32, 1, 2)]
        {
            assert_eq!(lines.offset(text, at(0, crab), encoding), 1);
            assert_eq!(lines.offset(text, at(0, after), encoding), 5);
            assert_eq!(lines.position(text, 5, encoding), at(0, after));
        }
        // In the middle of a surrogate pair is its start; behind the end of a line is its end.
        assert_eq!(lines.offset(text, at(0, 2), Encoding::Utf16), 1);
        assert_eq!(lines.offset(text, at(0, 99), Encoding::Utf16), 6);
        assert_eq!(lines.offset(text, at(99, 0), Encoding::Utf16), text.len());
    }

    #[test]
    fn changes_apply_in_any_encoding() {
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let mut text = "x = '🦀'\ny = 2\n".to_owned();
            let lines = Lines::new(&text);
            let start = lines.position(&text, 9, encoding);
            apply(&mut text, Some(Range::new(start, start)), "!", encoding);
            assert_eq!(text, "x = '🦀!'\ny = 2\n");
            apply(&mut text, None, "z", encoding);
            assert_eq!(text, "z");
        }
    }
}
