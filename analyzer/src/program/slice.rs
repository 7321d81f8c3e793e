//! What the rules of one file may read: the second wall. Equal slices keep findings from running again.

use crate::db::SourceFile;
use crate::evidence::{Evidence, PlaceKind};
use crate::knowledge::Topic;
use crate::rule::{Confidence, GilClass};

/// A site anywhere in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GlobalSite {
    pub(crate) file: SourceFile,
    pub(crate) site: u32,
    /// Function of the file in which the site stands.
    pub(crate) func: u32,
}

/// A window that two threads can enter, judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JudgedWindow {
    pub(crate) evidence: Evidence<GlobalSite>,
    pub(crate) confidence: Confidence,
    pub(crate) gil: GilClass,
    /// Canonical name of the place, for the fingerprint.
    pub(crate) label: String,
}

impl JudgedWindow {
    /// The window.
    pub(crate) fn window(&self) -> Option<&crate::evidence::Window<GlobalSite>> {
        match &self.evidence {
            Evidence::Window(it) => Some(it),
            _ => None,
        }
    }

    /// What kind of place it is about, and whether it is about its contents.
    pub(crate) fn place(&self) -> Option<(&PlaceKind, bool)> {
        self.window().map(|it| (&it.place.kind, it.place.element))
    }
}

/// What the rules of one file read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProgramSlice {
    /// In source order.
    pub(crate) windows: Vec<JudgedWindow>,
    /// Locks taken so that threads can wait for ever.
    pub(crate) deadlocks: Vec<JudgedWindow>,
    /// Imports that bring the GIL back.
    pub(crate) gil_requests: Vec<JudgedWindow>,
    /// Dependencies that a free-threaded interpreter cannot use as they are.
    pub(crate) dependencies: Vec<JudgedWindow>,
    /// Names that do not exist.
    pub(crate) claims: Vec<JudgedWindow>,
    /// Names that exist and are misread.
    pub(crate) misreadings: Vec<(Topic, JudgedWindow)>,
}
