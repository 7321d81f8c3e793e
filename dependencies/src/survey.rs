//! What the lock files and manifests of a project say together, and the answer for each dependency.

use std::path::PathBuf;

use crate::lock::{self, Lock, LockError};
use crate::manifest::{self, Manifest};
use crate::ready::{Judged, Question, excludes};

/// What was found in the directories of a project.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The lock files that can be read.
    pub locks: Vec<Lock>,
    /// What the manifests declare.
    pub manifest: Manifest,
    /// The answers; each version of a package once.
    pub judged: Vec<Judged>,
    /// What holds for the project as a whole.
    pub notes: Vec<Note>,
    /// Files that cannot be read.
    pub problems: Vec<LockError>,
}

/// A remark about a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// In words.
    pub text: String,
    /// The file.
    pub path: PathBuf,
    /// From 1.
    pub line: u32,
}

impl Survey {
    /// Reads what lies directly in each of the directories.
    pub fn of(directories: &[PathBuf], question: &Question<'_>) -> Self {
        let mut res = Self::default();
        for directory in directories {
            for path in lock::in_directory(directory) {
                match lock::read(&path) {
                    Ok(it) => res.locks.push(it),
                    Err(error) => res.problems.push(error),
                }
            }
            match manifest::of(directory) {
                Ok(mut it) => {
                    res.manifest.declared.append(&mut it.declared);
                    let known = res.manifest.requires_python.take();
                    res.manifest.requires_python = known.or(it.requires_python);
                }
                Err(error) => res.problems.push(error),
            }
        }
        res.judge(question);
        res
    }

    fn judge(&mut self, question: &Question<'_>) {
        let target = question.target;
        if let Some((python, path, line)) = &self.manifest.requires_python
            && excludes(python, target)
        {
            let text = format!("`requires-python = \"{python}\"` leaves {target} out");
            self.notes.push(Note { text, path: path.clone(), line: *line });
        }
        for lock in &self.locks {
            // Wheels that cannot fit are left out of such a lock: their absence says nothing.
            if let Some(python) = lock.requires_python.as_deref().filter(|it| excludes(it, target))
            {
                let text = format!(
                    "it is locked for `{python}`, which leaves {target} out: lock anew to learn what there is"
                );
                self.notes.push(Note { text, path: lock.path.clone(), line: 1 });
                continue;
            }
            for it in question.of_lock(lock) {
                let same = |known: &Judged| known.name == it.name && known.version == it.version;
                if !self.judged.iter().any(same) {
                    self.judged.push(it);
                }
            }
        }
        let rest = question.of_manifest(&self.manifest, &self.judged);
        let locked_out = !self.notes.is_empty() && self.locks.len() == 1 && self.judged.is_empty();
        if !locked_out {
            self.judged.extend(rest);
        }
    }
}
