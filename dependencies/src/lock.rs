//! Lock files: which packages a project gets, in which versions, and which files each of them has. `uv.lock`, `poetry.lock`
//! (1.0 and later), `pdm.lock`, and `pylock.toml` of PEP 751.
//!
//! Nothing is fetched: the names of the files say for which interpreters there are wheels. What is broken is an error with
//! its line.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

mod formats;
pub(crate) mod toml_text;

/// A lock file that is longer is not read.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Who wrote the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `uv.lock`.
    Uv,
    /// `poetry.lock`.
    Poetry,
    /// `pdm.lock`.
    Pdm,
    /// `pylock.toml` and `pylock.NAME.toml`.
    Pylock,
}

impl Format {
    /// By the name of the file.
    pub fn of(path: &Path) -> Option<Self> {
        match path.file_name()?.to_str()? {
            "uv.lock" => Some(Self::Uv),
            "poetry.lock" => Some(Self::Poetry),
            "pdm.lock" => Some(Self::Pdm),
            "pylock.toml" => Some(Self::Pylock),
            name => {
                let inner = name.strip_prefix("pylock.")?.strip_suffix(".toml")?;
                (!inner.is_empty() && !inner.contains('.')).then_some(Self::Pylock)
            }
        }
    }
}

/// What a lock file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The file.
    pub path: PathBuf,
    /// The interpreters that the lock is for, as it says it: `>=3.11`. Files for others may be left out.
    pub requires_python: Option<String>,
    /// In the order of the file. One name may be there several times, for different environments.
    pub packages: Vec<Package>,
    /// Normalised names of what the project itself asks for, where the file says so.
    pub direct: Vec<String>,
    /// Who needs whom and when, where the file has all of it, also what the project itself needs; else empty.
    pub edges: Vec<Edge>,
}

/// That a package is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// By which one of the packages; `None` for the project.
    pub from: Option<usize>,
    /// The normalised name of what is needed.
    pub name: String,
    /// Only this version, where there are several.
    pub version: Option<String>,
    /// In which environments; in all when nothing is said.
    pub marker: Option<String>,
}

/// One locked package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// As PEP 503 normalises it.
    pub name: String,
    /// Its version, where the source has one.
    pub version: Option<String>,
    /// The line where it begins, from 1.
    pub line: u32,
    /// File names of its wheels.
    pub wheels: Vec<String>,
    /// Whether there is a source distribution.
    pub has_sdist: bool,
    /// Not from an index: a directory, a repository, an archive. It has no files then.
    pub is_local: bool,
    /// Normalised names of what it needs.
    pub needs: Vec<String>,
    /// The environments that it is for: one of these markers has to hold, where there are any.
    pub markers: Vec<String>,
    /// Only groups for developers need it, where the file tells groups apart.
    pub is_dev: bool,
}

/// A lock file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {message}", path.display())]
pub struct LockError {
    /// The file.
    pub path: PathBuf,
    /// From 1.
    pub line: u32,
    /// What is wrong, and what to do.
    pub message: String,
}

/// The lock files directly in a directory, in a fixed order.
pub fn in_directory(directory: &Path) -> Vec<PathBuf> {
    let found = crate::environment::entries(directory);
    found.filter(|it| Format::of(it).is_some() && it.is_file()).collect()
}

/// Reads a lock file from the disk.
pub fn read(path: &Path) -> Result<Lock, LockError> {
    let error = |message: String| LockError { path: path.to_owned(), line: 1, message };
    let format = Format::of(path).ok_or_else(|| error("not the name of a lock file".to_owned()))?;
    let length = path.metadata().map_err(|it| error(it.to_string()))?.len();
    if length > LARGEST {
        return Err(error(format!("too long for a lock file: {length} bytes")));
    }
    let bytes = std::fs::read(path).map_err(|it| error(it.to_string()))?;
    parse(path, format, &bytes)
}

/// Reads the content of a lock file.
pub fn parse(path: &Path, format: Format, bytes: &[u8]) -> Result<Lock, LockError> {
    let error = |line: u32, message: String| LockError { path: path.to_owned(), line, message };
    let text = std::str::from_utf8(bytes).map_err(|it| {
        let before = &bytes[..it.valid_up_to()];
        error(toml_text::line_of(before, before.len()), "not UTF-8".to_owned())
    })?;
    let content = formats::read(format, text)
        .map_err(|(at, message)| error(toml_text::line_of(bytes, at), message))?;
    let formats::Content { requires_python, packages, direct, edges } = content;
    Ok(Lock { path: path.to_owned(), requires_python, packages, direct, edges })
}

impl Lock {
    /// How each package comes into the project.
    pub fn chains(&self) -> Chains<'_> {
        let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for package in &self.packages {
            let all = package.needs.iter().map(String::as_str);
            needs.entry(&package.name).or_default().extend(all);
        }
        let mut queue: VecDeque<&str> = self.direct.iter().map(String::as_str).collect();
        let mut by: BTreeMap<&str, Option<&str>> = queue.iter().map(|it| (*it, None)).collect();
        while let Some(name) = queue.pop_front() {
            for need in needs.get(name).into_iter().flatten() {
                if !by.contains_key(need) {
                    by.insert(need, Some(name));
                    queue.push_back(need);
                }
            }
        }
        Chains(by)
    }
}

/// For each package that the project comes to need, the one that needs it, nearest to the project.
#[derive(Debug)]
pub struct Chains<'a>(BTreeMap<&'a str, Option<&'a str>>);

impl Chains<'_> {
    /// From something the project asks for to the package. Names only; the shortest; empty when nothing needs it.
    pub fn to(&self, name: &str) -> Vec<String> {
        let mut res = Vec::new();
        let mut next = self.0.get_key_value(name).map(|it| *it.0);
        while let Some(name) = next {
            res.push(name.to_owned());
            next = self.0.get(name).copied().flatten();
        }
        res.reverse();
        res
    }
}
