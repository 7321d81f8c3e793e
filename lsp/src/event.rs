//! What may happen to a session: a closed list, in the order of arrival.

use std::path::PathBuf;
use std::sync::Arc;

use ftlint_runtime::process::Cancel;
use ftlint_runtime::verdict::Verdict;
use lsp_types::{
    CodeActionOrCommand, CodeActionParams, CodeLens, Hover, InlayHint, Position, Range,
    TextDocumentContentChangeEvent, Url,
};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::settings::ClientSettings;
use crate::shown::FileFindings;
use crate::workspace::Workspace;

/// One happening.
pub(crate) enum Event {
    /// The editor shows a document, whose text it owns from now on.
    Opened { uri: Url, version: i32, text: String },
    /// The text of an open document changed.
    Edited { uri: Url, version: i32, changes: Vec<TextDocumentContentChangeEvent> },
    /// The document is the disk's again.
    Closed(Url),
    /// Files appeared, changed or vanished on disk; open documents among them are left alone.
    ChangedOnDisk(Vec<PathBuf>),
    /// Other directories are worked on.
    Folders { added: Vec<PathBuf>, removed: Vec<PathBuf> },
    /// The settings of the editor.
    Configured(Box<ClientSettings>),
    /// Whether code of this workspace may be run.
    Trusted(bool),
    /// A request that reads.
    Asked(Question),
    /// A finding is to be replayed; the answer is sent when the verdict is there.
    Replay { uri: Url, fingerprint: String, cancel: Cancel, reply: Reply<Result<Value, String>> },
    /// All files have been read.
    Loaded(u64, Box<Workspace>),
    /// A computation has come to its end, or was cancelled.
    Computed { revision: u64, files: Option<Vec<Arc<FileFindings>>> },
    /// The findings of one file are known before those of the others.
    First { revision: u64, file: Arc<FileFindings> },
    /// A replay is over.
    Judged { fingerprint: String, verdict: Box<Verdict> },
    /// No more events come.
    Shutdown,
}

/// Where an answer goes; whoever asked may have gone away.
pub(crate) type Reply<T> = oneshot::Sender<T>;

/// A request that reads. It is answered when the findings of the newest text are known.
pub(crate) enum Question {
    /// What is known at a position.
    Hover(Url, Position, Reply<Option<Hover>>),
    /// What can be done about the findings in a range.
    Actions(Box<CodeActionParams>, Reply<Vec<CodeActionOrCommand>>),
    /// Lines above functions.
    Lenses(Url, Reply<Vec<CodeLens>>),
    /// Guards, between the code.
    Hints(Url, Range, Reply<Vec<InlayHint>>),
    /// The findings of one file, with a result id; nothing new when the id is the one that was sent before.
    Pull(Url, Option<String>, Reply<Pulled>),
    /// The same for all files.
    PullAll(Vec<(Url, String)>, Reply<Vec<(Url, Option<i32>, Pulled)>>),
    /// All findings, for a list.
    Findings(Reply<Value>),
    /// The interleaving of a finding's last verdict.
    Interleaving(String, Reply<Value>),
    /// What the server works on. Answered at once.
    Status(Reply<Value>),
}

/// The answer to a pull.
pub(crate) enum Pulled {
    /// As before.
    Unchanged(String),
    /// These.
    New(String, Vec<lsp_types::Diagnostic>),
}
