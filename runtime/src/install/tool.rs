//! Runs the tools that an installation needs, with their output in a log.

use super::Progress;
use crate::error::RuntimeError;
use crate::interpreter::{Env, places};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// How often the log is looked at for the spinner.
const GLANCE: Duration = Duration::from_millis(100);

/// How much of the end of a log is read.
const TAIL: u64 = 4096;

/// Variables that would change what is built, or where it goes.
const DISTURBING: &[&str] =
    &["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR", "PYTHONHOME", "PYTHONPATH", "CONFIG_SITE"];

/// Where a tool is.
pub(super) fn locate(name: &str, env: Env<'_>) -> Option<PathBuf> {
    places::search_path(env, name)
}

/// Runs a command to its end, its output appended to `log`. An exit code is not an error here.
pub(crate) fn run(
    command: &mut Command,
    log: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<ExitStatus, RuntimeError> {
    let cannot = || RuntimeError::io(format!("cannot write {}", log.display()));
    let out = File::options().create(true).append(true).open(log).map_err(cannot())?;
    let err = out.try_clone().map_err(cannot())?;
    for name in DISTURBING {
        command.env_remove(name);
    }
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let mut child = command.spawn().map_err(RuntimeError::io(format!("cannot start {name}")))?;
    let mut shown = String::new();
    loop {
        if let Some(status) =
            child.try_wait().map_err(RuntimeError::io(format!("cannot wait for {name}")))?
        {
            return Ok(status);
        }
        if let Some(line) = tail(log, 1).pop().filter(|line| *line != shown) {
            progress(Progress::Output(&line));
            shown = line;
        }
        thread::sleep(GLANCE);
    }
}

/// The same, where anything but success ends the installation.
pub(crate) fn must(
    command: &mut Command,
    log: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), RuntimeError> {
    let status = run(command, log, progress)?;
    if status.success() {
        return Ok(());
    }
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Err(RuntimeError::Install(format!(
        "{name} failed ({status}); its last lines:\n  {}",
        tail(log, 15).join("\n  ")
    )))
}

/// The last lines of a log that are not empty, the oldest first.
pub(crate) fn tail(log: &Path, count: usize) -> Vec<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    // A progress bar begins its line anew with a carriage return.
    let mut lines: Vec<_> =
        text.split(['\n', '\r']).rev().map(str::trim_end).filter(|it| !it.is_empty()).collect();
    lines.truncate(count);
    lines.into_iter().rev().map(str::to_owned).collect()
}

/// Creates a directory and its parents.
pub(crate) fn make_directory(path: &Path) -> Result<(), RuntimeError> {
    fs::create_dir_all(path).map_err(RuntimeError::io(format!("cannot create {}", path.display())))
}
