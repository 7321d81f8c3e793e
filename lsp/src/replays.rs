//! Replays on behalf of the editor: one at a time, each on a thread of its own, never on the session's. What is
//! replayed is what is on disk; with unsaved changes in the files of a finding a replay is refused.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ftlint_analyzer::diagnostic::{Diagnostic, Location};
use ftlint_analyzer::evidence::Evidence;
use ftlint_runtime::Options;
use ftlint_runtime::interpreter::{Extent, Interpreter, Request, find, system_env};
use ftlint_runtime::process::Cancel;
use ftlint_runtime::verdict::Verdict;

use crate::documents::Document;
use crate::jobs::{Stop, guarded};
use crate::kept::Kept;
use crate::snapshot::Snapshot;
use crate::text::Lines;

/// What a verdict was found for: the finding, and the code that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The finding.
    pub fingerprint: String,
    /// The lines of its places. A verdict is about these, wherever they move.
    pub code: String,
}

/// The last verdict on each finding.
#[derive(Clone, Debug, Default)]
pub struct Verdicts {
    by_fingerprint: BTreeMap<String, (Proof, Verdict)>,
}

impl Verdicts {
    /// Keeps a verdict.
    pub fn put(&mut self, proof: Proof, verdict: Verdict) {
        self.by_fingerprint.insert(proof.fingerprint.clone(), (proof, verdict));
    }

    /// Keeps a verdict of an earlier run, unless there is one of this session; whether it did.
    pub fn put_older(&mut self, proof: Proof, verdict: Verdict) -> bool {
        let known = self.by_fingerprint.contains_key(&proof.fingerprint);
        if !known {
            self.put(proof, verdict);
        }
        !known
    }

    /// The verdict on a finding, as long as its code is what was replayed.
    pub fn of(&self, snapshot: &Snapshot, diagnostic: &Diagnostic) -> Option<&Verdict> {
        let (proof, verdict) = self.by_fingerprint.get(&diagnostic.fingerprint)?;
        (proof.code == code(snapshot, diagnostic)).then_some(verdict)
    }

    /// The last verdict with this fingerprint, whatever became of the code.
    pub fn last(&self, fingerprint: &str) -> Option<&Verdict> {
        self.by_fingerprint.get(fingerprint).map(|it| &it.1)
    }
}

/// What there is to replay.
pub struct Task {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// What the verdict will be about.
    pub proof: Proof,
    /// The interpreter of the settings.
    pub python: Option<PathBuf>,
    /// The texts and the place of its project, when a verdict may be kept.
    pub kept: Option<Kept>,
}

/// Finds a finding and whatever forbids its replay, in words for the user.
pub fn task(snapshot: &Snapshot, path: Option<&str>, fingerprint: &str) -> Result<Task, String> {
    let fresh = path.map(|path| snapshot.check(path)).unwrap_or_default();
    let found = fresh.iter().find(|it| it.fingerprint == fingerprint);
    let Some(diagnostic) = found.or_else(|| snapshot.finding(fingerprint)) else {
        return Err("the finding is no longer there".to_owned());
    };
    let mut paths: Vec<Arc<str>> =
        locations(diagnostic).into_iter().map(|it| Arc::clone(&it.file)).collect();
    paths.sort();
    paths.dedup();
    let is_notebook = |it: &Arc<str>| snapshot.documents.at(it).is_some_and(Document::is_notebook);
    if paths.iter().any(is_notebook) {
        return Err("a replay imports modules, and a notebook is none".to_owned());
    }
    if let Some(unsaved) = snapshot.unsaved(&paths).first() {
        let name = unsaved.file_name().unwrap_or(unsaved.as_os_str()).to_string_lossy();
        return Err(format!("save `{name}` first: a replay runs what is on disk"));
    }
    Ok(Task {
        diagnostic: diagnostic.clone(),
        proof: Proof { fingerprint: fingerprint.to_owned(), code: code(snapshot, diagnostic) },
        python: snapshot.settings.python.clone(),
        kept: Kept::of(snapshot, &diagnostic.location.file),
    })
}

/// Replays take turns: one that measures contention wants the processors for itself.
static TURN: Mutex<()> = Mutex::new(());

/// Runs the code behind a finding. Blocks, so it is called on a thread of its own.
pub fn run(task: &Task, cancel: &Cancel) -> Result<Verdict, String> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if cancel.is_cancelled() {
        return Err("cancelled".to_owned());
    }
    let interpreter = interpreter(task.python.as_deref())?;
    let options = Options { cancel: cancel.clone(), ..Options::default() };
    let res = guarded(|| ftlint_runtime::replay(&interpreter, &task.diagnostic, &options));
    match res {
        // What a killed child leaves behind says nothing about the code.
        _ if cancel.is_cancelled() => Err("cancelled".to_owned()),
        Ok(Ok(verdict)) => {
            if let Some(kept) = &task.kept {
                kept.keep(&task.diagnostic, &interpreter, options.sandbox, &verdict);
            }
            Ok(verdict)
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(Stop::Panicked(text)) => Err(format!("the replay failed: {text}")),
        Err(Stop::Cancelled) => Err("cancelled".to_owned()),
    }
}

/// The interpreter that a replay runs on. Nothing is installed from here.
pub fn interpreter(python: Option<&std::path::Path>) -> Result<Interpreter, String> {
    let request = Request { python, env: &system_env, extent: Extent::UntilChosen };
    let found = find(&request).map_err(|it| it.to_string())?;
    found.chosen.ok_or_else(|| {
        format!("there is no Python to replay on: {}; run `ftlint runtime install`", found.why)
    })
}

/// The places that a finding is about: the two accesses and the other thread's; those of a deadlock.
fn locations(diagnostic: &Diagnostic) -> Vec<&Location> {
    match &diagnostic.evidence {
        Evidence::Window(it) => vec![&it.first.site, &it.last.site, &it.other.site],
        Evidence::Deadlock(it) => it.mine.iter().chain(&it.theirs).map(|it| &it.site).collect(),
        _ => vec![&diagnostic.location],
    }
}

/// The lines of these places.
pub(crate) fn code(snapshot: &Snapshot, diagnostic: &Diagnostic) -> String {
    let mut res = String::new();
    let mut texts: BTreeMap<Arc<str>, Option<(Arc<str>, Lines)>> = BTreeMap::new();
    for it in locations(diagnostic) {
        let known = texts.entry(Arc::clone(&it.file)).or_insert_with(|| {
            let text = snapshot.text(&it.file)?;
            let lines = Lines::new(&text);
            Some((text, lines))
        });
        let Some((text, lines)) = known else { continue };
        for line in it.start.line..=it.end.line.max(it.start.line) {
            let _ = writeln!(res, "{}", lines.line(text, line.saturating_sub(1) as usize).trim());
        }
    }
    res
}
