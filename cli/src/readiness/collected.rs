//! What the files of a project say, and the report that is made of it.

use std::path::{Path, PathBuf};

use ftlint_dependencies::environment::Environment;
use ftlint_dependencies::lock::{self, Lock};
use ftlint_dependencies::manifest::{self, Manifest};
use ftlint_dependencies::ready::{Judged, Question, excludes};
use ftlint_dependencies::target::Target;
use ftlint_project::paths::Short;

use super::{Dependency, Report, counts, remaining};
use crate::output::Finding;

/// What the files of the project say.
pub(super) struct Collected {
    locks: Vec<Lock>,
    manifest: Manifest,
    judged: Vec<Judged>,
    notes: Vec<(String, PathBuf, u32)>,
}

impl Collected {
    pub(super) fn new(
        places: &[PathBuf],
        question: &Question<'_>,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut res = Self {
            locks: Vec::new(),
            manifest: Manifest::default(),
            judged: Vec::new(),
            notes: Vec::new(),
        };
        for place in places {
            for path in lock::in_directory(place) {
                match lock::read(&path) {
                    Ok(it) => res.locks.push(it),
                    Err(error) => problems.push(error.to_string()),
                }
            }
            match manifest::of(place) {
                Ok(mut it) => {
                    res.manifest.declared.append(&mut it.declared);
                    res.manifest.requires_python =
                        res.manifest.requires_python.or(it.requires_python);
                }
                Err(error) => problems.push(error.to_string()),
            }
        }
        let target = question.target;
        if let Some((python, path, line)) = &res.manifest.requires_python
            && excludes(python, target)
        {
            let note = format!("`requires-python = \"{python}\"` leaves {target} out");
            res.notes.push((note, path.clone(), *line));
        }
        for lock in &res.locks {
            // Wheels that cannot fit are left out of such a lock: their absence says nothing.
            if let Some(python) = lock.requires_python.as_deref().filter(|it| excludes(it, target))
            {
                let note = format!(
                    "it is locked for `{python}`, which leaves {target} out: lock anew to learn what there is"
                );
                res.notes.push((note, lock.path.clone(), 1));
                continue;
            }
            for it in question.of_lock(lock) {
                let same = |known: &Judged| known.name == it.name && known.version == it.version;
                if !res.judged.iter().any(same) {
                    res.judged.push(it);
                }
            }
        }
        let rest = question.of_manifest(&res.manifest, &res.judged);
        let locked_out = !res.notes.is_empty() && res.locks.len() == 1 && res.judged.is_empty();
        if !locked_out {
            res.judged.extend(rest);
        }
        res
    }

    pub(super) fn report(
        mut self,
        question: &Question<'_>,
        findings: &[Finding],
        short: &Short,
    ) -> Report {
        self.judged.sort_by(|a, b| (a.status, &a.name, a.line).cmp(&(b.status, &b.name, b.line)));
        let place = |path: &Path, line: u32| format!("{}:{line}", short.path(path));
        let mut sources: Vec<String> = Vec::new();
        let manifests = self.manifest.declared.iter().map(|it| &it.path);
        for path in self.locks.iter().map(|it| &it.path).chain(manifests) {
            let shown = short.path(path);
            if !sources.contains(&shown) {
                sources.push(shown);
            }
        }
        sources.extend(question.environment.map(|it| of_environment(it, question.target, short)));
        let counts = counts(findings);
        Report {
            version: env!("CARGO_PKG_VERSION"),
            target: question.target.to_string(),
            platform: question.platform.to_string(),
            remaining: remaining(&self.judged, &counts),
            notes: self
                .notes
                .iter()
                .map(|it| format!("{}: {}", place(&it.1, it.2), it.0))
                .collect(),
            dependencies: self
                .judged
                .into_iter()
                .map(|it| Dependency {
                    status: it.status.words(),
                    class: it.status,
                    place: place(&it.path, it.line),
                    name: it.name,
                    version: it.version,
                    why: it.why,
                    advice: it.advice,
                    chain: it.chain,
                })
                .collect(),
            findings: counts,
            sources,
        }
    }
}

fn of_environment(it: &Environment, target: Target, short: &Short) -> String {
    let path = short.path(&it.prefix);
    match it.target {
        Some(found) if found == target => format!("{path} (environment for {found})"),
        Some(found) => format!("{path} (environment for {found}: not asked about {target})"),
        None => format!(
            "{path} (environment of an interpreter with the GIL: its extension files say nothing)"
        ),
    }
}
