//! Verdicts that outlive a session: the cache of the runtime, which the command line reads and writes as well. An entry
//! belongs to the text of all files of a project, so it fits when the editor has opened what the command line was told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_project::discover::project_root;
use ftlint_project::installed::installed;
use ftlint_runtime::cache::{Cache, Conditions, Content};
use ftlint_runtime::interpreter::{Interpreter, system_env};
use ftlint_runtime::process::Sandbox;
use ftlint_runtime::verdict::Verdict;

use crate::convert::is_rule;
use crate::replays::{Proof, code};
use crate::snapshot::{RootView, Snapshot};

/// Path and text of each file of a project.
type Texts = Vec<(Arc<str>, Arc<str>)>;

/// What is needed to keep a verdict.
pub struct Kept {
    texts: Texts,
    project: PathBuf,
}

impl Kept {
    /// Nothing when a document is not saved: what runs is on disk.
    pub fn of(snapshot: &Snapshot, path: &str) -> Option<Self> {
        let open: Vec<_> = snapshot.documents.iter().map(|it| Arc::clone(&it.path)).collect();
        let root = snapshot.roots.iter().find(|it| it.files.contains_key(path))?;
        if !snapshot.unsaved(&open).is_empty() || snapshot.indexing {
            return None;
        }
        let directory = Path::new(path).parent()?;
        let home = std::env::home_dir();
        let project = project_root(directory, home.as_deref()).unwrap_or(directory).to_owned();
        Some(Self { texts: texts(snapshot, root), project })
    }

    /// Keeps a verdict for the next session, and for the command line.
    pub fn keep(
        &self,
        diagnostic: &Diagnostic,
        interpreter: &Interpreter,
        sandbox: Sandbox,
        verdict: &Verdict,
    ) {
        let Some(cache) = Cache::open(&system_env).filter(|_| verdict.runtime.is_some()) else {
            return;
        };
        let installed = installed(&self.project, Some(&interpreter.executable));
        let conditions = Conditions::new(interpreter, &installed, sandbox);
        cache.put(diagnostic, &content(&self.texts), &conditions, verdict);
    }
}

/// The verdicts of earlier runs on the findings of all files.
pub fn recall(snapshot: Snapshot) -> Vec<(Proof, Verdict)> {
    let Some(cache) = Cache::open(&system_env) else { return Vec::new() };
    let seen = cache.seen();
    let mut open: Vec<(Proof, Diagnostic, usize)> = Vec::new();
    for it in snapshot.findings.values().flatten() {
        let root = snapshot
            .roots
            .iter()
            .position(|root| root.files.get(&it.location.file).is_some_and(|it| it.1.is_some()));
        if let Some(root) = root.filter(|_| is_rule(it) && seen.has(it)) {
            let proof = Proof { fingerprint: it.fingerprint.clone(), code: code(&snapshot, it) };
            open.push((proof, it.clone(), root));
        }
    }
    let wanted = |index: &usize| open.iter().any(|it| it.2 == *index);
    let roots: Vec<(usize, Texts)> = snapshot
        .roots
        .iter()
        .enumerate()
        .filter(|(index, _)| wanted(index))
        .map(|(index, root)| (index, texts(&snapshot, root)))
        .collect();
    // An edit waits for the snapshot, and must not wait for the hash of a large project.
    drop(snapshot);
    let contents: Vec<(usize, Content)> =
        roots.iter().map(|(index, texts)| (*index, content(texts))).collect();
    let known = open.into_iter().filter_map(|(proof, diagnostic, root)| {
        let (_, content) = contents.iter().find(|it| it.0 == root)?;
        Some((proof, cache.get(&diagnostic, content, None)?))
    });
    known.collect()
}

fn texts(snapshot: &Snapshot, root: &RootView) -> Texts {
    let files = root.project.files(&snapshot.db).iter();
    let db = &snapshot.db;
    files.map(|it| (Arc::clone(it.path(db)), it.text(db).get())).collect()
}

fn content(texts: &Texts) -> Content {
    Content::of(texts.iter().map(|(path, text)| (&**path, text)))
}
