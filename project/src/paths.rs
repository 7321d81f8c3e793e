//! Paths: absolute ones inside, short ones for the reader.

use std::path::{Component, Path, PathBuf};

/// Absolute, without `.` and `..`; links are not followed, so the result stays below what the user named.
pub fn absolute(cwd: &Path, path: &Path) -> PathBuf {
    let mut res = PathBuf::new();
    for part in cwd.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                res.pop();
            }
            part => res.push(part),
        }
    }
    res
}

/// Prints paths below the working directory relative to it.
#[derive(Clone, Debug)]
pub struct Short {
    cwd: PathBuf,
}

impl Short {
    /// With the directory that paths are shown from.
    pub fn new(cwd: PathBuf) -> Self {
        Self { cwd }
    }

    /// As it is shown.
    pub fn path(&self, path: impl AsRef<Path>) -> String {
        let path = path.as_ref();
        path.strip_prefix(&self.cwd)
            .ok()
            .filter(|it| !it.as_os_str().is_empty())
            .unwrap_or(path)
            .display()
            .to_string()
    }
}
