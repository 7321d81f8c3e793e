//! What stands around the code of a project and decides how it runs: what its lock files and manifests say of its
//! dependencies. An input, made by whoever reads these files; nothing is read here.

use std::sync::Arc;

use crate::evidence::{self, Step};
use crate::rule::Confidence;

/// What is wrong with a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// There are wheels, and none for the free-threaded interpreter.
    NoWheel,
    /// The wheels are of the stable ABI of interpreters with the GIL.
    StableAbiOnly,
    /// A free-threaded interpreter gets pure Python where others get an extension.
    Fallback,
    /// Support is stated for a later version.
    TooOld,
    /// Its free-threaded wheels switch the GIL on.
    GilInWheel,
    /// Nobody states what it does.
    Undeclared,
}

/// A dependency with which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// What.
    pub trouble: Trouble,
    /// Its normalised name; empty when it is about the project itself.
    pub distribution: String,
    /// The version that will be installed; empty when none is named.
    pub version: String,
    /// The interpreter and the platform that it is about: `3.14t (Linux on x86-64)`.
    pub target: String,
    /// The first version of which support is stated; empty when none is.
    pub supported: String,
    /// What is known, in words: `has no wheel, only its sources`.
    pub known: String,
    /// What to do.
    pub advice: String,
    /// From what the project asks for to this distribution, both included.
    pub chain: Vec<String>,
    /// The modules whose import loads it, nearest first: its own, then those of the distributions that need it.
    pub modules: Vec<String>,
    /// Lines that speak of it, the one to report on first, when no import names it.
    pub lines: Vec<Line>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it is reported.
    pub anchor: Anchor,
}

/// Where something about a dependency is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// At the import, else at the line of a file.
    ImportOrLine,
    /// At the import; developers alone need what no import names.
    Import,
    /// At the line of a file.
    Line,
}

/// A line of a file that is no Python.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// Path as it was given to the analyzer: one of the project's documents.
    pub file: Arc<str>,
    /// From 1.
    pub number: u32,
    /// What is there: `locked here`.
    pub text: String,
}

impl<S> evidence::Dependency<S> {
    /// The same with each site named differently.
    pub(crate) fn map<T>(&self, mut f: impl FnMut(&S) -> T) -> evidence::Dependency<T> {
        evidence::Dependency {
            site: f(&self.site),
            import: self.import.clone(),
            facts: Arc::clone(&self.facts),
            lines: self
                .lines
                .iter()
                .map(|it| Step { site: f(&it.site), text: it.text.clone() })
                .collect(),
        }
    }
}
