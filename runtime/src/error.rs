//! What can go wrong in this crate. A verdict is never an error, and trouble of ours is never a verdict.

use crate::interpreter::Origin;
use std::io;
use std::path::PathBuf;

/// Trouble that is not a verdict. One variant for each thing a caller does about it.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The interpreter that was asked for by name cannot be used: a mistake of the caller, to be corrected there.
    #[error("{origin} names `{}`, which cannot be used: {reason}", path.display())]
    BadInterpreter {
        /// Who named it: `--python` or `FTLINT_PYTHON`.
        origin: Origin,
        /// What was named.
        path: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },
    /// The version asked for is not one that can be installed.
    #[error("cannot install CPython {asked}: {reason}")]
    BadVersion {
        /// What was asked for.
        asked: String,
        /// Why not, and which versions there are.
        reason: String,
    },
    /// Something must be installed by hand first; the text says what and how.
    #[error("{0}")]
    MissingTool(String),
    /// The installation failed; nothing was left behind that could be chosen.
    #[error("{0}")]
    Install(String),
    /// A schedule that belongs to something else than what is here; the text says to what.
    #[error("{0}")]
    Refused(String),
    /// The harness or its child process did not behave as agreed.
    #[error("replay harness: {0}")]
    Harness(String),
    /// The code under replay was stopped by a limit that the harness itself never reaches.
    #[error("{0}")]
    Contained(String),
    /// A file or process could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// This system cannot isolate a replay.
    #[error(
        "replay needs Linux or macOS: process groups and resource limits are not available here"
    )]
    Unsupported,
}

impl RuntimeError {
    /// For `map_err`: adds what was tried.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> RuntimeError {
        let what = what.into();
        move |source| RuntimeError::Io { what, source }
    }
}
