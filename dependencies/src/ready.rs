//! The answer for each dependency: what it does on a free-threaded interpreter, from the best evidence that there is.
//!
//! In this order: the files of an environment made for that interpreter, the wheels that a lock file names, what the table
//! knows. A wheel for free-threaded interpreters does not mean that the GIL stays off, and a missing one does not mean that
//! it comes on; where nothing tells, the answer is that nobody knows.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr as _;

use pep440_rs::{Version, VersionSpecifiers};

use crate::applies::Markers;
use crate::binary;
use crate::declaration::Declaration;
use crate::environment::{Distribution, Environment};
use crate::lock::{Lock, Package};
use crate::manifest::{Declared, Manifest};
use crate::table::{self, Known, Row};
use crate::tags::{Offer, Platform, offer};
use crate::target::Target;

/// What a dependency does to a migration, from the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Its import switches the GIL on.
    Gil,
    /// It cannot be installed, or only from its sources, which are for interpreters with the GIL.
    NoWheel,
    /// A newer version is needed.
    TooOld,
    /// It works without its extension, slower.
    Slow,
    /// Nothing that can be read tells.
    Unknown,
    /// Nothing stands in the way.
    Ready,
}

impl Status {
    /// In two words.
    pub fn words(self) -> &'static str {
        match self {
            Status::Gil => "re-enables the GIL",
            Status::NoWheel => "no wheel",
            Status::TooOld => "too old",
            Status::Slow => "slow path",
            Status::Unknown => "unknown",
            Status::Ready => "ready",
        }
    }
}

/// One dependency, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// As PEP 503 normalises it.
    pub name: String,
    /// Installed, locked or pinned; `None` when nothing says it.
    pub version: Option<String>,
    /// The answer.
    pub status: Status,
    /// What it rests on, in words.
    pub why: String,
    /// What to do; empty when nothing has to be done.
    pub advice: String,
    /// The file that names it.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: u32,
    /// From what the project asks for to this package.
    pub chain: Vec<String>,
    /// What the answer rests on.
    pub basis: Basis,
    /// Only developers need it.
    pub is_dev: bool,
}

/// What an answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The files of the environment.
    Files,
    /// The best file that the lock names, and the table.
    Lock(Offer),
    /// Its sources, which are in a directory, a repository or an archive.
    Sources,
    /// The table alone.
    Table,
}

/// What is asked: for which interpreter, and where.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The release.
    pub target: Target,
    /// The platform of the wheels.
    pub platform: Platform,
    /// An environment made for that release, when there is one.
    pub environment: Option<&'a Environment>,
}

/// Whether a `requires-python` leaves the interpreter out.
pub fn excludes(requires_python: &str, target: Target) -> bool {
    let Ok(wanted) = VersionSpecifiers::from_str(requires_python) else { return false };
    // A patch release high enough to fit `>=3.14.2`, which is about that release and not about the minor version.
    !wanted.contains(&Version::new([3, u64::from(target.minor), 99]))
        && !wanted.contains(&Version::new([3, u64::from(target.minor), 0]))
}

/// The first release of Python 3 that a `requires-python` takes, as its second number; `None` when it takes any or none.
pub fn oldest(requires_python: &str) -> Option<u8> {
    let takes = |minor: &u8| !excludes(requires_python, Target { minor: *minor });
    (0..=99).find(takes).filter(|it| *it > 0)
}

impl Question<'_> {
    /// Judges the packages of a lock file that are for this interpreter and platform, in its order. The same package of two
    /// environments is judged twice.
    pub fn of_lock(&self, lock: &Lock) -> Vec<Judged> {
        let chains = lock.chains();
        let judge = |it: &Package| {
            let ((status, why), basis) = self.judge_package(it);
            let version = it.version.as_deref();
            Judged {
                name: it.name.clone(),
                version: it.version.clone(),
                status,
                why,
                advice: advice(&it.name, version, status),
                path: lock.path.clone(),
                line: it.line,
                chain: chains.to(&it.name),
                basis,
                is_dev: it.is_dev,
            }
        };
        let installed = Markers::new(self.target, self.platform).installed(lock);
        let wanted = lock.packages.iter().zip(installed).filter(|it| it.1);
        wanted.map(|it| judge(it.0)).collect()
    }

    /// Judges what a manifest declares and no lock file has.
    pub fn of_manifest(&self, manifest: &Manifest, locked: &[Judged]) -> Vec<Judged> {
        let mut seen: BTreeSet<&str> = locked.iter().map(|it| it.name.as_str()).collect();
        let markers = Markers::new(self.target, self.platform);
        let needed = |it: &&Declared| it.marker.as_ref().is_none_or(|it| markers.tree_may_hold(it));
        let mut res = Vec::new();
        for it in manifest.declared.iter().filter(needed) {
            if seen.insert(it.name.as_str()) {
                res.push(self.judge_declared(it));
            }
        }
        res
    }

    fn judge_declared(&self, it: &Declared) -> Judged {
        let installed = self.installed(&it.name);
        let version = installed.map(|it| it.version.clone()).or_else(|| it.pinned.clone());
        let ((status, why), basis) = match self.of_files(&it.name, version.as_deref()) {
            Some(found) => (found, Basis::Files),
            None => (from_table(&it.name, version.as_deref(), None), Basis::Table),
        };
        Judged {
            name: it.name.clone(),
            advice: advice(&it.name, version.as_deref(), status),
            version,
            status,
            why,
            path: it.path.clone(),
            line: it.line,
            chain: vec![it.name.clone()],
            basis,
            is_dev: false,
        }
    }

    fn judge_package(&self, it: &Package) -> ((Status, String), Basis) {
        let version = it.version.as_deref();
        if let Some(found) = self.of_files(&it.name, version) {
            return (found, Basis::Files);
        }
        if it.is_local {
            let why = "comes from a directory, a repository or an archive: its sources decide";
            return ((Status::Unknown, why.to_owned()), Basis::Sources);
        }
        let offer = offer(&it.wheels, it.has_sdist, self.target, self.platform);
        let mut res = from_table(&it.name, version, Some(offer));
        if res.0 == Status::Unknown && matches!(offer, Offer::FreeThreaded | Offer::Stable) {
            let level = self.declared_level(&it.name, version).unwrap_or_default();
            let said = ["", "unstable", "beta", "stable", "resilient"].get(usize::from(level));
            match said {
                Some(&"") | None => {}
                Some(said) => {
                    let status = if level > 1 { Status::Ready } else { Status::Unknown };
                    let has = offer.words();
                    res = (status, format!("has {has}, and its authors call the support {said}"));
                }
            }
        }
        (res, Basis::Lock(offer))
    }

    /// What the authors say in the metadata of this very version, whatever interpreter it is installed for.
    fn declared_level(&self, name: &str, version: Option<&str>) -> Option<u8> {
        let it = self.environment?.distributions.get(name)?;
        version.is_some_and(|version| version == it.version).then(|| it.free_threading())?
    }

    fn installed(&self, name: &str) -> Option<&Distribution> {
        let environment = self.environment.filter(|it| it.target == Some(self.target))?;
        environment.distributions.get(name)
    }

    /// What the files of the environment say, when it has this version.
    fn of_files(&self, name: &str, version: Option<&str>) -> Option<(Status, String)> {
        let it = self
            .installed(name)
            .filter(|it| version.is_none_or(|version| version == it.version))?;
        let directory = it.info.parent()?;
        let (mut n_declare, mut unsure) = (0_u32, 0_u32);
        for file in it.files() {
            let path = directory.join(&file);
            if binary::module_name(&path).is_none() {
                continue;
            }
            match binary::read(&path) {
                Ok(Declaration::DoesNotDeclare(reason)) => {
                    return Some((Status::Gil, format!("installed: `{file}` {reason}")));
                }
                Ok(Declaration::Declares(_)) => n_declare += 1,
                Ok(Declaration::CannotTell(_)) | Err(_) => unsure += 1,
            }
        }
        Some(match (n_declare, unsure) {
            (0, 0) => (Status::Ready, "installed, without extension modules".to_owned()),
            (n, 0) => {
                (Status::Ready, format!("installed: all {n} extension files declare themselves"))
            }
            (_, n) => (Status::Unknown, format!("installed: {n} extension files do not tell")),
        })
    }
}

/// What the names of the files and the table say together.
fn from_table(name: &str, version: Option<&str>, offer: Option<Offer>) -> (Status, String) {
    let row = table::row(name);
    if let (Some(Offer::Platform | Offer::Pure), Some(found)) = (offer, offer) {
        return (Status::Ready, format!("has {}", found.words()));
    }
    if let Some(row) = row
        && row.status == Known::Gil
        && version.is_none_or(|it| row.covers(it))
        && !matches!(offer, Some(Offer::PureFallback | Offer::Abi3 | Offer::Other))
    {
        return (Status::Gil, told(row, "its extensions switch the GIL on"));
    }
    let Some(offer) = offer else { return from_row(row, version) };
    let has = format!("has {}", offer.words());
    match offer {
        Offer::FreeThreaded | Offer::Stable => match row {
            Some(row) if row.status == Known::Supported => match version {
                Some(it) if !row.covers(it) => (
                    Status::TooOld,
                    told(row, &format!("{has}, but support is only stated from {} on", since(row))),
                ),
                _ => (Status::Ready, told(row, &format!("{has}, and support is stated"))),
            },
            // It switched the GIL on, and the release that mended it is behind.
            Some(row) if is_mended(row, version) => (
                Status::Ready,
                told(
                    row,
                    &format!(
                        "{has}, and it is mended since {}",
                        row.fixed.as_deref().unwrap_or_default()
                    ),
                ),
            ),
            _ => (Status::Unknown, format!("{has}; nobody states that it leaves the GIL off")),
        },
        Offer::PureFallback => (Status::Slow, has),
        Offer::Abi3 | Offer::Other => (Status::NoWheel, has),
        Offer::Sdist | Offer::Elsewhere => match row {
            Some(row)
                if row.status == Known::Supported && version.is_none_or(|it| row.covers(it)) =>
            {
                (Status::Ready, told(row, &format!("{has}, and support is stated")))
            }
            Some(row) if row.status == Known::None => (Status::NoWheel, told(row, &has)),
            _ => (Status::Unknown, format!("{has}, which decide")),
        },
        Offer::Nothing | Offer::Platform | Offer::Pure => from_row(row, version),
    }
}

fn is_mended(row: &Row, version: Option<&str>) -> bool {
    let fixed = row.fixed.as_deref().and_then(|it| Version::from_str(it).ok());
    let version = version.and_then(|it| Version::from_str(it).ok());
    row.status == Known::Gil && fixed.zip(version).is_some_and(|(fixed, it)| it >= fixed)
}

/// Where no file is known by name.
fn from_row(row: Option<&Row>, version: Option<&str>) -> (Status, String) {
    let Some(row) = row else {
        return (
            Status::Unknown,
            "neither installed nor locked, and the table has no row".to_owned(),
        );
    };
    match (row.status, version) {
        (Known::Supported, Some(it)) if !row.covers(it) => {
            (Status::TooOld, told(row, &format!("support is stated from {} on", since(row))))
        }
        (Known::Supported, Some(_)) => (Status::Ready, told(row, "support is stated")),
        (Known::Supported, None) => (
            Status::Unknown,
            told(
                row,
                &format!("support is stated from {} on, and no version is locked", since(row)),
            ),
        ),
        (Known::None, _) => (Status::NoWheel, told(row, "no free-threaded wheel is known")),
        (Known::Pure, _) => (Status::Slow, told(row, "no free-threaded wheel is known")),
        (Known::Gil, _) => (Status::Unknown, "nothing is known of this version".to_owned()),
    }
}

fn since(row: &Row) -> &str {
    row.since.as_deref().unwrap_or_default()
}

/// With the note and the source of the row.
fn told(row: &Row, what: &str) -> String {
    let note = row.note.as_ref().map_or_else(String::new, |it| format!("; {it}"));
    format!("{what}{note} ({}; table of {})", row.source, table::MADE)
}

fn advice(name: &str, version: Option<&str>, status: Status) -> String {
    let row = table::row(name);
    let newer = |bound: Option<&String>| {
        let bound = bound?;
        let ahead = match (Version::from_str(bound), version.map(Version::from_str)) {
            (Ok(bound), Some(Ok(version))) => version < bound,
            _ => true,
        };
        ahead.then(|| format!("upgrade to {bound} or later"))
    };
    let upgrade = row.and_then(|it| match it.status {
        Known::Supported => newer(it.since.as_ref()),
        Known::Gil => newer(it.fixed.as_ref()),
        Known::None | Known::Pure => None,
    });
    let fallback = match status {
        Status::Ready => return String::new(),
        Status::Gil => "look for another package, or ask its maintainers",
        Status::NoWheel => {
            "look for a newer release with a free-threaded wheel, or another package"
        }
        Status::TooOld => "upgrade",
        Status::Slow => "measure whether it matters",
        Status::Unknown => {
            "install it into a free-threaded environment and run `ftlint extensions`"
        }
    };
    upgrade.unwrap_or_else(|| fallback.to_owned())
}
