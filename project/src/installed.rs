//! Which distributions the project's environment has, read from the names of `*.dist-info` directories.
//!
//! No interpreter is started: this runs on every check.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Normalised name to version. `python` is an interpreter or the directory of an environment.
pub fn installed(project: &Path, python: Option<&Path>) -> BTreeMap<String, String> {
    let environment =
        std::env::var_os("VIRTUAL_ENV").filter(|it| !it.is_empty()).map(PathBuf::from);
    let candidates = match python {
        Some(python) => vec![prefix(python)],
        None => {
            environment.into_iter().chain([".venv", "venv"].map(|it| project.join(it))).collect()
        }
    };
    let found = candidates.iter().map(|it| distributions(it)).find(|it| !it.is_empty());
    found.unwrap_or_default()
}

/// The environment of an interpreter: the directory above its `bin` or `Scripts`.
fn prefix(python: &Path) -> PathBuf {
    if python.is_dir() {
        return python.to_owned();
    }
    python.ancestors().nth(2).unwrap_or(python).to_owned()
}

fn distributions(prefix: &Path) -> BTreeMap<String, String> {
    let mut res = BTreeMap::new();
    for directory in site_packages(prefix) {
        let names = entries(&directory).filter_map(|it| {
            it.file_name()?.to_str()?.strip_suffix(".dist-info").map(str::to_owned)
        });
        for name in names {
            if let Some((name, version)) = name.split_once('-') {
                res.insert(normalised(name), version.to_owned());
            }
        }
    }
    res
}

/// `lib/python3.14t/site-packages` on Unix, `Lib/site-packages` on Windows.
fn site_packages(prefix: &Path) -> Vec<PathBuf> {
    let versions =
        ["lib", "lib64"].into_iter().flat_map(|it| entries(&prefix.join(it)).collect::<Vec<_>>());
    let mut res: Vec<_> = versions
        .filter(|it| it.file_name().is_some_and(|it| it.to_string_lossy().starts_with("python3")))
        .map(|it| it.join("site-packages"))
        .chain([prefix.join("Lib").join("site-packages")])
        .collect();
    res.sort();
    res
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|it| it.path())
}

/// PEP 503: runs of `-`, `_` and `.` become one `-`, lower case.
fn normalised(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|it| !it.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_read_from_directory_names() {
        let root = std::env::temp_dir().join(format!("ftlint-installed-{}", std::process::id()));
        let site = root.join(".venv/lib/python3.14t/site-packages");
        for name in
            ["Ruamel_Yaml.clib-0.2.8.dist-info", "numpy-2.1.0.dist-info", "numpy", "pip.egg-info"]
        {
            fs::create_dir_all(site.join(name)).unwrap();
        }
        let python = root.join(".venv/bin/python");
        let found = installed(Path::new("/nowhere"), Some(&python));
        let found: Vec<_> =
            found.iter().map(|(name, version)| format!("{name} {version}")).collect();
        assert_eq!(found, ["numpy 2.1.0", "ruamel-yaml-clib 0.2.8"]);
        fs::remove_dir_all(root).unwrap();
    }
}
