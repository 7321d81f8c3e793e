//! Files that say how Python runs, is tested and is packed: containers, services, CI, scripts. They are found by the names
//! that these tools give them, directly in the project and in the folders where they are kept.

use std::fs;
use std::path::{Path, PathBuf};

use ftlint_dependencies::table::switches;

/// Folders below a project.
const FOLDERS: &[&str] = &[
    ".ci",
    ".circleci",
    ".devcontainer",
    ".github/workflows",
    "bin",
    "ci",
    "deploy",
    "deployment",
    "docker",
    "scripts",
    "tools",
];

/// Whole names, or beginnings of names before a dot.
const NAMES: &[&str] = &[
    ".env",
    "containerfile",
    "dockerfile",
    "justfile",
    "makefile",
    "procfile",
    "pyproject.toml",
    "pytest.ini",
    "setup.cfg",
    "tox.ini",
];

/// Extensions of files that configure something.
const EXTENSIONS: &[&str] = &["dockerfile", "env", "service", "sh", "yaml", "yml"];

/// What a file has to contain to be looked at any further.
const WORDS: &[&str] = &["PYTHON_GIL", "gil=", "313t", "3.13t", "cibuildwheel", "CIBW_"];

/// Nobody writes a longer one by hand.
const LARGEST: u64 = 1024 * 1024;

/// The files that have something to say, with their texts.
pub(crate) fn find(project: &Path) -> Vec<(PathBuf, String)> {
    let folders = FOLDERS.iter().map(|it| project.join(it));
    let mut res = Vec::new();
    for folder in std::iter::once(project.to_owned()).chain(folders) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let paths = entries.flatten().map(|it| it.path()).filter(|it| is_configuration(it));
        res.extend(paths.filter_map(|path| read(&path).map(|text| (path, text))));
    }
    res.sort();
    res
}

/// Whether a file is one of those that are read, by its name.
pub(crate) fn is_configuration(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|it| it.to_str()) else { return false };
    let name = name.to_ascii_lowercase();
    let starts =
        |it: &&str| name.strip_prefix(*it).is_some_and(|it| it.is_empty() || it.starts_with('.'));
    NAMES.iter().any(starts)
        || name.rsplit_once('.').is_some_and(|(_, it)| EXTENSIONS.contains(&it))
}

fn read(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    let text = String::from_utf8(fs::read(path).ok()?).ok()?;
    WORDS.iter().copied().chain(switches()).any(|it| text.contains(it)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "Dockerfile",
            "Dockerfile.prod",
            "api.dockerfile",
            "compose.yaml",
            ".env",
            ".env.local",
            "tox.ini",
            "run.sh",
            "app.service",
        ] {
            assert!(is_configuration(Path::new(name)), "{name}");
        }
        for name in ["Dockerfiles", "notes.md", "app.py", "sh", "environment", "uv.lock"] {
            assert!(!is_configuration(Path::new(name)), "{name}");
        }
    }
}
