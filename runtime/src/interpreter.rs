//! Finds the `CPython` that replays run on, and says where it looked and why it chose.
//!
//! Every candidate is believed only after it was run. Nothing is installed here: that is `install`.

use crate::error::RuntimeError;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) mod places;
mod probe;
#[cfg(test)]
#[cfg(unix)]
pub(crate) mod tests;

use places::Place;

/// How variables of the environment are read.
pub(crate) type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

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
    let mut search = Search::default();
    search.named(request)?;
    search.first(places::free_threaded(request.env), request, |it| it.free_threaded)?;
    search.first(places::others(request.env), request, |_| true)?;
    let candidates = search.candidates;
    // A build with the GIL may be called `python3.14t`; it was passed over, and is better than nothing.
    let chosen = search.chosen.or_else(|| candidates.iter().position(|it| it.usable().is_some()));
    let chosen = chosen
        .and_then(|index| candidates.get(index))
        .and_then(|it| Some((it.usable()?.clone(), &it.why)));
    let why = match &chosen {
        Some((found, why)) if matches!(found.origin, Origin::Argument | Origin::Variable) => {
            (*why).clone()
        }
        Some((found, why)) if found.free_threaded => format!("the first free-threaded one: {why}"),
        Some((_, why)) => format!("no free-threaded CPython was found; it is {why}"),
        None => format!("no CPython from {}.{} on was found", OLDEST.0, OLDEST.1),
    };
    Ok(Found { chosen: chosen.map(|(found, _)| found), why, candidates })
}

/// Runs one file, found by no search: for what was just installed.
pub(crate) fn probe_file(
    path: &Path,
    origin: Origin,
    env: Env<'_>,
) -> Result<Outcome, RuntimeError> {
    Ok(probe::probe(path, origin, env)?.outcome)
}

#[derive(Default)]
struct Search {
    candidates: Vec<Candidate>,
    /// Index of the choice in `candidates`.
    chosen: Option<usize>,
    /// Real file and prefix of what was found usable: the same one under a second name is not listed again.
    known: Vec<(PathBuf, PathBuf)>,
}

impl Search {
    fn named(&mut self, request: &Request<'_>) -> Result<(), RuntimeError> {
        let variable =
            (request.env)("FTLINT_PYTHON").filter(|value| !value.is_empty()).map(PathBuf::from);
        let (origin, name) = match (request.python, variable) {
            (Some(path), _) => (Origin::Argument, path.to_owned()),
            (None, Some(path)) => (Origin::Variable, path),
            (None, None) => return Ok(()),
        };
        let Some(path) = places::named(&name, request.env) else {
            let reason = "there is no such interpreter".to_owned();
            return Err(RuntimeError::BadInterpreter { origin, path: name, reason });
        };
        self.chosen =
            self.look_at(Place { path, origin, why: format!("named by {origin}") }, request)?;
        match self.candidates.last().map(|it| &it.outcome) {
            Some(Outcome::Rejected(reason)) => {
                Err(RuntimeError::BadInterpreter { origin, path: name, reason: reason.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Looks at `places` in order, and chooses the first that fits if nothing was chosen yet.
    fn first(
        &mut self,
        places: Vec<Place>,
        request: &Request<'_>,
        fits: impl Fn(&Interpreter) -> bool,
    ) -> Result<(), RuntimeError> {
        for place in places {
            if self.chosen.is_some() && request.extent == Extent::UntilChosen {
                return Ok(());
            }
            let index = self.look_at(place, request)?;
            let found =
                index.and_then(|index| self.candidates.get(index)).and_then(Candidate::usable);
            if self.chosen.is_none() && found.is_some_and(&fits) {
                self.chosen = index;
            }
        }
        Ok(())
    }

    /// Runs one candidate and lists it; `None` when it is listed under another name.
    fn look_at(
        &mut self,
        place: Place,
        request: &Request<'_>,
    ) -> Result<Option<usize>, RuntimeError> {
        let Place { path, origin, why } = place;
        if self.candidates.iter().any(|it| it.path == path) {
            return Ok(None);
        }
        let probed = probe::probe(&path, origin, request.env)?;
        if let Some(identity) = probed.identity {
            if self.known.contains(&identity) {
                return Ok(None);
            }
            self.known.push(identity);
        }
        self.candidates.push(Candidate { path, origin, outcome: probed.outcome, why });
        Ok(Some(self.candidates.len() - 1))
    }
}

impl Candidate {
    /// The interpreter, if it can be used.
    pub fn usable(&self) -> Option<&Interpreter> {
        match &self.outcome {
            Outcome::Usable(interpreter) => Some(interpreter),
            Outcome::Rejected(_) => None,
        }
    }
}

impl Version {
    /// The version at the start of a text, and what follows it: "3.14.5t" is 3.14.5 and "t"; 3.14 is 3.14.0.
    pub(crate) fn leading(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        let mut parts = digits.split('.').map(str::parse::<u32>);
        let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
        let micro = parts.next().transpose().ok()?.unwrap_or(0);
        parts.next().is_none().then_some((Self { major, minor, micro }, rest))
    }
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
