//! Results of the session: when they are computed, and what of them the client is told.

use std::sync::Arc;

use ftlint_runtime::verdict::Verdict;
use tower_lsp::lsp_types::Diagnostic;

use super::Session;
use crate::client::Message;
use crate::event::Event;
use crate::jobs::{self, Checked, Stage};
use crate::kept;
use crate::replays::Proof;

/// What the client knows of a document.
#[derive(Debug, Default)]
pub(super) struct Published {
    version: Option<i32>,
    list: Vec<Diagnostic>,
}

impl Session {
    /// There are no events: time to compute.
    pub(super) fn idle(&mut self) {
        if !self.state.dirty || self.state.checking || !self.state.first || self.views.is_empty() {
            return;
        }
        self.state.dirty = false;
        self.state.checking = true;
        let (snapshot, queue) = (self.snapshot(), self.queue.clone());
        self.workers.spawn(move || {
            jobs::check(snapshot, |it| {
                let _ = queue.send(Event::Checked(Box::new(it)));
            });
        });
    }

    /// A check came a step further.
    pub(super) fn checked(&mut self, checked: Checked) {
        if checked.stage != Stage::Open {
            self.state.checking = false;
        }
        if checked.stage == Stage::Stopped {
            self.state.dirty = true;
            return;
        }
        // An edit came since: the next check tells what holds now.
        if checked.revision != self.state.revision {
            self.state.dirty = true;
            return;
        }
        let everything = checked.stage == Stage::All;
        if !self.client.pulls {
            self.publish(checked.shown, everything);
        }
        if !everything {
            return;
        }
        let new = *self.findings != checked.findings;
        self.findings = Arc::new(checked.findings);
        if !self.is_indexing() && std::mem::take(&mut self.state.recall) {
            let (snapshot, queue) = (self.snapshot(), self.queue.clone());
            self.workers.spawn(move || {
                let found = jobs::guarded(|| kept::recall(snapshot)).unwrap_or_default();
                let _ = queue.send(Event::Recalled(found));
            });
        }
        self.state.results += 1;
        if new || !self.waiting.is_empty() || self.client.pulls {
            self.outbox.send(Message::Changed);
        }
        for (_, reader) in std::mem::take(&mut self.waiting) {
            self.answer(reader);
        }
    }

    /// Verdicts of earlier runs are known; those of this session are newer.
    pub(super) fn recalled(&mut self, found: Vec<(Proof, Verdict)>) {
        let verdicts = Arc::make_mut(&mut self.verdicts);
        let mut new = false;
        for (proof, verdict) in found {
            new |= verdicts.put_older(proof, verdict);
        }
        if new {
            self.changed();
        }
    }

    fn publish(
        &mut self,
        shown: Vec<(tower_lsp::lsp_types::Url, Option<i32>, Vec<Diagnostic>)>,
        everything: bool,
    ) {
        if everything {
            // Files that are no longer reported on.
            let gone = self.published.iter().filter(|(uri, it)| {
                !it.list.is_empty() && !shown.iter().any(|(other, ..)| other == *uri)
            });
            let mut gone: Vec<_> = gone.map(|(uri, _)| uri.clone()).collect();
            gone.sort();
            for uri in gone {
                self.published.remove(&uri);
                self.outbox.send(Message::Publish(uri, None, Vec::new()));
            }
        }
        for (uri, version, list) in shown {
            let known = self.published.get(&uri);
            let same = match known {
                Some(known) => known.version == version && known.list == list,
                None => version.is_none() && list.is_empty(),
            };
            if !same {
                self.outbox.send(Message::Publish(uri.clone(), version, list.clone()));
                self.published.insert(uri, Published { version, list });
            }
        }
    }
}
