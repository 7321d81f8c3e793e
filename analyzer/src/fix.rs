//! Edits that mend a finding, made only when somebody asks for them. One fix, one file.
//!
//! A fix is safe when one thread sees no difference and the race is gone; for that the exact type of the place has to
//! be proven ([`exact`]), because a class may do anything in `setdefault`. All else is for a person to look at.

mod block;
mod calls;
mod cover;
mod double_check;
mod exact;
mod home;
mod import;
mod lock;
mod new_lock;
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

/// What can be tried, the least change first.
const FIXES: [fn(&Around<'_>) -> Option<Fix>; 7] = [
    setdefault::fix,
    pop::fix,
    snapshot::fix,
    double_check::fix,
    lock::fix,
    new_lock::existing,
    new_lock::new,
];

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
        let (parsed, problems) = crate::syntax::parse(&text, path);
        if !problems.is_empty() || parsed.has_syntax_errors() {
            return Vec::new();
        }
        let tokens = parsed.tokens().clone();
        let suite = crate::syntax::suite(parsed);
        let around = Around { source: Source::new(&text, &suite, &tokens), window, path };
        FIXES.iter().filter_map(|it| it(&around)).collect()
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
        let applicability = if safe { Applicability::Safe } else { Applicability::Unsafe };
        Fix { title, applicability, edits: vec![self.edit(range, text)] }
    }

    /// An unsafe fix of several edits, and what makes the lock that they use. `None` when it is made within one of them.
    fn change(
        &self,
        title: String,
        lock: &home::Lock,
        mut changes: Vec<(TextRange, String)>,
    ) -> Option<Fix> {
        for (at, line) in &lock.made {
            let inside = |it: &TextRange| it.start() < *at && *at < it.end();
            if changes.iter().any(|it| inside(&it.0)) {
                return None;
            }
            let here = changes.iter_mut().find(|it| it.0 == TextRange::empty(*at));
            match here {
                Some(it) => it.1.push_str(line),
                None => changes.push((TextRange::empty(*at), line.clone())),
            }
        }
        changes.sort_by_key(|it| (it.0.start(), it.0.end()));
        let edits = changes.into_iter().map(|(range, text)| self.edit(range, text)).collect();
        Some(Fix { title, applicability: Applicability::Unsafe, edits })
    }

    fn edit(&self, range: TextRange, text: String) -> Edit {
        let (start, end) = self.source.positions(range);
        Edit { file: Arc::clone(self.path), start, end, text }
    }
}
