//! Where interpreters are: names on `PATH`, and the directories of ftlint, uv and pyenv. Reads directories, runs nothing.

use super::{Origin, Version};
use crate::install;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Free-threaded builds are called so, newest first.
const FREE_THREADED_NAMES: &[&str] = &["python3.15t", "python3.14t", "python3.13t"];

/// For the fallback: first what the user runs, which may have the project's dependencies, then the newest.
const OTHER_NAMES: &[&str] =
    &["python3", "python", "python3.15", "python3.14", "python3.13", "python3.12", "python3.11"];

/// A file worth running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
    pub(super) why: String,
}

/// Where free-threaded builds are, in the order of preference.
pub(super) fn free_threaded(env: Env<'_>) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some(cache) = install::cache_directory(env) {
        managed(
            &install::python_directory(&cache),
            Origin::Cache,
            Build::FreeThreaded,
            &mut places,
        );
    }
    on_path(env, FREE_THREADED_NAMES, &mut places);
    managers(env, Build::FreeThreaded, &mut places);
    places
}

/// Where all others are, in the order of preference.
pub(super) fn others(env: Env<'_>) -> Vec<Place> {
    let mut places = Vec::new();
    on_path(env, OTHER_NAMES, &mut places);
    managers(env, Build::Usual, &mut places);
    places
}

/// The file that `--python` or `FTLINT_PYTHON` means: a virtual environment, a path, or a name on `PATH`.
pub(super) fn named(name: &Path, env: Env<'_>) -> Option<PathBuf> {
    if name.is_dir() {
        let inside = ["bin/python3", "bin/python"].map(|it| name.join(it));
        return inside
            .into_iter()
            .find(|it| it.is_file())
            .and_then(|it| std::path::absolute(it).ok());
    }
    if name.exists() {
        return std::path::absolute(name).ok();
    }
    if name.components().count() == 1 { search_path(env, name) } else { None }
}

/// The first executable file of this name on `PATH`.
pub(crate) fn search_path(env: Env<'_>, name: impl AsRef<Path>) -> Option<PathBuf> {
    let path = env("PATH")?;
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name.as_ref()))
        .find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

fn on_path(env: Env<'_>, names: &[&str], places: &mut Vec<Place>) {
    places.extend(names.iter().filter_map(|name| {
        let path = search_path(env, name)?;
        Some(Place { path, origin: Origin::Path, why: format!("`{name}` on PATH") })
    }));
}

/// What a directory of a manager is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Build {
    FreeThreaded,
    Usual,
}

fn managers(env: Env<'_>, build: Build, places: &mut Vec<Place>) {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = |below: &str| set("HOME").map(|home| home.join(below));
    let uv = set("UV_PYTHON_INSTALL_DIR")
        .or_else(|| set("XDG_DATA_HOME").map(|data| data.join("uv/python")))
        .or_else(|| home(".local/share/uv/python"));
    let pyenv = set("PYENV_ROOT").or_else(|| home(".pyenv")).map(|root| root.join("versions"));
    for (directory, origin) in [(uv, Origin::Uv), (pyenv, Origin::Pyenv)] {
        if let Some(directory) = directory {
            managed(&directory, origin, build, places);
        }
    }
}

/// The interpreters below a directory that has one in each entry, newest first.
fn managed(directory: &Path, origin: Origin, build: Build, places: &mut Vec<Place>) {
    let Ok(entries) = directory.read_dir() else { return };
    let mut found: Vec<(Version, String)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            // uv links `cpython-3.14` to the newest patch; a hidden entry is one being made.
            let is_alias = origin == Origin::Uv && entry.file_type().ok()?.is_symlink();
            let (version, its_build) = describe(&name)?;
            (!is_alias && its_build == build && (version.major, version.minor) >= super::OLDEST)
                .then_some((version, name))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    places.extend(found.into_iter().filter_map(|(version, name)| {
        let suffix = if build == Build::FreeThreaded { "t" } else { "" };
        let names =
            [format!("python{}.{}{suffix}", version.major, version.minor), "python3".to_owned()];
        let bin = directory.join(&name).join("bin");
        let path = names.iter().map(|name| bin.join(name)).find(|file| is_executable(file))?;
        Some(Place { path, origin, why: format!("`{name}` of {origin}") })
    }));
}

/// Reads `3.13.0t`, `cpython-3.14.5t`, `cpython-3.14.5+freethreaded-linux-x86_64-gnu`. Others (`pypy3.10-7.3`) are none.
fn describe(entry: &str) -> Option<(Version, Build)> {
    let name = entry.strip_prefix("cpython-").unwrap_or(entry);
    let (version, rest) = Version::leading(name)?;
    let tag = rest.split('-').next().unwrap_or_default();
    let is_free = tag.ends_with("+freethreaded") || tag.ends_with('t');
    Some((version, if is_free { Build::FreeThreaded } else { Build::Usual }))
}
