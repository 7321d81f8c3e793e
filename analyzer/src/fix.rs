//! Edits that mend a finding, made only when somebody asks for them.

use std::sync::Arc;

use crate::diagnostic::Position;

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
