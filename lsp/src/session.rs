//! The state of one editor: what it has open, and the texts that the analyzer sees. Skeleton: documents are kept, the
//! database is not filled yet, and questions have no answer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::event::{Document, Event};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The texts changed: answers computed before are stale.
    Changed,
    /// Nothing that an answer depends on changed.
    Unchanged,
    /// The skeleton does not know how to do this yet.
    NotYet,
    /// The session is over.
    Over,
}

/// One editor's session. Owned by one thread, which takes events from the queue one after the other.
#[derive(Debug, Default)]
pub struct Session {
    open: BTreeMap<PathBuf, Document>,
}

impl Session {
    /// Takes the next event of the queue.
    pub fn handle(&mut self, event: Event) -> Outcome {
        match event {
            Event::Opened(document) | Event::Edited(document) => self.set(document),
            Event::Closed(path) => match self.open.remove(&path) {
                Some(_) => Outcome::Changed,
                None => Outcome::Unchanged,
            },
            Event::ChangedOnDisk(_) | Event::Configured | Event::Asked(..) => Outcome::NotYet,
            // Requests are answered one by one for now, so none is left to cancel.
            Event::Cancelled(_) => Outcome::Unchanged,
            Event::Shutdown => Outcome::Over,
        }
    }

    /// The documents that the editor owns, by path.
    pub fn open(&self) -> impl Iterator<Item = &Document> {
        self.open.values()
    }

    /// A text that is older than the one we have came out of order, which the queue rules out, or twice.
    fn set(&mut self, document: Document) -> Outcome {
        match self.open.get(&document.path) {
            Some(known) if known.version >= document.version => Outcome::Unchanged,
            _ => {
                self.open.insert(document.path.clone(), document);
                Outcome::Changed
            }
        }
    }
}
