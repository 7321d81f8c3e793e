//! A finding as people and tools see it: places in files, words, and the evidence.
//!
//! Not serialisable on purpose: each border (`cli/output`, `lsp/convert`, `runtime/protocol`) has its own types.

use std::sync::Arc;

use crate::evidence::{Access, Evidence};
use crate::rule::{Confidence, GilClass, Rule, Severity};

/// A position in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters (Unicode scalar values).
    pub column: u32,
    /// 0-based column in UTF-8 bytes, what `CPython`'s `co_positions()` counts.
    pub byte: u32,
}

/// A range in a source file, with what a replay needs to find it in running code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// Path as it was given to the analyzer.
    pub file: Arc<str>,
    /// First character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// Directory that has to be on `sys.path` for `module` to be importable.
    pub root: Arc<str>,
    /// Dotted module name.
    pub module: Arc<str>,
    /// `co_qualname` of the enclosing code object: `Class.method`, `outer.<locals>.inner`, `<module>`.
    pub function: Arc<str>,
    /// `co_firstlineno` of that code object (the first decorator's line if there is one).
    pub function_line: u32,
}

/// A second place that explains the first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Related {
    /// Lower case, no full stop.
    pub message: String,
    /// Where.
    pub location: Location,
}

/// One finding, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule; `invalid-syntax` has [`crate::rules::INVALID_SYNTAX`].
    pub rule: &'static Rule,
    /// Severity.
    pub severity: Severity,
    /// Confidence.
    pub confidence: Confidence,
    /// GIL class; meaningless for `invalid-syntax`.
    pub gil: GilClass,
    /// Lower case, no full stop.
    pub message: String,
    /// The unprotected side.
    pub location: Location,
    /// The other access, the thread entry path, the lock held elsewhere.
    pub related: Vec<Related>,
    /// All of it as data.
    pub evidence: Evidence<Location>,
    /// Stable across edits elsewhere in the file: 16 hexadecimal digits of rule, module, function, place and ordinal.
    pub fingerprint: String,
}

/// What is known of a name that several threads use, whether or not something is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedName {
    /// As written where it was asked for: `self.hits`.
    pub text: String,
    /// Where the name begins.
    pub start: Position,
    /// One past its last character.
    pub end: Position,
    /// Who reads and writes it, by file and function.
    pub touches: Vec<Touch>,
    /// Accesses that are not among them.
    pub more: usize,
}

/// One access, and who comes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Where, what, and under which locks.
    pub access: Access<Location>,
    /// In words: "threads in `work`", "the main thread". Empty for what is a part of construction.
    pub by: Vec<String>,
}
