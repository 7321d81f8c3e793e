//! The state of one editor: its documents, the database, what was computed and what was proved. Owned by one thread,
//! which takes events from the queue one after the other.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use ftlint_runtime::verdict::Verdict;
use lsp_types::Url;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use crate::actions::{Around, actions};
use crate::convert::{Encoding, path_of, uri_of};
use crate::documents::{Document, Documents};
use crate::event::{Event, Pulled, Question};
use crate::lenses::{self, Commands};
use crate::replay::{self, Order};
use crate::settings::ClientSettings;
use crate::shown::{FileFindings, interleaving_json};
use crate::views;
use crate::workspace::{Job, Workspace, is_configuration};

/// What the session tells the client by itself, in this order.
pub(crate) enum Told {
    /// The findings of one file.
    Publish(Url, Vec<lsp_types::Diagnostic>, Option<i32>),
    /// Findings that the client asked for are others now, beyond the document that was edited.
    Refresh,
    /// Lenses are others now.
    Lenses,
    /// The list of findings is another one.
    FindingsChanged,
    /// Work that takes long has begun or ended.
    Indexing(bool),
    /// A message for the user.
    Warning(String),
    /// A message for the log.
    Log(String),
}

/// What a client can do and wants, told once.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How columns are counted.
    pub(crate) encoding: Encoding,
    /// How commands are called.
    pub(crate) commands: Commands,
    /// Whether the client asks for findings instead of being told.
    pub(crate) pulls: bool,
    /// The version of ftlint.
    pub(crate) version: &'static str,
}

/// One editor's session.
pub(crate) struct Session {
    options: Options,
    folders: Vec<PathBuf>,
    settings: ClientSettings,
    trusted: bool,
    documents: Documents,
    workspace: Option<Workspace>,
    /// The number of the load that counts; an older one that ends is thrown away.
    load: u64,
    is_loading: bool,
    /// The number of the text that the database has, of the one that is being computed, and of the findings.
    revision: u64,
    started: u64,
    computed: u64,
    edited: Option<PathBuf>,
    results: BTreeMap<PathBuf, Arc<FileFindings>>,
    verdicts: HashMap<String, Verdict>,
    published: HashMap<PathBuf, u64>,
    waiting: Vec<Question>,
    events: Sender<Event>,
    told: UnboundedSender<Told>,
}

impl Session {
    pub(crate) fn new(
        options: Options,
        folders: Vec<PathBuf>,
        settings: ClientSettings,
        trusted: bool,
        events: Sender<Event>,
        told: UnboundedSender<Told>,
    ) -> Self {
        Self {
            options,
            folders,
            settings,
            trusted,
            documents: Documents::default(),
            workspace: None,
            load: 0,
            is_loading: false,
            revision: 0,
            started: 0,
            computed: 0,
            edited: None,
            results: BTreeMap::new(),
            verdicts: HashMap::new(),
            published: HashMap::new(),
            waiting: Vec::new(),
            events,
            told,
        }
    }

    /// Takes events until there are no more.
    pub(crate) fn run(mut self, queue: &Receiver<Event>) {
        self.reload();
        while let Ok(event) = queue.recv() {
            let mut next = Some(event);
            // What has come meanwhile belongs together: computing between two key strokes is for nothing.
            while let Some(event) = next {
                if matches!(event, Event::Shutdown) {
                    return;
                }
                let done = catch_unwind(AssertUnwindSafe(|| self.handle(event)));
                if done.is_err() {
                    self.tell(Told::Log(
                        "a request ended in a panic; the server goes on".to_owned(),
                    ));
                }
                next = queue.try_recv().ok();
            }
            self.compute();
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Opened { uri, version, text } => self.open(&uri, Document { version, text }),
            Event::Edited { uri, version, changes } => {
                let Some(path) = path_of(&uri) else { return };
                let encoding = self.options.encoding;
                let edited = self.documents.edit(&path, version, changes, encoding);
                if let (Some(document), Some(workspace)) = (edited, &mut self.workspace) {
                    workspace.set_text(&path, &document.text);
                }
                self.changed(Some(path));
            }
            Event::Closed(uri) => self.close(&uri),
            Event::ChangedOnDisk(paths) => self.changed_on_disk(paths),
            Event::Folders { added, removed } => {
                self.folders.retain(|it| !removed.contains(it));
                self.folders.extend(added);
                self.reload();
            }
            Event::Configured(settings) => {
                if self.settings != *settings {
                    self.settings = *settings;
                    self.reload();
                }
            }
            Event::Trusted(trusted) => self.trusted = trusted,
            Event::Asked(question) => self.ask(question),
            Event::Replay { uri, fingerprint, cancel, reply } => {
                match self.order(&uri, &fingerprint) {
                    Ok(diagnostic) => {
                        let python = self.settings.python.clone();
                        let order = Order { diagnostic, python, cancel, reply };
                        replay::start(order, self.events.clone());
                    }
                    Err(why) => {
                        let _ = reply.send(Err(why));
                    }
                }
            }
            Event::Loaded(number, workspace) => self.loaded(number, *workspace),
            Event::First { revision, file } => {
                if revision == self.revision {
                    self.results.insert(file.path.clone(), file);
                    self.publish();
                }
            }
            Event::Computed { revision, files } => self.take(revision, files),
            Event::Judged { fingerprint, verdict } => {
                self.verdicts.insert(fingerprint, *verdict);
                self.publish();
                self.tell(Told::Lenses);
            }
            Event::Shutdown => {}
        }
    }

    fn open(&mut self, uri: &Url, document: Document) {
        let Some(path) = path_of(uri) else { return };
        self.documents.open(path.clone(), document.clone());
        let known = self.workspace.as_mut().is_some_and(|it| {
            it.files.get(&path).is_some_and(|it| it.settings.is_some())
                && it.set_text(&path, &document.text)
        });
        if known || self.is_loading {
            self.changed(Some(path));
        } else {
            self.reload();
        }
    }

    fn close(&mut self, uri: &Url) {
        let Some(path) = path_of(uri) else { return };
        self.documents.close(&path);
        self.changed_on_disk(vec![path]);
    }

    /// Texts that are known are read anew; what comes and goes changes what can be imported, so all is read again.
    fn changed_on_disk(&mut self, paths: Vec<PathBuf>) {
        let mut again = false;
        for path in paths {
            if is_configuration(&path) {
                again = true;
            } else if self.documents.get(&path).is_none() {
                let known = self.workspace.as_ref().is_some_and(|it| it.files.contains_key(&path));
                let text = std::fs::read(&path)
                    .ok()
                    .and_then(|it| ftlint_project::decode::decode(it).ok());
                match (text, &mut self.workspace) {
                    (Some(text), Some(workspace)) if known => {
                        workspace.set_text(&path, &text);
                    }
                    (None, _) if !known => {}
                    _ => again = true,
                }
                self.changed(None);
            }
        }
        if again {
            self.reload();
        }
    }

    fn changed(&mut self, edited: Option<PathBuf>) {
        self.revision += 1;
        self.edited = edited;
    }

    /// Reads everything again, on a thread of its own. What is known stays until then.
    fn reload(&mut self) {
        self.load += 1;
        self.is_loading = true;
        self.tell(Told::Indexing(true));
        let (number, folders, settings) = (self.load, self.folders.clone(), self.settings.clone());
        let documents =
            self.documents.iter().map(|(path, it)| (path.clone(), it.text.clone())).collect();
        let (events, told) = (self.events.clone(), self.told.clone());
        std::thread::spawn(move || {
            let load = || Workspace::load(&folders, documents, &settings);
            match catch_unwind(load) {
                Ok(Ok(workspace)) => {
                    let _ = events.send(Event::Loaded(number, Box::new(workspace)));
                }
                Ok(Err(error)) => {
                    let _ = told.send(Told::Warning(format!("ftlint: {error:#}")));
                    let _ = told.send(Told::Indexing(false));
                }
                Err(_) => {
                    let _ =
                        told.send(Told::Log("reading the workspace ended in a panic".to_owned()));
                    let _ = told.send(Told::Indexing(false));
                }
            }
        });
    }

    fn loaded(&mut self, number: u64, mut workspace: Workspace) {
        if number != self.load {
            return;
        }
        for problem in workspace.problems.drain(..) {
            self.tell(Told::Log(problem));
        }
        // What was typed or opened while the files were read.
        let mut strange = false;
        for (path, document) in self.documents.iter() {
            strange |= !workspace.set_text(path, &document.text);
        }
        self.workspace = Some(workspace);
        self.is_loading = false;
        self.changed(None);
        if strange {
            self.reload();
        }
    }

    /// Starts to compute the findings of the newest text, unless that is done or under way.
    fn compute(&mut self) {
        let Some(workspace) = &self.workspace else { return };
        if self.started == self.revision
            || self.is_loading && self.computed == 0 && self.revision == 0
        {
            return;
        }
        self.started = self.revision;
        let job = Job {
            db: workspace.db.clone(),
            project: workspace.project,
            texts: workspace.texts(),
            first: self.documents.iter().map(|(path, _)| path.clone()).collect(),
            encoding: self.options.encoding,
        };
        let (revision, events, told) = (self.revision, self.events.clone(), self.told.clone());
        std::thread::spawn(move || {
            let first = |file| {
                let _ = events.send(Event::First { revision, file });
            };
            let files = catch_unwind(AssertUnwindSafe(|| job.run(&first)));
            let files = files.unwrap_or_else(|_| {
                let _ = told.send(Told::Log("the analysis ended in a panic".to_owned()));
                Some(Vec::new())
            });
            let _ = events.send(Event::Computed { revision, files });
        });
    }

    fn take(&mut self, revision: u64, files: Option<Vec<Arc<FileFindings>>>) {
        // Cancelled by a write: the newer text is computed next.
        let Some(files) = files else { return };
        if revision != self.revision {
            return;
        }
        self.results = files.into_iter().map(|it| (it.path.clone(), it)).collect();
        self.computed = revision;
        self.publish();
        if !self.is_loading {
            self.tell(Told::Indexing(false));
        }
        for question in std::mem::take(&mut self.waiting) {
            self.answer(question);
        }
    }

    /// Tells the client what is new.
    fn publish(&mut self) {
        let mut elsewhere = false;
        let mut changed = false;
        let mut seen: Vec<PathBuf> = Vec::new();
        for (path, file) in &self.results {
            let found = self.for_client(file);
            let hash = hash(&found);
            if found.is_empty() && !self.published.contains_key(path) {
                continue;
            }
            seen.push(path.clone());
            if self.published.get(path) == Some(&hash) {
                continue;
            }
            changed = true;
            elsewhere |= self.edited.as_ref() != Some(path);
            if !self.options.pulls {
                let version = self.documents.get(path).map(|it| it.version);
                self.tell(Told::Publish(file.uri.clone(), found.clone(), version));
            }
            self.published.insert(path.clone(), hash);
        }
        let is_gone = |path: &&PathBuf| !self.results.contains_key(*path);
        let gone: Vec<PathBuf> = self.published.keys().filter(is_gone).cloned().collect();
        for path in
            gone.into_iter().filter(|it| self.computed == self.revision && !seen.contains(it))
        {
            changed = true;
            self.published.remove(&path);
            if let Some(uri) = uri_of(&path)
                && !self.options.pulls
            {
                self.tell(Told::Publish(uri, Vec::new(), None));
            }
        }
        if elsewhere && self.options.pulls {
            self.tell(Told::Refresh);
        }
        if changed {
            self.tell(Told::FindingsChanged);
        }
    }

    fn for_client(&self, file: &FileFindings) -> Vec<lsp_types::Diagnostic> {
        let verdict = |fingerprint: &str| self.verdicts.get(fingerprint);
        file.findings.iter().map(|it| it.for_client(verdict(&it.diagnostic.fingerprint))).collect()
    }

    fn ask(&mut self, question: Question) {
        let ready = self.computed == self.revision && self.computed > 0;
        if ready || matches!(question, Question::Status(_) | Question::Interleaving(..)) {
            self.answer(question);
        } else {
            self.waiting.push(question);
        }
    }

    /// Whoever asked may have gone away; then nobody takes the answer.
    fn answer(&self, question: Question) {
        let file = |uri: &Url| path_of(uri).and_then(|it| self.results.get(&it));
        match question {
            Question::Hover(uri, position, reply) => {
                let found = file(&uri).and_then(|it| views::hover(it, position, &self.verdicts));
                let _ = reply.send(found);
            }
            Question::Actions(params, reply) => {
                let found = file(&params.text_document.uri).and_then(|file| {
                    let text = self.text(&file.path)?;
                    let around = Around {
                        file,
                        text: &text,
                        verdicts: &self.verdicts,
                        commands: self.options.commands,
                        encoding: self.options.encoding,
                    };
                    Some(actions(&around, &params))
                });
                let _ = reply.send(found.unwrap_or_default());
            }
            Question::Lenses(uri, reply) => {
                let wanted = self.settings.code_lens.unwrap_or(true);
                let found = file(&uri).filter(|_| wanted);
                let found =
                    found.map(|it| lenses::lenses(it, &self.verdicts, self.options.commands));
                let _ = reply.send(found.unwrap_or_default());
            }
            Question::Hints(uri, range, reply) => {
                let found = file(&uri).filter(|_| self.settings.inlay_hints);
                let _ = reply.send(found.map(|it| lenses::hints(it, range)).unwrap_or_default());
            }
            Question::Pull(uri, before, reply) => {
                let found = file(&uri).map(|it| self.for_client(it)).unwrap_or_default();
                let _ = reply.send(pulled(before.as_deref(), found));
            }
            Question::PullAll(before, reply) => {
                let _ = reply.send(self.pull_all(&before));
            }
            Question::Findings(reply) => {
                let _ = reply.send(views::all(&self.results, &self.verdicts));
            }
            Question::Interleaving(fingerprint, reply) => {
                let found = self.verdicts.get(&fingerprint).map(interleaving_json);
                let _ = reply.send(found.unwrap_or(Value::Null));
            }
            Question::Status(reply) => {
                let (python, mut status) = (self.settings.python.clone(), self.status());
                // Interpreters are run to be known, which takes its time.
                std::thread::spawn(move || {
                    let found = replay::interpreter(python.as_deref()).ok();
                    status["interpreter"] = json!(found.as_ref().map(ToString::to_string));
                    status["interpreterPath"] = json!(found.map(|it| it.executable));
                    let _ = reply.send(status);
                });
            }
        }
    }

    fn pull_all(&self, before: &[(Url, String)]) -> Vec<(Url, Option<i32>, Pulled)> {
        let known: HashMap<&Url, &str> = before.iter().map(|it| (&it.0, &*it.1)).collect();
        let mut res = Vec::new();
        for file in self.results.values() {
            let known = known.get(&file.uri).copied();
            let found = self.for_client(file);
            if found.is_empty() && known.is_none() {
                continue;
            }
            let version = self.documents.get(&file.path).map(|it| it.version);
            res.push((file.uri.clone(), version, pulled(known, found)));
        }
        let gone = before
            .iter()
            .filter(|(uri, _)| path_of(uri).is_none_or(|it| !self.results.contains_key(&it)));
        res.extend(gone.map(|(uri, id)| (uri.clone(), None, pulled(Some(id), Vec::new()))));
        res
    }

    fn status(&self) -> Value {
        json!({
            "version": self.options.version,
            "files": self.workspace.as_ref().map_or(0, |it| it.files.len()),
            "indexing": self.is_loading || self.computed != self.revision,
            "trusted": self.trusted,
        })
    }

    fn text(&self, path: &Path) -> Option<Arc<str>> {
        self.workspace.as_ref()?.text(path)
    }

    /// The finding that is to be replayed, or why it cannot be now.
    fn order(
        &self,
        uri: &Url,
        fingerprint: &str,
    ) -> Result<ftlint_analyzer::diagnostic::Diagnostic, String> {
        if !self.trusted {
            return Err("a replay runs the code of this workspace, which is not trusted".to_owned());
        }
        let file = path_of(uri).and_then(|it| self.results.get(&it));
        let found = file
            .and_then(|it| it.findings.iter().find(|it| it.diagnostic.fingerprint == fingerprint));
        let Some(shown) = found else {
            return Err("the finding is gone: the code has changed".to_owned());
        };
        for name in replay::files(&shown.diagnostic) {
            let path = PathBuf::from(name);
            if let Some(document) = self.documents.get(&path)
                && std::fs::read(&path)
                    .ok()
                    .and_then(|it| ftlint_project::decode::decode(it).ok())
                    .as_deref()
                    != Some(&*document.text)
            {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                return Err(format!("a replay runs what is on disk: save {name} first"));
            }
        }
        Ok(shown.diagnostic.clone())
    }

    /// Whoever listens may be gone already.
    fn tell(&self, told: Told) {
        let _ = self.told.send(told);
    }
}

fn pulled(before: Option<&str>, found: Vec<lsp_types::Diagnostic>) -> Pulled {
    let id = format!("{:016x}", hash(&found));
    if before == Some(&id) { Pulled::Unchanged(id) } else { Pulled::New(id, found) }
}

fn hash(found: &[lsp_types::Diagnostic]) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(found).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
