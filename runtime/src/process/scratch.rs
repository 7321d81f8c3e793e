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
