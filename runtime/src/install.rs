//! Provisions a free-threaded `CPython` in ftlint's own cache: from uv where it is there, else built from the source
//! release, whose SHA-256 must be one we know.

use crate::error::RuntimeError;
use crate::interpreter::{Interpreter, Version};
use crate::process::{self, Job};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

mod build;
mod fetch;
mod pins;
mod store;
#[cfg(test)]
#[cfg(unix)]
mod tests;
pub(crate) mod tool;
mod uv;

use store::Store;

/// What to install.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `3.14.5`, `3.14`, with or without `t`; `None` for the first of [`offered`] that can be had.
    pub version: Option<&'a str>,
    /// `--source`: the tarball, as a file or a URL; then nothing else is tried.
    pub source: Option<&'a str>,
    /// The environment; `interpreter::system_env` outside tests.
    pub env: &'a dyn Fn(&str) -> Option<OsString>,
}

/// News of an installation, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A step begins: "downloading `CPython` 3.14.5".
    Step(&'a str),
    /// Something the person should still see at the end: "uv could not reach its source", "built without `_ssl`".
    Note(&'a str),
    /// The last line that the running tool printed; for a spinner only.
    Output(&'a str),
}

/// What was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The interpreter, probed at its final place.
    pub interpreter: Interpreter,
    /// Its directory in the cache.
    pub directory: PathBuf,
    /// Whether it had been there before.
    pub already: bool,
    /// Those of `_ctypes`, `_ssl`, `zlib` that it lacks.
    pub missing_modules: Vec<String>,
}

/// Installs into the cache. Safe to interrupt and to run twice at once.
pub fn install(
    request: &Request<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Installed, RuntimeError> {
    let wanted = Wanted::parse(request.version)?;
    let cache = cache_directory(request.env).ok_or_else(|| {
        RuntimeError::Install(
            "there is no place for the cache: set FTLINT_CACHE_DIR or HOME".into(),
        )
    })?;
    let store = Store::open(&python_directory(&cache), progress)?;
    if let Some((directory, interpreter)) = store.find(&wanted, request.env)? {
        let missing_modules = missing_modules(&interpreter)?;
        return Ok(Installed { interpreter, directory, already: true, missing_modules });
    }
    let workspace = store.workspace()?;
    let (built, version) = provide(request, &wanted, workspace.path(), progress)
        .map_err(|error| with_log(error, &workspace.path().join("build.log"), &store))?;
    let (directory, interpreter) = store.adopt(&built, version, request.env)?;
    let missing_modules = missing_modules(&interpreter)?;
    if !missing_modules.is_empty() {
        let names = missing_modules.join(", ");
        let why =
            "their headers were not there when it was built; replays that import them will fail";
        progress(Progress::Note(&format!("{interpreter} has no {names}: {why}")));
    }
    Ok(Installed { interpreter, directory, already: false, missing_modules })
}

/// A directory in the workspace that is ready to be moved into the cache.
fn provide(
    request: &Request<'_>,
    wanted: &Wanted,
    workspace: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(PathBuf, Version), RuntimeError> {
    let env = request.env;
    if request.source.is_none()
        && let Some((directory, found)) = uv::fetch(wanted, workspace, env, progress)?
    {
        return Ok((directory, found.version));
    }
    if !pins::PINS.iter().any(|pin| wanted.fits(pin.version)) {
        let reason =
            format!("it can be built for {} only, and uv did not provide it", offered().join(", "));
        return Err(RuntimeError::BadVersion { asked: wanted.to_string(), reason });
    }
    // Before the download: it would be for nothing.
    build::check_tools(env)?;
    let (tarball, pin) = match request.source {
        Some(source) => fetch::given(source, wanted, workspace, env, progress)?,
        None => fetch::first(wanted, workspace, env, progress)?,
    };
    let built = build::build(&tarball, pin, workspace, env, progress)?;
    Ok((built, pin.version))
}

/// Keeps the log of a build that failed, for the workspace goes away, and says where it is.
fn with_log(error: RuntimeError, log: &Path, store: &Store) -> RuntimeError {
    match (error, store.keep_log(log)) {
        (RuntimeError::Install(what), Some(kept)) => RuntimeError::Install(format!(
            "{what}
the whole log: {}",
            kept.display()
        )),
        (error, _) => error,
    }
}

/// The versions that can be built from source, best first: "3.14.5", ...
pub fn offered() -> Vec<&'static str> {
    pins::PINS.iter().map(|pin| pin.text).collect()
}

/// Which of the modules that need a library of the system cannot be imported.
fn missing_modules(interpreter: &Interpreter) -> Result<Vec<String>, RuntimeError> {
    const CODE: &str = "
import importlib, sys
with open(sys.argv[1], 'w') as file:
    for name in ('_ctypes', '_ssl', 'zlib'):
        try:
            importlib.import_module(name)
        except ImportError:
            file.write(name + '\\n')
";
    let mut job = Job::new(&interpreter.executable)?;
    job.args = ["-I", "-S", "-c", CODE].map(OsString::from).into();
    job.args.push(job.scratch.results().into());
    Ok(process::run(&job)?.results)
}

/// Which versions will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Any,
    Minor(u32, u32),
    Exact(Version),
}

impl Wanted {
    /// Reads `3.14.5`, `3.14`, with or without `t`.
    fn parse(asked: Option<&str>) -> Result<Self, RuntimeError> {
        let Some(asked) = asked else { return Ok(Self::Any) };
        let bad = |reason: &str| RuntimeError::BadVersion {
            asked: asked.to_owned(),
            reason: reason.to_owned(),
        };
        let Some((version, "" | "t")) = Version::leading(asked) else {
            return Err(bad("a version looks like 3.14 or 3.14.5"));
        };
        if (version.major, version.minor) < (3, 13) {
            return Err(bad("free-threaded builds begin with 3.13"));
        }
        let is_exact = asked.matches('.').count() == 2;
        Ok(if is_exact { Self::Exact(version) } else { Self::Minor(version.major, version.minor) })
    }

    fn fits(&self, version: Version) -> bool {
        match *self {
            Self::Any => true,
            Self::Minor(major, minor) => (major, minor) == (version.major, version.minor),
            Self::Exact(exact) => exact == version,
        }
    }

    /// In uv's words. What was not asked for is the minor version that we like best.
    fn for_uv(&self) -> String {
        match (self, pins::PINS.first()) {
            (Self::Any, Some(pin)) => format!("{}.{}t", pin.version.major, pin.version.minor),
            _ => format!("{self}t"),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("3.13 or newer"),
            Self::Minor(major, minor) => write!(f, "{major}.{minor}"),
            Self::Exact(version) => version.fmt(f),
        }
    }
}

/// `$FTLINT_CACHE_DIR`, `$XDG_CACHE_HOME/ftlint` or `~/.cache/ftlint`; `None` when none of the variables is set.
pub fn cache_directory(env: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("FTLINT_CACHE_DIR")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("ftlint")))
        .or_else(|| set("HOME").map(|home| home.join(".cache").join("ftlint")))
}

/// The interpreters' place in the cache.
pub(crate) fn python_directory(cache: &Path) -> PathBuf {
    cache.join("python")
}
