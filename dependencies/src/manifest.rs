//! What a project declares to need: `pyproject.toml` (PEP 621 with extras, and PEP 735 groups) and `requirements*.txt`.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use pep508_rs::{MarkerTree, Requirement, VerbatimUrl};
use toml::de::{DeTable, DeValue};

use crate::environment::{entries, normalised, read};
use crate::lock::LockError;
use crate::lock::toml_text::{self as text, as_table, line_of, list, table};

/// One declared requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// As PEP 503 normalises it.
    pub name: String,
    /// `==2.1`: the only version that fits, where there is one.
    pub pinned: Option<String>,
    /// The file.
    pub path: PathBuf,
    /// From 1.
    pub line: u32,
    /// In which environments it is needed, where it is not in all.
    pub marker: Option<MarkerTree>,
    /// The extra or the group that it belongs to; empty for what is always installed.
    pub group: String,
}

/// All that a directory declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// In the order of the files.
    pub declared: Vec<Declared>,
    /// `requires-python` of `[project]`, and its line.
    pub requires_python: Option<(String, PathBuf, u32)>,
}

/// Whether a file is a manifest, by its name.
pub fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|it| it == "pyproject.toml") || is_requirements(path)
}

fn is_requirements(path: &Path) -> bool {
    let name = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
    name.starts_with("requirements") && path.extension().is_some_and(|it| it == "txt")
}

/// Reads the manifests directly in a directory. A requirement that cannot be read is left out: who installs tells it.
pub fn of(directory: &Path) -> Result<Manifest, LockError> {
    let mut res = Manifest::default();
    let path = directory.join("pyproject.toml");
    if let Some(content) = read(&path) {
        pyproject(&path, &content, &mut res)?;
    }
    for path in entries(directory).filter(|it| is_requirements(it)) {
        let group = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
        let group = group.trim_start_matches("requirements").trim_matches(['-', '_', '.']);
        for (number, line) in read(&path).unwrap_or_default().lines().enumerate() {
            let line = line.split(" #").next().unwrap_or_default();
            let plain = line.split(" --").next().unwrap_or_default().trim_end_matches('\\').trim();
            if plain.starts_with(['-', '#']) {
                continue;
            }
            let number = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
            push(&mut res, plain, &path, number, group);
        }
    }
    Ok(res)
}

fn pyproject(path: &Path, content: &str, into: &mut Manifest) -> Result<(), LockError> {
    let line = |at: usize| line_of(content.as_bytes(), at);
    let document = text::parse(content).map_err(|(at, message)| LockError {
        path: path.to_owned(),
        line: line(at),
        message,
    })?;
    let mut add = |set: &DeTable<'_>, key: &str, group: &str| {
        for it in list(set, key) {
            if let Some(requirement) = it.get_ref().as_str() {
                push(into, requirement, path, line(it.span().start), group);
            }
        }
    };
    if let Some(project) = table(&document, "project") {
        add(project, "dependencies", "");
        for name in names(table(project, "optional-dependencies")) {
            add(table(project, "optional-dependencies").unwrap_or(project), &name, &name);
        }
        if let Some(it) = text::get(project, "requires-python")
            && let Some(python) = it.get_ref().as_str()
        {
            into.requires_python =
                Some((python.to_owned(), path.to_owned(), line(it.span().start)));
        }
    }
    let mut add = |set: &DeTable<'_>, key: &str| {
        for it in list(set, key) {
            if let Some(requirement) = it.get_ref().as_str() {
                push(into, requirement, path, line(it.span().start), key);
            }
        }
    };
    if let Some(groups) = table(&document, "dependency-groups") {
        for name in names(Some(groups)) {
            add(groups, &name);
        }
    }
    let poetry = table(&document, "tool").and_then(|it| table(it, "poetry"));
    if let Some(needs) = poetry.and_then(|it| table(it, "dependencies")) {
        for (key, value) in needs.iter().filter(|it| normalised(it.0.get_ref()) != "python") {
            let version = match value.get_ref() {
                DeValue::String(it) => Some(it.to_string()),
                it => as_table(it).and_then(|it| text::text(it, "version")),
            };
            into.declared.push(Declared {
                name: normalised(key.get_ref()),
                pinned: version.and_then(|it| exact(&it)),
                path: path.to_owned(),
                line: line(key.span().start),
                marker: as_table(value.get_ref()).and_then(poetry_marker),
                group: String::new(),
            });
        }
    }
    Ok(())
}

fn names(of: Option<&DeTable<'_>>) -> Vec<String> {
    of.map_or_else(Vec::new, |it| it.keys().map(|it| it.get_ref().to_string()).collect())
}

/// Poetry writes a version without an operator when it means exactly that one.
fn exact(text: &str) -> Option<String> {
    let version = text.trim_start_matches('=').trim();
    pep440_rs::Version::from_str(version).is_ok().then(|| version.to_owned())
}

fn poetry_marker(need: &DeTable<'_>) -> Option<MarkerTree> {
    MarkerTree::parse_str::<VerbatimUrl>(&text::text(need, "markers")?).ok()
}

fn push(into: &mut Manifest, requirement: &str, path: &Path, line: u32, group: &str) {
    let Ok(it) = Requirement::<VerbatimUrl>::from_str(requirement) else { return };
    let pinned = match &it.version_or_url {
        Some(pep508_rs::VersionOrUrl::VersionSpecifier(all)) => all
            .iter()
            .find(|it| *it.operator() == pep440_rs::Operator::Equal)
            .map(|it| it.version().to_string()),
        _ => None,
    };
    into.declared.push(Declared {
        name: normalised(it.name.as_ref()),
        pinned,
        path: path.to_owned(),
        line,
        marker: (!it.marker.is_true()).then_some(it.marker),
        group: group.to_owned(),
    });
}
