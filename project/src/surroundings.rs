//! What the lock files and manifests of a project say of its dependencies, as inputs of the analyzer. Nothing is fetched or
//! started: this runs on every check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ftlint_analyzer::db::{Database, FileKind, Project, SourceFile};
use ftlint_analyzer::rule::Confidence;
use ftlint_analyzer::settings::TargetVersion;
use ftlint_analyzer::surroundings::{Anchor, Dependency, Line, Trouble};
use ftlint_dependencies::environment::Environment;
use ftlint_dependencies::lock::Format;
use ftlint_dependencies::manifest::is_manifest;
use ftlint_dependencies::modules;
use ftlint_dependencies::ready::{Basis, Judged, Question, Status, oldest};
use ftlint_dependencies::survey::{Note, Survey};
use ftlint_dependencies::table;
use ftlint_dependencies::tags::{Offer, Platform};
use ftlint_dependencies::target::Target;

use crate::configurations;

/// What stands around the code of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Files on whose lines something may be reported, with their texts.
    pub documents: BTreeMap<PathBuf, String>,
    /// What is wrong with the dependencies; each distribution once for each trouble.
    pub dependencies: Vec<Dependency>,
    /// The oldest release of Python 3 that the project is for, where it says so.
    pub oldest: Option<u8>,
    /// Files that cannot be read, as messages that name file and line.
    pub problems: Vec<String>,
}

/// The release that is asked about: 3.14t where the settings name none.
pub fn target(version: Option<TargetVersion>) -> Target {
    let minor = match version {
        Some(TargetVersion::Py313t) => 13,
        Some(TargetVersion::Py314t) | None => 14,
        Some(TargetVersion::Py315t) => 15,
    };
    Target { minor }
}

/// Whether a file may be one of those that are read.
pub fn is_read(path: &Path) -> bool {
    Format::of(path).is_some() || is_manifest(path) || configurations::is_configuration(path)
}

/// Reads the lock files and manifests that lie directly in the directory of a project.
pub fn read(project: &Path, environment: Option<&Environment>, target: Target) -> Surroundings {
    let platform = Platform::here();
    let question = Question { target, platform, environment };
    let survey = Survey::of(&[project.to_owned()], &question);
    let mut res = Surroundings {
        oldest: survey.manifest.requires_python.as_ref().and_then(|it| oldest(&it.0)),
        problems: survey.problems.iter().map(ToString::to_string).collect(),
        ..Surroundings::default()
    };
    // Without a lock file nobody can say that something is missing in it.
    if let Some(note) = survey.notes.first().filter(|_| !survey.locks.is_empty()) {
        res.dependencies.push(left_out(note, &question));
    }
    let mut seen = BTreeSet::new();
    for judged in &survey.judged {
        let Some(trouble) = trouble(judged) else { continue };
        if seen.insert((trouble, &judged.name)) {
            res.dependencies.push(dependency(judged, trouble, &survey, &question));
        }
    }
    let configurations = configurations::find(project);
    for it in &mut res.dependencies {
        let row = table::row(&it.distribution);
        if row.and_then(|it| it.switch.as_ref()).is_some_and(|it| sets(&configurations, it)) {
            it.confidence = Confidence::Low;
        }
    }
    res.documents.extend(configurations);
    res.read_documents();
    res
}

/// Whether a file sets a variable to 1.
fn sets(configurations: &[(PathBuf, String)], variable: &str) -> bool {
    let value = |(at, name): (usize, &str), text: &str| {
        let rest = text[at + name.len()..].trim_start_matches(['=', ':', ' ', '"', '\'']);
        rest.starts_with('1')
    };
    configurations.iter().any(|(_, text)| text.match_indices(variable).any(|it| value(it, text)))
}

/// What is reported of an answer. What is installed is read file by file, which is FTL301; what may be there or not is no
/// trouble.
fn trouble(it: &Judged) -> Option<Trouble> {
    match (it.status, it.basis) {
        (Status::TooOld, Basis::Lock(_) | Basis::Table) => Some(Trouble::TooOld),
        (Status::Gil, Basis::Lock(Offer::Sdist | Offer::Elsewhere | Offer::Nothing)) => {
            Some(Trouble::NoWheel)
        }
        (Status::Gil, Basis::Lock(_)) => Some(Trouble::GilInWheel),
        // A requirement names one version, and it is one of those.
        (Status::Gil, Basis::Table) if it.version.is_some() => Some(Trouble::GilInWheel),
        (Status::NoWheel, Basis::Lock(Offer::Abi3)) => Some(Trouble::StableAbiOnly),
        (Status::NoWheel, Basis::Lock(_)) => Some(Trouble::NoWheel),
        (Status::Slow, Basis::Lock(Offer::PureFallback)) => Some(Trouble::Fallback),
        (Status::Unknown, Basis::Lock(Offer::FreeThreaded | Offer::Stable | Offer::Sdist)) => {
            Some(Trouble::Undeclared)
        }
        _ => None,
    }
}

fn dependency(
    it: &Judged,
    trouble: Trouble,
    survey: &Survey,
    question: &Question<'_>,
) -> Dependency {
    let row = table::row(&it.name);
    let of = |name: &String| modules::of(name, question.environment);
    let mut imported = of(&it.name);
    imported.extend(it.chain.iter().rev().skip(1).flat_map(of));
    let root = it.chain.first().unwrap_or(&it.name);
    let declared = survey.manifest.declared.iter().find(|it| it.name == *root);
    let mut lines: Vec<Line> = declared
        .map(|declared| Line {
            file: declared.path.to_string_lossy().into(),
            number: declared.line,
            text: if *root == it.name {
                "declared here".to_owned()
            } else {
                format!("`{root}` is declared here")
            },
        })
        .into_iter()
        .collect();
    if declared.is_none_or(|declared| (&declared.path, declared.line) != (&it.path, it.line)) {
        lines.push(Line {
            file: it.path.to_string_lossy().into(),
            number: it.line,
            text: "locked here".to_owned(),
        });
    }
    let in_group = declared.is_some_and(|it| !it.group.is_empty());
    Dependency {
        trouble,
        distribution: it.name.clone(),
        version: it.version.clone().unwrap_or_default(),
        target: whole(question),
        supported: row.and_then(|it| it.since.clone()).unwrap_or_default(),
        known: format!("`{}`: {}", it.name, it.why),
        advice: it.advice.clone(),
        chain: it.chain.clone(),
        modules: imported,
        lines,
        confidence: if it.basis == Basis::Table { Confidence::Medium } else { Confidence::High },
        anchor: match it.basis {
            Basis::Table if in_group => Anchor::Import,
            _ if it.is_dev => Anchor::Import,
            _ => Anchor::ImportOrLine,
        },
    }
}

/// The project is not for this interpreter: one finding instead of one for each dependency.
fn left_out(note: &Note, question: &Question<'_>) -> Dependency {
    Dependency {
        trouble: Trouble::NoWheel,
        distribution: String::new(),
        version: String::new(),
        target: whole(question),
        supported: String::new(),
        known: note.text.clone(),
        advice: "widen it and lock anew, or name another release with `target-version`".to_owned(),
        chain: Vec::new(),
        modules: Vec::new(),
        lines: vec![Line {
            file: note.path.to_string_lossy().into(),
            number: note.line,
            text: String::new(),
        }],
        confidence: Confidence::High,
        anchor: Anchor::Line,
    }
}

/// `3.14t (Linux on x86-64)`.
fn whole(question: &Question<'_>) -> String {
    format!("{} ({})", question.target, question.platform)
}

impl Surroundings {
    /// Fetches the files that are spoken of, and moves from the beginning of a package in a lock file to its name.
    fn read_documents(&mut self) {
        for line in self.dependencies.iter_mut().flat_map(|it| &mut it.lines) {
            let path = PathBuf::from(&*line.file);
            let text = self.documents.entry(path).or_insert_with_key(|it| {
                let bytes = std::fs::read(it).unwrap_or_default();
                String::from_utf8_lossy(&bytes).into_owned()
            });
            let index = line.number.saturating_sub(1) as usize;
            let mut rest = text.lines().skip(index).take(4);
            if rest.next().is_some_and(|it| it.starts_with("[["))
                && let Some(below) = rest.position(|it| it.trim_start().starts_with("name"))
            {
                line.number += u32::try_from(below).unwrap_or_default() + 1;
            }
        }
    }

    /// Sets the inputs. `known` are the files of an earlier call, which stay the same inputs.
    pub fn set(
        &self,
        db: &mut Database,
        project: Project,
        known: &mut BTreeMap<PathBuf, SourceFile>,
    ) {
        known.retain(|path, _| self.documents.contains_key(path));
        for (path, text) in &self.documents {
            match known.get(path) {
                Some(file) if *file.text(db).get() == **text => {}
                Some(file) => db.set_text(*file, text.clone()),
                None => {
                    let kind = if configurations::is_configuration(path) {
                        FileKind::Configuration
                    } else {
                        FileKind::Lines
                    };
                    let file = db.document(&path.to_string_lossy(), text, kind);
                    known.insert(path.clone(), file);
                }
            }
        }
        let documents = known.values().copied().collect();
        db.set_oldest(project, self.oldest);
        db.set_surroundings(project, documents, self.dependencies.clone());
    }
}
