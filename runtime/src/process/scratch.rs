//! The temporary directory of one job.

use crate::error::RuntimeError;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A private temporary directory, removed with its contents on drop.
#[derive(Debug)]
pub struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// Makes a new one below the system's temporary directory.
    pub fn new() -> Result<Self, RuntimeError> {
        let directory = tempfile::Builder::new()
            .prefix("ftlint-")
            .tempdir()
            .map_err(RuntimeError::io("cannot create a temporary directory"))?;
        Ok(Self { directory })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where the child writes its JSON lines: give this path as an argument. It does not exist yet.
    pub fn results(&self) -> PathBuf {
        self.path().join(".ftlint-results.jsonl")
    }
}

impl Drop for Scratch {
    /// `TempDir` removes the directory after this. It cannot look into directories that the child closed.
    fn drop(&mut self) {
        open_directories(self.path());
    }
}

/// Best effort: makes every directory below writable for its owner. Does not follow links.
fn open_directories(directory: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700));
    }
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|it| it.is_dir()) {
            open_directories(&entry.path());
        }
    }
}
