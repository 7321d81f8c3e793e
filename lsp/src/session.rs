//! The state of one editor. Owned by one thread, which takes events from the queue one after the other; work that takes
//! time goes to other threads ([`crate::jobs`]) on a [`Snapshot`], and comes back as an event.

mod files;
mod results;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

use ftlint_analyzer::db::Database;
use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_project::discover::{Kind, is_python};
use tower_lsp::lsp_types::{MessageType, Url};

use crate::client::{Message, Outbox};
use crate::documents::Documents;
use crate::event::Event;
use crate::jobs;
use crate::notebooks::{Effect, Notebooks};
use crate::replays::Verdicts;
use crate::settings::Settings;
use crate::snapshot::{Client, Reader, RootView, Snapshot, Trouble};
use crate::workspace::{Root, Workspace};

/// Stack of the threads that parse; what is not used costs nothing.
const STACK: usize = 64 * 1024 * 1024;

/// Threads for requests. They wait for each other now and then, so there are more of them than processors.
const READERS: usize = 4;

/// For so long after an edit, everything is not checked again when the client asks for diagnostics by itself.
const QUIET: Duration = Duration::from_millis(200);

/// One editor's session.
pub struct Session {
    db: Database,
    client: Arc<Client>,
    settings: Arc<Settings>,
    documents: Arc<Documents>,
    notebooks: Notebooks,
    workspace: Workspace,
    views: Arc<[RootView]>,
    verdicts: Arc<Verdicts>,
    findings: Arc<BTreeMap<Arc<str>, Vec<Diagnostic>>>,
    published: HashMap<Url, results::Published>,
    /// Requests that wait for results that they have not seen.
    waiting: Vec<(u64, Reader)>,
    /// Requests that came before the open documents were read: their answers would be empty.
    early: Vec<Reader>,
    /// When an edit came last.
    edited: Option<Instant>,
    state: Progress,
    queue: Sender<Event>,
    outbox: Outbox,
    workers: rayon::ThreadPool,
    readers: rayon::ThreadPool,
}

/// How far the session's work is.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about work that is done elsewhere"
)]
struct Progress {
    /// The client has told its folders.
    started: bool,
    /// The number of the state.
    revision: u64,
    /// The number of the last results of everything.
    results: u64,
    /// The number of the last search of a folder.
    searches: u64,
    /// Something changed since the last check began.
    dirty: bool,
    /// A check runs.
    checking: bool,
    /// Files are being read.
    loading: bool,
    /// The client was told that files are read.
    announced: bool,
    /// The open documents and what they import were read.
    first: bool,
    /// These were read, and their diagnostics are not known yet.
    awaited: bool,
    /// Verdicts of earlier runs are to be looked up, because files were read.
    recall: bool,
    /// How many files are to be read in all.
    files: usize,
    /// Files whose text on disk changed while they were read.
    stale: Vec<PathBuf>,
}

impl Session {
    /// A session without folders and documents. `queue` leads back to it.
    pub fn new(
        client: Client,
        settings: Settings,
        queue: Sender<Event>,
        outbox: Outbox,
    ) -> Option<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pool =
            |n| rayon::ThreadPoolBuilder::new().num_threads(n).stack_size(STACK).build().ok();
        Some(Self {
            db: Database::new(),
            client: Arc::new(client),
            settings: Arc::new(settings),
            documents: Arc::default(),
            notebooks: Notebooks::default(),
            workspace: Workspace::default(),
            views: Vec::new().into(),
            verdicts: Arc::default(),
            findings: Arc::default(),
            published: HashMap::new(),
            waiting: Vec::new(),
            early: Vec::new(),
            edited: None,
            state: Progress::default(),
            queue,
            outbox,
            workers: pool(cores)?,
            readers: pool(READERS)?,
        })
    }

    /// Handles events until the queue ends or says so. A check starts when there is nothing else to do, so that of many
    /// edits in a row only the last is checked.
    pub fn run(mut self, events: &Receiver<Event>) {
        loop {
            let event = match events.try_recv() {
                Ok(event) => event,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => match self.next(events) {
                    Some(event) => event,
                    None => return,
                },
            };
            if matches!(event, Event::Shutdown) {
                break;
            }
            self.handle(event);
            if !self.is_early() {
                for reader in std::mem::take(&mut self.early) {
                    self.answer(reader);
                }
            }
        }
        let waiting = self.waiting.drain(..).map(|it| it.1);
        for mut reader in waiting.chain(self.early.drain(..)) {
            (reader.run)(Err(Trouble::Over));
        }
    }

    /// The next event. Nothing is to be done until it comes, so everything is checked again; not between the key strokes
    /// of a client that asks for what it shows, because that check would only be in the way of the answer.
    fn next(&mut self, events: &Receiver<Event>) -> Option<Event> {
        let since = self.edited.filter(|_| self.client.pulls).map(|it| it.elapsed());
        if let Some(left) = since.and_then(|it| QUIET.checked_sub(it)) {
            match events.recv_timeout(left) {
                Ok(event) => return Some(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.idle();
        events.recv().ok()
    }

    /// Whether there is no document to answer about yet.
    fn is_early(&self) -> bool {
        !self.state.first && (!self.state.started || self.is_indexing())
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Started(folders, settings) => self.start(folders, settings),
            Event::Opened(uri, version, text) => {
                let path = Arc::make_mut(&mut self.documents).open(&uri, version, &text);
                self.take_over(&path);
            }
            Event::Edited(uri, version, changes) => {
                let encoding = self.client.encoding;
                let documents = Arc::make_mut(&mut self.documents);
                if let Some(path) = documents.edit(&uri, version, &changes, encoding) {
                    self.edited = Some(Instant::now());
                    self.set_text(&path);
                }
            }
            Event::Closed(uri) => self.close(&uri),
            Event::Notebook(event) => match self.notebooks.handle(event, self.client.encoding) {
                Effect::Put(document) => {
                    let path = Arc::clone(&document.path);
                    Arc::make_mut(&mut self.documents).put(document);
                    self.take_over(&path);
                }
                Effect::Close(uri) => self.close(&uri),
                Effect::Nothing => {}
            },
            Event::ChangedOnDisk(paths) => self.changed_on_disk(paths),
            Event::Configured(settings) => self.configure(settings),
            Event::Folders(added, removed) => self.folders(added, &removed),
            Event::Asked(reader) if self.is_early() => self.early.push(reader),
            Event::Asked(reader) => self.answer(reader),
            Event::Waits(seen, reader) if seen < self.state.results => self.answer(reader),
            Event::Waits(seen, reader) => self.waiting.push((seen, reader)),
            Event::Snapshot(take) => take(self.snapshot()),
            Event::Judged(proof, verdict) => {
                Arc::make_mut(&mut self.verdicts).put(*proof, verdict);
                self.state.revision += 1;
                self.state.dirty = true;
            }
            Event::Listed(search, listing) => self.listed(search, listing),
            Event::Loaded(loaded) => self.loaded(loaded),
            Event::Checked(checked) => self.checked(*checked),
            Event::Extended(root, found) => self.extended(&root, found),
            Event::Recalled(found) => self.recalled(found),
            Event::Shutdown => {}
        }
    }

    fn start(&mut self, folders: Vec<PathBuf>, settings: Settings) {
        self.settings = Arc::new(settings);
        self.state.started = true;
        if self.client.watches {
            self.outbox.send(Message::Watch);
        }
        self.folders(folders, &[]);
        let open: Vec<_> = self.documents.iter().map(|it| Arc::clone(&it.path)).collect();
        for path in open {
            self.take_over(&path);
        }
    }

    /// The state at this moment, with a handle of the database.
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            db: self.db.clone(),
            roots: Arc::clone(&self.views),
            documents: Arc::clone(&self.documents),
            verdicts: Arc::clone(&self.verdicts),
            findings: Arc::clone(&self.findings),
            settings: Arc::clone(&self.settings),
            client: Arc::clone(&self.client),
            indexing: self.is_indexing(),
            revision: self.state.revision,
            results: self.state.results,
        }
    }

    fn answer(&self, reader: Reader) {
        let (snapshot, queue) = (self.snapshot(), self.queue.clone());
        self.readers.spawn(move || {
            if let Some(again) = jobs::answer(reader, snapshot) {
                let _ = queue.send(Event::Asked(again));
            }
        });
    }

    /// A document was opened: it is analysed in its folder, or alone with what lies beside it.
    fn take_over(&mut self, path: &Arc<str>) {
        if !self.state.started {
            return;
        }
        let file = PathBuf::from(&**path);
        if let Some(root) = self.workspace.owner(&file) {
            let known = root.listing.as_ref().is_some_and(|it| it.files.contains_key(&file));
            // It is newer than the last search, and not every client watches files; or it is not on disk, and a search
            // that runs was started without it.
            let is_new = root.listing.is_some() || !file.exists();
            // Whatever the editor says is Python, a notebook among it, is a module as soon as it is open.
            let is_listed = is_python(&file) && file.exists();
            if !known && (is_new || !is_listed) {
                let root = root.path.clone();
                self.search(&root);
            }
        } else {
            self.workspace.add(Root::new(file.clone(), Kind::File));
            self.search(&file);
        }
        self.set_text(path);
    }

    fn close(&mut self, uri: &Url) {
        let Some(document) = Arc::make_mut(&mut self.documents).close(uri) else { return };
        for part in document.parts() {
            if self.published.remove(part).is_some() && *part != document.uri {
                self.outbox.send(Message::Publish(part.clone(), None, Vec::new()));
            }
        }
        let path = Path::new(&*document.path);
        if self.workspace.owner(path).is_some_and(|it| it.kind == Kind::File) {
            self.workspace.roots.retain(|it| it.path != path);
            self.outbox.send(Message::Publish(document.uri.clone(), None, Vec::new()));
            self.refresh_views();
        } else if is_python(path) {
            // The disk may have another text, or no file at all.
            self.changed_on_disk(vec![path.to_owned()]);
        } else if let Some(root) = self.workspace.owner(path).map(|it| it.path.clone()) {
            // Only the editor knew that it is a module.
            self.search(&root);
        }
        self.changed();
    }

    fn configure(&mut self, settings: Settings) {
        if *self.settings == settings {
            return;
        }
        if let Err(problem) = settings.overrides() {
            self.outbox.send(Message::Show(MessageType::WARNING, format!("ftlint: {problem}")));
        }
        self.settings = Arc::new(settings);
        self.search_all();
        self.changed();
    }

    /// The state is another: what was computed is stale.
    fn changed(&mut self) {
        self.state.revision += 1;
        self.state.dirty = true;
    }
}
