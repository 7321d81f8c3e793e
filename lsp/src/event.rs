//! What may happen to a session: a closed list, in the order of arrival.

use std::path::PathBuf;

use ftlint_analyzer::extensions::Extensions;
use ftlint_runtime::verdict::Verdict;
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use crate::jobs::{Checked, Loaded};
use crate::notebooks::NotebookEvent;
use crate::replays::Proof;
use crate::settings::Settings;
use crate::snapshot::{Reader, Snapshot};
use crate::workspace::Listing;

/// One happening.
pub enum Event {
    /// The client is ready, and has these folders and settings.
    Started(Vec<PathBuf>, Settings),
    /// The editor shows a document, whose text it owns from now on.
    Opened(Url, i32, String),
    /// The text of an open document changed.
    Edited(Url, i32, Vec<TextDocumentContentChangeEvent>),
    /// The document is the disk's again.
    Closed(Url),
    /// Something about a notebook.
    Notebook(NotebookEvent),
    /// Files appeared, changed or vanished on disk; the text of open documents is left alone.
    ChangedOnDisk(Vec<PathBuf>),
    /// The settings of the editor changed.
    Configured(Settings),
    /// Folders came and went.
    Folders(Vec<PathBuf>, Vec<PathBuf>),
    /// A request that reads.
    Asked(Reader),
    /// A request that waits until there are results that it has not seen.
    Waits(u64, Reader),
    /// Somebody wants a snapshot outside of a request.
    Snapshot(Box<dyn FnOnce(Snapshot) + Send>),
    /// A replay ended, for the finding that was judged.
    Judged(Box<Proof>, Verdict),
    /// A folder was searched; the number is that of the search.
    Listed(u64, Listing),
    /// Files were read and indexed.
    Loaded(Loaded),
    /// Diagnostics were computed, or the computation was cancelled.
    Checked(Box<Checked>),
    /// The extensions that a folder's imports load were read; `None` when an edit came between.
    Extended(PathBuf, Option<Extensions>),
    /// Verdicts of earlier runs were looked up.
    Recalled(Vec<(Proof, Verdict)>),
    /// No more events come.
    Shutdown,
}
