//! Edits that mend a finding, made only when somebody asks for them. One fix, one file.
//!
//! A fix is safe when one thread sees no difference and the race is gone; for that the exact type of the place has to
//! be proven ([`exact`]), because a class may do anything in `setdefault`. All else is for a person to look at.

mod calls;
mod exact;
mod lock;
mod pop;
mod setdefault;
mod snapshot;
mod source;

use std::sync::Arc;

use ruff_source_file::{LineIndex, OneIndexed};
use ruff_text_size::TextRange;

use crate::db::{Db, SourceFile};
use crate::diagnostic::{Diagnostic, Location, Position};
use crate::evidence::{Evidence, Window};
use source::Source;

/// Whether an edit may change what the program does when one thread runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// It may; a person has to look at it.
    Unsafe,
    /// It does not.
    Safe,
}

/// One way to mend a finding: all of its edits, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in the imperative: ``use `setdefault` ``.
    pub title: String,
    /// Whether it may be applied without being looked at.
    pub applicability: Applicability,
    /// Sorted by file and position; they do not overlap.
    pub edits: Vec<Edit>,
}

/// Text that takes the place of a range; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Path as it was given to the analyzer.
    pub file: Arc<str>,
    /// First character that goes.
    pub start: Position,
    /// One past the last.
    pub end: Position,
    /// What comes instead.
    pub text: String,
}

/// What a fix is made from.
struct Around<'a> {
    source: Source<'a>,
    window: &'a Window<Location>,
    path: &'a Arc<str>,
}

/// The ways to mend one finding of a file, best first. Parses the file again: nobody pays for fixes that are not asked
/// for. A file with syntax errors has none.
pub fn fixes(db: &dyn Db, file: SourceFile, diagnostic: &Diagnostic) -> Vec<Fix> {
    let Evidence::Window(window) = &diagnostic.evidence else { return Vec::new() };
    let path = file.path(db);
    let here = |it: &Location| it.file == *path && it.function == diagnostic.location.function;
    if !here(&window.first.site) || !here(&window.last.site) {
        return Vec::new();
    }
    let text = file.text(db).get();
    crate::syntax::with_stack(&text, || {
        let parsed = crate::syntax::parse(&text, path);
        if parsed.has_syntax_errors() {
            return Vec::new();
        }
        let tokens = parsed.tokens().clone();
        let suite = crate::syntax::suite(parsed);
        let around = Around { source: Source::new(&text, &suite, &tokens), window, path };
        [setdefault::fix, pop::fix, snapshot::fix, lock::fix]
            .into_iter()
            .filter_map(|it| it(&around))
            .collect()
    })
}

/// The text after edits of it, which must not overlap; they may come in any order.
pub fn applied<'a>(text: &str, edits: impl IntoIterator<Item = &'a Edit>) -> String {
    let lines = LineIndex::from_source_text(text);
    let offset = |it: Position| {
        let line = OneIndexed::new(it.line as usize).unwrap_or(OneIndexed::MIN);
        (lines.line_start(line, text).to_usize() + it.byte as usize).min(text.len())
    };
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|it| std::cmp::Reverse((it.start, it.end)));
    let mut res = text.to_owned();
    for it in edits {
        res.replace_range(offset(it.start)..offset(it.end), &it.text);
    }
    res
}

impl Around<'_> {
    /// A fix that puts one text in the place of another.
    fn replace(&self, title: String, safe: bool, range: TextRange, text: String) -> Fix {
        let (start, end) = self.source.positions(range);
        let edit = Edit { file: Arc::clone(self.path), start, end, text };
        let applicability = if safe { Applicability::Safe } else { Applicability::Unsafe };
        Fix { title, applicability, edits: vec![edit] }
    }
}
