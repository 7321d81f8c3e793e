//! The text around a finding: statements by place, and places by position.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{Expr, Stmt};
use ruff_source_file::{LineIndex, OneIndexed, PositionEncoding};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::diagnostic::{Location, Position};

/// One file, parsed.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) suite: &'a [Stmt],
    tokens: &'a Tokens,
    lines: LineIndex,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, suite: &'a [Stmt], tokens: &'a Tokens) -> Self {
        Self { text, suite, tokens, lines: LineIndex::from_source_text(text) }
    }

    /// The text of a node.
    pub(super) fn slice(&self, node: impl Ranged) -> &'a str {
        self.text.get(node.range().to_std_range()).unwrap_or_default()
    }

    /// Where a site is in the text.
    pub(super) fn range(&self, site: &Location) -> Option<TextRange> {
        let [start, end] = [site.start, site.end].map(|it| {
            let line = OneIndexed::new(it.line as usize)?;
            Some(self.lines.line_start(line, self.text) + TextSize::from(it.byte))
        });
        let (start, end) = (start?, end?);
        (start <= end && end <= TextSize::of(self.text)).then(|| TextRange::new(start, end))
    }

    /// The two ends of a range, for an edit.
    pub(super) fn positions(&self, range: TextRange) -> (Position, Position) {
        (self.position(range.start()), self.position(range.end()))
    }

    fn position(&self, offset: TextSize) -> Position {
        let it = self.lines.source_location(offset, self.text, PositionEncoding::Utf32);
        let start = self.lines.line_start(it.line, self.text);
        let number = |it: OneIndexed| u32::try_from(it.get()).unwrap_or(u32::MAX);
        Position {
            line: number(it.line),
            column: number(it.character_offset),
            byte: u32::from(offset) - u32::from(start),
        }
    }

    /// Whether a comment lies in a range: an edit of it would lose what a person wrote.
    pub(super) fn has_comment(&self, range: TextRange) -> bool {
        self.inside(range).any(|kind| kind.0 == TokenKind::Comment)
    }

    /// Whether a range can be indented: no text that goes over lines, no line that goes on after a backslash.
    pub(super) fn can_be_indented(&self, range: TextRange) -> bool {
        let over_lines = |it: TextRange| self.slice(it).contains(['\n', '\r']);
        let texts = self.inside(range).all(|(kind, it)| {
            let is_text = matches!(
                kind,
                TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle
            );
            !is_text || !over_lines(it)
        });
        texts && !self.slice(range).lines().any(|it| it.trim_end().ends_with('\\'))
    }

    fn inside(&self, range: TextRange) -> impl Iterator<Item = (TokenKind, TextRange)> {
        let tokens = self.tokens.iter().map(|it| (it.kind(), it.range()));
        tokens.filter(move |it| range.contains_range(it.1))
    }

    /// What stands between the beginning of a line and a node, when it is nothing but indentation.
    pub(super) fn indentation(&self, start: TextSize) -> Option<&'a str> {
        let line = self.lines.line_start(self.lines.line_index(start), self.text);
        let before = self.text.get(usize::from(line)..usize::from(start))?;
        before.chars().all(|it| it == ' ' || it == '\t').then_some(before)
    }

    /// Whether nothing but a comment stands behind this on its line.
    pub(super) fn ends_line(&self, end: TextSize) -> bool {
        let rest = self.text.get(usize::from(end)..).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', '\t']);
        rest.is_empty() || rest.starts_with(['#', '\n', '\r'])
    }

    /// Where the line of an offset begins.
    pub(super) fn line_start(&self, at: TextSize) -> TextSize {
        self.lines.line_start(self.lines.line_index(at), self.text)
    }

    /// How lines end in this file.
    pub(super) fn line_ending(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The innermost statement of the kind that `pick` takes, around a range.
    pub(super) fn innermost<T>(
        &self,
        range: TextRange,
        pick: impl Fn(&'a Stmt) -> Option<T>,
    ) -> Option<T> {
        let mut found = None;
        let mut level = self.suite;
        while let Some(it) = level.iter().find(|it| it.range().contains_range(range)) {
            found = pick(it).or(found);
            level = bodies(it)
                .into_iter()
                .find(|body| body.iter().any(|it| it.range().contains_range(range)))
                .unwrap_or_default();
        }
        found
    }

    /// The statements of one body that a range touches: from the one with its start to the one with its end.
    pub(super) fn siblings(&self, range: TextRange) -> Option<&'a [Stmt]> {
        self.bodies_around(range).pop()
    }

    /// The same for each body around a range, the outermost first.
    pub(super) fn bodies_around(&self, range: TextRange) -> Vec<&'a [Stmt]> {
        let mut found = Vec::new();
        let mut levels = vec![self.suite];
        while let Some(level) = levels.pop() {
            let holds =
                |at: TextSize| level.iter().position(|it| it.range().contains_inclusive(at));
            if let (Some(first), Some(last)) = (holds(range.start()), holds(range.end()))
                && let Some(part) = level.get(first..=last)
            {
                found.push(part);
                levels = part.iter().flat_map(bodies).collect();
            }
        }
        found
    }
}

/// The bodies of a compound statement.
pub(super) fn bodies(stmt: &Stmt) -> Vec<&[Stmt]> {
    match stmt {
        Stmt::FunctionDef(it) => vec![&it.body],
        Stmt::ClassDef(it) => vec![&it.body],
        Stmt::For(it) => vec![&it.body, &it.orelse],
        Stmt::While(it) => vec![&it.body, &it.orelse],
        Stmt::If(it) => {
            let clauses = it.elif_else_clauses.iter().map(|it| &*it.body);
            std::iter::once(&*it.body).chain(clauses).collect()
        }
        Stmt::With(it) => vec![&it.body],
        Stmt::Match(it) => it.cases.iter().map(|it| &*it.body).collect(),
        Stmt::Try(it) => {
            let handlers = it.handlers.iter().map(|it| {
                let ruff_python_ast::ExceptHandler::ExceptHandler(it) = it;
                &*it.body
            });
            let rest = [&*it.orelse, &*it.finalbody];
            std::iter::once(&*it.body).chain(handlers).chain(rest).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether evaluating an expression runs no code of the user: names, attributes of names, constants.
pub(super) fn is_plain(it: &Expr) -> bool {
    match it {
        Expr::Name(_) => true,
        Expr::Attribute(it) => is_plain(&it.value),
        _ => it.is_literal_expr(),
    }
}
