//! Files of the session: searching folders, reading what is new, texts of the editor and of the disk.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftlint_analyzer::db::{Project, SourceFile};
use ftlint_analyzer::extensions::Extensions;
use ftlint_project::discover::{Kind, is_python};
use ftlint_project::load::keep;
use salsa::Setter as _;
use tower_lsp::lsp_types::MessageType;

use super::Session;
use crate::client::Message;
use crate::event::Event;
use crate::jobs::{self, Loaded, Overlays};
use crate::snapshot::RootView;
use crate::workspace::{Listing, Root, read, search};

/// How many files one step of the background reads: an edit waits for no more than one of them.
const STEP: usize = 64;

/// The token of the progress.
const INDEXING: &str = "ftlint/indexing";

impl Session {
    pub(super) fn folders(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        self.workspace.roots.retain(|it| !removed.contains(&it.path));
        for path in added {
            self.workspace.add(Root::new(path.clone(), Kind::Directory));
            self.search(&path);
        }
        self.refresh_views();
        self.changed();
    }

    pub(super) fn search_all(&mut self) {
        let roots: Vec<_> = self.workspace.roots.iter().map(|it| it.path.clone()).collect();
        for root in roots {
            self.search(&root);
        }
    }

    /// Looks again which files a root has, on another thread.
    pub(super) fn search(&mut self, path: &Path) {
        self.state.searches += 1;
        let number = self.state.searches;
        let Some(root) = self.workspace.roots.iter_mut().find(|it| it.path == path) else { return };
        root.search = number;
        let (path, kind) = (root.path.clone(), root.kind);
        let overrides = self.settings.overrides().unwrap_or_default();
        let open: Vec<_> = self.documents.iter().map(|it| PathBuf::from(&*it.path)).collect();
        let (queue, settings) = (self.queue.clone(), Arc::clone(&self.settings));
        self.workers.spawn(move || {
            let found = search(&path, kind, &overrides, settings.python.as_deref(), &open);
            let _ = queue.send(Event::Listed(number, found));
        });
    }

    /// A search has ended.
    pub(super) fn listed(&mut self, number: u64, listing: Listing) {
        let roots = &mut self.workspace.roots;
        let Some(root) = roots.iter_mut().find(|it| it.search == number) else { return };
        for problem in &listing.problems {
            self.outbox.send(Message::Show(MessageType::ERROR, format!("ftlint: {problem}")));
        }
        // A file is imported otherwise when a package around it came or went.
        for (path, listed) in &*listing.files {
            let Some(source) = self.workspace.sources.get(path) else { continue };
            let place = &listed.place;
            if **source.root(&self.db) != *place.root || **source.module(&self.db) != *place.module
            {
                source.set_root(&mut self.db).to(place.root.as_str().into());
                source.set_module(&mut self.db).to(place.module.as_str().into());
            }
        }
        if let Some(project) = root.project {
            project.set_installed(&mut self.db).to(Arc::new(listing.installed.clone()));
            project.set_knowledge(&mut self.db).to(listing.knowledge.clone());
            self.db.set_target(project, listing.target);
        }
        root.listing = Some(listing);
        self.workspace.unreadable.clear();
        self.refresh_views();
        self.changed();
        self.load_next();
    }

    /// Reads what is listed and not yet known: first the open documents and what they import, then the rest.
    pub(super) fn load_next(&mut self) {
        if self.state.loading || self.workspace.roots.iter().any(|it| it.listing.is_none()) {
            return;
        }
        let mut missing = self.workspace.missing();
        if missing.is_empty() {
            self.all_loaded();
            return;
        }
        self.state.loading = true;
        let (db, queue) = (self.db.clone(), self.queue.clone());
        let overlays = self.overlays();
        if !self.state.first {
            let open = self.documents.iter().map(|it| PathBuf::from(&*it.path)).collect::<Vec<_>>();
            let listings = self.workspace.roots.iter().filter_map(|it| it.listing.clone());
            let listings: Vec<_> = listings.collect();
            self.workers.spawn(move || {
                let _ = queue.send(Event::Loaded(jobs::first(&db, &open, &listings, &overlays)));
            });
            return;
        }
        self.announce(missing.len());
        missing.truncate(STEP);
        let keep = keep(self.state.files);
        // What is read next must not be in the way of the first answer.
        let open =
            if std::mem::take(&mut self.state.awaited) { Some(self.snapshot()) } else { None };
        self.workers.spawn(move || {
            if let Some(snapshot) = open {
                jobs::check_open(&snapshot);
            }
            let _ = queue.send(Event::Loaded(jobs::load(db, &missing, keep, &overlays)));
        });
    }

    fn announce(&mut self, missing: usize) {
        if !self.state.announced {
            self.state.announced = true;
            let title = "ftlint: indexing".to_owned();
            self.outbox.send(Message::Begin(INDEXING.to_owned(), title));
        }
        let done = self.workspace.sources.len();
        self.state.files = done + missing;
        let percentage = u32::try_from(done * 100 / self.state.files.max(1)).ok();
        let text = format!("{done} of {} files", self.state.files);
        self.outbox.send(Message::Report(INDEXING.to_owned(), text, percentage));
    }

    fn all_loaded(&mut self) {
        if self.state.announced {
            self.state.announced = false;
            let text = format!("{} files", self.workspace.sources.len());
            self.outbox.send(Message::End(INDEXING.to_owned(), text));
        }
        self.refresh_views();
        self.state.dirty = true;
        self.state.recall = true;
        self.read_extensions();
    }

    /// Reads what the imports of each folder load, on another thread: nobody waits for it.
    fn read_extensions(&self) {
        for root in &self.workspace.roots {
            let environment = root.listing.as_ref().and_then(|it| it.environment.clone());
            // An interpreter that has the GIL anyway has nothing to switch on.
            let environment = environment.filter(|it| it.target.is_some());
            let (Some(environment), Some(project)) = (environment, root.project) else { continue };
            let (db, queue, path) = (self.db.clone(), self.queue.clone(), root.path.clone());
            self.workers.spawn(move || {
                let found = jobs::extensions(db, project, &environment);
                let _ = queue.send(Event::Extended(path, found));
            });
        }
    }

    /// Extensions were read, or an edit came between.
    pub(super) fn extended(&mut self, root: &Path, found: Option<Extensions>) {
        let Some(found) = found else {
            self.read_extensions();
            return;
        };
        let project = self.workspace.roots.iter().find(|it| it.path == root);
        if let Some(project) = project.and_then(|it| it.project)
            && **project.extensions(&self.db) != found
        {
            self.db.set_extensions(project, found);
            self.changed();
        }
    }

    /// Whether there are files that no result knows of yet.
    pub(super) fn is_indexing(&self) -> bool {
        self.state.loading || self.workspace.roots.iter().any(|it| it.listing.is_none())
    }

    /// Files were read.
    pub(super) fn loaded(&mut self, loaded: Loaded) {
        self.state.loading = false;
        for (path, problem) in loaded.problems {
            self.outbox.send(Message::Log(MessageType::WARNING, problem.clone()));
            self.workspace.unreadable.insert(path, problem);
        }
        for (path, source) in loaded.sources {
            // A write of ours may have come first.
            self.workspace.sources.entry(path.clone()).or_insert(source);
            self.reconcile(&path);
        }
        for (path, text) in loaded.texts {
            self.reread(&path, text);
        }
        if loaded.first {
            self.state.first = true;
            self.state.awaited = true;
            self.refresh_views();
            self.changed();
        }
        let stale = std::mem::take(&mut self.state.stale);
        if !stale.is_empty() {
            self.read_again(stale);
        }
        self.load_next();
    }

    /// The document may have been edited while its file was read.
    fn reconcile(&mut self, path: &Path) {
        let name = path.to_string_lossy();
        if self.documents.at(&name).is_some() {
            self.set_text(&name);
        }
    }

    /// Gives the text of a document to the analyzer.
    pub(super) fn set_text(&mut self, path: &str) {
        let Some(document) = self.documents.at(path) else { return };
        let text = Arc::clone(&document.text);
        self.write(Path::new(path), &text);
        self.changed();
    }

    /// Writes a text; the same text is no change.
    fn write(&mut self, path: &Path, text: &str) {
        let Some(source) = self.workspace.sources.get(path) else { return };
        if *source.text(&self.db).get() != *text {
            source.set_text(&mut self.db).to(text.into());
            self.changed();
        }
    }

    /// Something happened to files. New and vanished ones, and configuration, need a new search.
    pub(super) fn changed_on_disk(&mut self, paths: Vec<PathBuf>) {
        let (mut again, mut searched) = (Vec::new(), Vec::new());
        for path in paths {
            let known = self.workspace.sources.contains_key(&path);
            if known && path.is_file() {
                again.push(path);
                continue;
            }
            let is_config = ftlint_project::config::FILES
                .iter()
                .any(|it| path.file_name().is_some_and(|name| name == it.0))
                || ftlint_project::surroundings::is_read(&path);
            if known || is_config || is_python(&path) {
                // A configuration holds for all below it, and that may be more than one folder.
                let concerned = |it: &&Root| {
                    path.starts_with(&it.path)
                        || (is_config && path.parent().is_some_and(|up| it.path.starts_with(up)))
                };
                let roots = self.workspace.roots.iter().filter(concerned);
                searched.extend(roots.map(|it| it.path.clone()));
            }
        }
        // A file that is saved may import something else now.
        if !again.is_empty() && !self.is_indexing() {
            self.read_extensions();
        }
        searched.sort();
        searched.dedup();
        for root in searched {
            self.search(&root);
        }
        self.read_again(again);
    }

    /// Reads known files again, on another thread.
    fn read_again(&mut self, mut paths: Vec<PathBuf>) {
        paths.retain(|it| self.documents.at(&it.to_string_lossy()).is_none());
        if paths.is_empty() {
            return;
        }
        if self.state.loading {
            self.state.stale.append(&mut paths);
            return;
        }
        self.state.loading = true;
        let queue = self.queue.clone();
        self.workers.spawn(move || {
            let texts = paths.into_iter().map(|it| (read(&it), it)).map(|(text, it)| (it, text));
            let _ =
                queue.send(Event::Loaded(Loaded { texts: texts.collect(), ..Loaded::default() }));
        });
    }

    fn reread(&mut self, path: &Path, text: Result<String, String>) {
        if self.documents.at(&path.to_string_lossy()).is_some() {
            return;
        }
        match text {
            Ok(text) => self.write(path, &text),
            Err(problem) => self.outbox.send(Message::Log(MessageType::WARNING, problem)),
        }
    }

    fn overlays(&self) -> Overlays {
        let text =
            |it: &crate::documents::Document| (PathBuf::from(&*it.path), Arc::clone(&it.text));
        Arc::new(self.documents.iter().map(text).collect())
    }

    /// Makes the analyzer see the files that are listed and read.
    pub(super) fn refresh_views(&mut self) {
        let mut views = Vec::new();
        let mut owned: HashSet<PathBuf> = HashSet::new();
        for root in &mut self.workspace.roots {
            let Some(listing) = &root.listing else { continue };
            let mut sources: Vec<SourceFile> = Vec::new();
            let mut files = HashMap::new();
            for (path, listed) in &*listing.files {
                let Some(source) = self.workspace.sources.get(path) else { continue };
                sources.push(*source);
                // What a nearer root reports is only context here.
                let reported = listed.settings.is_some() && owned.insert(path.clone());
                let settings = listed.settings.clone().filter(|_| reported);
                files.insert(Arc::clone(source.path(&self.db)), (*source, settings));
            }
            let project = if let Some(project) = root.project {
                if **project.files(&self.db) != *sources {
                    project.set_files(&mut self.db).to(sources.into());
                }
                project
            } else {
                let (installed, knowledge) = (listing.installed.clone(), listing.knowledge.clone());
                let project =
                    Project::new(&self.db, sources.into(), Arc::new(installed), knowledge);
                self.db.set_target(project, listing.target);
                self.db.keep_analysis(project);
                project
            };
            root.project = Some(project);
            listing.surroundings.set(&mut self.db, project, &mut root.documents);
            for (path, file) in &root.documents {
                // A folder tells about what lies in it.
                let settings = (root.kind == Kind::Directory && path.starts_with(&root.path))
                    .then(|| Arc::clone(&listing.settings));
                files.insert(Arc::clone(file.path(&self.db)), (*file, settings));
            }
            views.push(RootView { project, files: Arc::new(files) });
        }
        self.views = views.into();
    }
}
