//! The environment that a project runs in: its `site-packages` and what is installed there, read from the names and the
//! files of `*.dist-info`.
//!
//! No interpreter is started, because this runs on every check. Only names are read when it is loaded; the rest is read
//! when it is asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::target::Target;

/// Metadata that is longer than this is not believed.
const METADATA: u64 = 64 * 1024 * 1024;

/// An environment that has distributions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Above `bin` or `Scripts`.
    pub prefix: PathBuf,
    /// The directories that are on `sys.path`, in order.
    pub site_packages: Vec<PathBuf>,
    /// The free-threaded release it is made for, where the directories say so.
    pub target: Option<Target>,
    /// By normalised name.
    pub distributions: BTreeMap<String, Distribution>,
}

/// An installed distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// As it is normalised by PEP 503.
    pub name: String,
    /// From the name of the directory.
    pub version: String,
    /// `*.dist-info`.
    pub info: PathBuf,
}

impl Distribution {
    /// The files of `RECORD`, relative to `site-packages`. Empty where there is none.
    pub fn files(&self) -> Vec<String> {
        let Some(text) = read(&self.info.join("RECORD")) else { return Vec::new() };
        text.lines().filter_map(record_path).collect()
    }

    /// What its authors say of free threading, from 1 (unstable) to 4 (resilient); `None` when they say nothing.
    pub fn free_threading(&self) -> Option<u8> {
        let text = read(&self.info.join("METADATA"))?;
        // The description comes below the first empty line.
        let headers = text.lines().take_while(|it| !it.is_empty());
        let levels = headers.filter_map(|it| {
            let classifier = it.strip_prefix("Classifier:")?.trim();
            let level =
                classifier.strip_prefix("Programming Language :: Python :: Free Threading")?;
            level.trim_start_matches(" :: ").chars().next()?.to_digit(10)
        });
        levels.max().and_then(|it| u8::try_from(it).ok())
    }
}

/// The environment of a project: that of `python` (an interpreter or a directory), else `VIRTUAL_ENV`, else `.venv` or
/// `venv` below the project. The first that has distributions.
pub fn load(project: &Path, python: Option<&Path>) -> Option<Environment> {
    let active = std::env::var_os("VIRTUAL_ENV").filter(|it| !it.is_empty()).map(PathBuf::from);
    let candidates = match python {
        Some(python) => vec![prefix(python)],
        None => active.into_iter().chain([".venv", "venv"].map(|it| project.join(it))).collect(),
    };
    candidates.iter().map(|it| at(it)).find(|it| !it.distributions.is_empty())
}

/// What lies below a prefix; empty where nothing does.
pub fn at(prefix: &Path) -> Environment {
    let site_packages = site_packages(prefix);
    let mut res = Environment {
        prefix: prefix.to_owned(),
        target: site_packages.iter().find_map(|it| free_threaded(it)),
        distributions: BTreeMap::new(),
        site_packages,
    };
    for directory in &res.site_packages {
        for info in entries(directory) {
            let name = info.file_name().and_then(|it| it.to_str());
            let Some(name) = name.and_then(|it| it.strip_suffix(".dist-info")) else { continue };
            if let Some((name, version)) = name.split_once('-') {
                let (name, version) = (normalised(name), version.to_owned());
                // What comes first on the path is what is imported.
                let found = Distribution { name: name.clone(), version, info };
                res.distributions.entry(name).or_insert(found);
            }
        }
    }
    res
}

/// The environment of an interpreter: the directory above its `bin` or `Scripts`.
fn prefix(python: &Path) -> PathBuf {
    if python.is_dir() {
        return python.to_owned();
    }
    python.ancestors().nth(2).unwrap_or(python).to_owned()
}

/// `lib/python3.14t/site-packages` on Unix, `Lib/site-packages` on Windows.
fn site_packages(prefix: &Path) -> Vec<PathBuf> {
    let versions =
        ["lib", "lib64"].into_iter().flat_map(|it| entries(&prefix.join(it)).collect::<Vec<_>>());
    let mut res: Vec<_> = versions
        .filter(|it| it.file_name().is_some_and(|it| it.to_string_lossy().starts_with("python3")))
        .map(|it| it.join("site-packages"))
        .chain([prefix.join("Lib").join("site-packages")])
        .filter(|it| it.is_dir())
        .collect();
    res.sort();
    // `lib64` is a link to `lib` on many systems.
    let mut seen = Vec::new();
    res.retain(|it| {
        let real = it.canonicalize().unwrap_or_else(|_| it.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    res
}

/// `python3.14t` above `site-packages`.
fn free_threaded(site_packages: &Path) -> Option<Target> {
    let name = site_packages.parent()?.file_name()?.to_str()?;
    let minor = name.strip_prefix("python3.")?.strip_suffix('t')?;
    Some(Target { minor: minor.parse().ok()? })
}

/// The names in a directory, sorted, so that no answer depends on the order of the disk.
pub(crate) fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let mut res: Vec<_> =
        fs::read_dir(directory).into_iter().flatten().flatten().map(|it| it.path()).collect();
    res.sort();
    res.into_iter()
}

/// The text of a file that is not absurdly long.
pub(crate) fn read(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > METADATA {
        return None;
    }
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
}

/// The path of a line of `RECORD`, which is CSV: a name with a comma is quoted.
fn record_path(line: &str) -> Option<String> {
    let path = match line.strip_prefix('"') {
        Some(rest) => rest.split_once("\",")?.0.replace("\"\"", "\""),
        None => line.split(',').next()?.to_owned(),
    };
    (!path.is_empty()).then_some(path)
}

/// PEP 503: runs of `-`, `_` and `.` become one `-`, lower case.
pub fn normalised(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|it| !it.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_read_from_directory_names() {
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join(".venv/lib/python3.14t/site-packages");
        for name in
            ["Ruamel_Yaml.clib-0.2.8.dist-info", "numpy-2.1.0.dist-info", "numpy", "pip.egg-info"]
        {
            fs::create_dir_all(site.join(name)).unwrap();
        }
        fs::write(
            site.join("numpy-2.1.0.dist-info/RECORD"),
            "numpy/core.so,sha256=x,1\n\"a,b.py\",,\n\n",
        )
        .unwrap();
        fs::write(site.join("numpy-2.1.0.dist-info/WHEEL"), "Tag: cp314-cp314t-linux_x86_64\n")
            .unwrap();
        let python = root.path().join(".venv/bin/python");
        let found = load(Path::new("/nowhere"), Some(&python)).unwrap();
        assert_eq!(found.target, Some(Target { minor: 14 }));
        let names: Vec<_> =
            found.distributions.values().map(|it| format!("{} {}", it.name, it.version)).collect();
        assert_eq!(names, ["numpy 2.1.0", "ruamel-yaml-clib 0.2.8"]);
        let numpy = &found.distributions["numpy"];
        assert_eq!(numpy.files(), ["numpy/core.so", "a,b.py"]);
    }
}
