//! Provisions a free-threaded `CPython` in ftlint's own cache: from uv where it is there, else built from the source
//! release, whose SHA-256 must be one we know.

use crate::error::RuntimeError;
use crate::interpreter::Interpreter;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
    /// A step begins: "downloading CPython 3.14.5".
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
    _progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Installed, RuntimeError> {
    let _ = request;
    Err(RuntimeError::Install("not written yet".into()))
}

/// The versions that can be built from source, best first: "3.14.5", ...
pub fn offered() -> Vec<&'static str> {
    Vec::new()
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
