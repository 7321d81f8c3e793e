//! What may happen to a session: a closed list, in the order of arrival.

use std::path::PathBuf;

/// One happening. Edits carry whole texts: ranges in UTF-16 are resolved before the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The editor shows a document, whose text it owns from now on.
    Opened(Document),
    /// The text of an open document changed.
    Edited(Document),
    /// The document is the disk's again.
    Closed(PathBuf),
    /// Files appeared, changed or vanished on disk; open documents among them are left alone.
    ChangedOnDisk(Vec<PathBuf>),
    /// A configuration file or a setting of the editor changed.
    Configured,
    /// A request that reads, with the number by which the client may cancel it.
    Asked(u64, Question),
    /// The client lost interest in a request.
    Cancelled(u64),
    /// No more events come.
    Shutdown,
}

/// The text of a file as the editor has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Absolute path.
    pub path: PathBuf,
    /// The editor's number of this text; it only grows.
    pub version: i32,
    /// All of it.
    pub text: String,
}

/// A request that reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The findings of one file.
    Diagnostics(PathBuf),
    /// The page of the rule whose finding is at a 1-based line and column.
    Hover(PathBuf, u32, u32),
    /// What the finding with this fingerprint does when it is run. Starts a child process, so never on its own.
    Replay(String),
}
