//! Verdicts that are kept, by content: the same code on the same interpreter is not run twice.
//!
//! An entry is found by the finding, the text of all files of the project and the version of the harness, so a change
//! anywhere in the project makes a new one: a verdict that belongs to other code is worse than none. What ran it is
//! written inside, because whoever only looks does not know which interpreter there would be.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::SystemTime;

use ftlint_analyzer::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::interpreter::Interpreter;
use crate::process::Sandbox;
use crate::verdict::Verdict;
use crate::{harness, install};

/// So many entries are kept; when there are more, the older half goes.
const MOST: usize = 4000;

/// The cache of this machine's user.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// The content of a project, as far as a verdict may depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(String);

/// What a replay runs on, told by who is about to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    interpreter: String,
    installed: String,
    sandbox: bool,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    conditions: Conditions,
    verdict: Verdict,
}

/// Findings of which something is kept.
#[derive(Clone, Debug, Default)]
pub struct Seen(BTreeSet<String>);

impl Seen {
    /// Whether there may be a verdict on this finding.
    pub fn has(&self, diagnostic: &Diagnostic) -> bool {
        self.0.contains(&name(diagnostic))
    }
}

impl Content {
    /// Of all files: path and text, in the order of the paths.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, impl AsRef<str>)>) -> Self {
        let mut hash = Sha256::new();
        for (path, text) in files {
            let text = text.as_ref();
            hash.update((path.len() as u64).to_le_bytes());
            hash.update(path);
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        Self(hex(&hash.finalize()))
    }
}

impl Conditions {
    /// `installed` are the distributions that the code can import, with their versions.
    pub fn new<'a>(
        interpreter: &Interpreter,
        installed: impl IntoIterator<Item = (&'a String, &'a String)>,
        sandbox: Sandbox,
    ) -> Self {
        let mut hash = Sha256::new();
        for (name, version) in installed {
            hash.update(format!("{name}=={version}\n"));
        }
        let (path, kind) = (interpreter.executable.display(), interpreter.free_threaded);
        Self {
            interpreter: format!("{path} {} {kind}", interpreter.release),
            installed: hex(&hash.finalize()),
            sandbox: sandbox == Sandbox::On,
        }
    }
}

impl Cache {
    /// The cache below ftlint's own directory; `None` when there is no place for one. `env` reads variables.
    pub fn open(env: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
        let base = install::cache_directory(env)?;
        Some(Self { directory: base.join("verdicts").join(harness::version()) })
    }

    /// The findings that have an entry for some content. Cheap beside the content of a project, which need not be looked
    /// at when none of its findings is among them.
    pub fn seen(&self) -> Seen {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let names = entries.filter_map(|it| it.file_name().into_string().ok());
        Seen(names.filter_map(|it| Some(it.split_once('-')?.0.to_owned())).collect())
    }

    /// The verdict on a finding, whatever it was run on, or only one that was run under these conditions.
    pub fn get(
        &self,
        diagnostic: &Diagnostic,
        content: &Content,
        conditions: Option<&Conditions>,
    ) -> Option<Verdict> {
        let bytes = fs::read(self.path(diagnostic, content)?).ok()?;
        // What cannot be read is as good as nothing; the next replay writes over it.
        let entry: Entry = serde_json::from_slice(&bytes).ok()?;
        let fits = conditions.is_none_or(|it| *it == entry.conditions);
        fits.then_some(Verdict { cached: true, ..entry.verdict })
    }

    /// Keeps a verdict. Trouble is ignored: the next run replays again.
    pub fn put(
        &self,
        diagnostic: &Diagnostic,
        content: &Content,
        conditions: &Conditions,
        verdict: &Verdict,
    ) {
        let Some(path) = self.path(diagnostic, content) else { return };
        let entry = Entry { conditions: conditions.clone(), verdict: verdict.clone() };
        let Ok(text) = serde_json::to_vec(&entry) else { return };
        if fs::create_dir_all(&self.directory).is_err() {
            return;
        }
        // Another ftlint may read or write the same entry: it sees the whole of it, or nothing.
        let Ok(mut file) = tempfile::NamedTempFile::new_in(&self.directory) else { return };
        if file.write_all(&text).is_ok() {
            let _ = file.persist(path);
        }
        self.prune();
    }

    /// A finding without a fingerprint cannot be told from another one.
    fn path(&self, diagnostic: &Diagnostic, content: &Content) -> Option<PathBuf> {
        if diagnostic.fingerprint.is_empty() {
            return None;
        }
        Some(self.directory.join(format!("{}-{}", name(diagnostic), content.0)))
    }

    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let mut known: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .filter_map(|it| Some((it.metadata().ok()?.modified().ok()?, it.path())))
            .collect();
        if known.len() <= MOST {
            return;
        }
        known.sort();
        for (_, path) in known.iter().take(known.len() - MOST / 2) {
            let _ = fs::remove_file(path);
        }
    }
}

/// A finding, without the code that it was found in.
fn name(diagnostic: &Diagnostic) -> String {
    format!("{}{}", diagnostic.rule.code, diagnostic.fingerprint)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut res, it| {
        let _ = write!(res, "{it:02x}");
        res
    })
}
