//! The directory of our interpreters: `cpython-3.14.5t` and the like, each complete from the moment it has that name.
//! What is being made has a hidden name beside them, which no search looks at. One process at a time writes here.

use super::build::remove;
use super::tool::make_directory;
use super::{Progress, Wanted};
use crate::error::RuntimeError;
use crate::interpreter::{Env, Interpreter, Origin, Outcome, Version, probe_file};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// How the hidden names begin.
const UNFINISHED: &str = ".unfinished-";

/// The directory, locked until this is dropped.
#[derive(Debug)]
pub(super) struct Store {
    directory: PathBuf,
    _lock: File,
}

/// A hidden directory, removed on drop. After a crash the next [`Store::workspace`] removes it.
#[derive(Debug)]
pub(super) struct Workspace(PathBuf);

impl Workspace {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = remove(&self.0);
    }
}

impl Store {
    /// Waits for another installation to end.
    pub(super) fn open(
        directory: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Self, RuntimeError> {
        make_directory(directory)?;
        // Everything below is run from elsewhere, and configured with full paths.
        let directory = directory
            .canonicalize()
            .map_err(RuntimeError::io(format!("cannot use {}", directory.display())))?;
        let path = directory.join(".lock");
        let cannot = || RuntimeError::io(format!("cannot lock {}", path.display()));
        let lock = File::options().create(true).append(true).open(&path).map_err(cannot())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress(Progress::Step("waiting for another installation to end"));
                lock.lock().map_err(cannot())?;
            }
            Err(TryLockError::Error(error)) => return Err(cannot()(error)),
        }
        Ok(Self { directory, _lock: lock })
    }

    /// The newest interpreter here that is wanted and works.
    pub(super) fn find(
        &self,
        wanted: &Wanted,
        env: Env<'_>,
    ) -> Result<Option<(PathBuf, Interpreter)>, RuntimeError> {
        let entries =
            self.directory.read_dir().map_err(RuntimeError::io("cannot read the cache"))?;
        let mut fitting: Vec<(Version, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let (version, rest) = Version::leading(name.strip_prefix("cpython-")?)?;
                (rest == "t" && wanted.fits(version)).then(|| (version, entry.path()))
            })
            .collect();
        fitting.sort_by(|a, b| b.cmp(a));
        for (version, directory) in fitting {
            if let Ok(interpreter) = check(&directory, version, env)? {
                return Ok(Some((directory, interpreter)));
            }
        }
        Ok(None)
    }

    /// A new hidden directory; those that an interrupted installation left are removed.
    pub(super) fn workspace(&self) -> Result<Workspace, RuntimeError> {
        let entries =
            self.directory.read_dir().map_err(RuntimeError::io("cannot read the cache"))?;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                remove(&entry.path())?;
            }
        }
        let workspace =
            Workspace(self.directory.join(format!("{UNFINISHED}{}", std::process::id())));
        make_directory(workspace.path())?;
        Ok(workspace)
    }

    /// Moves a log out of a workspace, to be read after a failure; `None` when there is none.
    pub(super) fn keep_log(&self, log: &Path) -> Option<PathBuf> {
        let kept = self.directory.join("failed-build.log");
        fs::rename(log, &kept).ok()?;
        Some(kept)
    }

    /// Gives a finished build its name, and runs it there: before, to let nothing broken in; after, because it was
    /// configured for another place.
    pub(super) fn adopt(
        &self,
        built: &Path,
        version: Version,
        env: Env<'_>,
    ) -> Result<(PathBuf, Interpreter), RuntimeError> {
        let broken = |reason: String| {
            RuntimeError::Install(format!("CPython {version} was built, but {reason}"))
        };
        check(built, version, env)?.map_err(broken)?;
        let directory = self.directory.join(format!("cpython-{version}t"));
        // Whatever has the name does not work, or it would have been found.
        remove(&directory)?;
        fs::rename(built, &directory).map_err(RuntimeError::io(format!(
            "cannot move the build to {}",
            directory.display()
        )))?;
        match check(&directory, version, env)? {
            Ok(interpreter) => Ok((directory, interpreter)),
            Err(reason) => {
                remove(&directory)?;
                Err(broken(format!("in its final place {reason}")))
            }
        }
    }
}

/// Runs the interpreter of a directory; the inner error says what is wrong with it.
fn check(
    directory: &Path,
    version: Version,
    env: Env<'_>,
) -> Result<Result<Interpreter, String>, RuntimeError> {
    let bin = directory.join("bin");
    let named = bin.join(format!("python{}.{}t", version.major, version.minor));
    let program = if named.exists() { named } else { bin.join("python3") };
    Ok(match probe_file(&program, Origin::Cache, env)? {
        Outcome::Rejected(reason) => Err(format!("it {reason}")),
        Outcome::Usable(found) if !found.free_threaded => Err("it runs with the GIL".into()),
        Outcome::Usable(found) if found.version != version => {
            Err(format!("it says it is {}", found.version))
        }
        Outcome::Usable(found) => Ok(found),
    })
}
