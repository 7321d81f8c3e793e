//! Has uv fetch a ready build into our workspace. uv verifies what it downloads by its own table.

use super::{Progress, Wanted, tool};
use crate::error::RuntimeError;
use crate::interpreter::{Env, Interpreter, Origin, Outcome, probe_file};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The build's directory, and the interpreter in it; `None` when uv is not there or could not get one.
pub(super) fn fetch(
    wanted: &Wanted,
    workspace: &Path,
    env: Env<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<(PathBuf, Interpreter)>, RuntimeError> {
    let Some(uv) = tool::locate("uv", env) else { return Ok(None) };
    let request = wanted.for_uv();
    progress(Progress::Step(&format!("asking uv for CPython {request}")));
    let (place, log) = (workspace.join("uv"), workspace.join("uv.log"));
    let mut command = Command::new(uv);
    command.args(["python", "install", &request]).current_dir(workspace);
    // Into our workspace only: neither uv's own store nor the user's `~/.local/bin` are touched.
    command.env("UV_PYTHON_INSTALL_DIR", &place).env("UV_PYTHON_BIN_DIR", workspace.join("uv-bin"));
    command
        .env("UV_PYTHON_INSTALL_BIN", "0")
        .env("UV_HTTP_TIMEOUT", "20")
        .env("UV_HTTP_RETRIES", "1");
    let status = tool::run(&mut command, &log, progress)?;
    if !status.success() {
        let said = tool::tail(&log, 1).pop().unwrap_or_else(|| status.to_string());
        progress(Progress::Note(&format!(
            "uv could not provide CPython {request}: {}",
            said.trim()
        )));
        return Ok(None);
    }
    for (directory, program) in programs(&place) {
        if let Outcome::Usable(found) = probe_file(&program, Origin::Cache, env)?
            && found.free_threaded
            && wanted.fits(found.version)
        {
            return Ok(Some((directory, found)));
        }
    }
    progress(Progress::Note(&format!("uv installed no free-threaded CPython {request}")));
    Ok(None)
}

/// Each build below uv's directory, with its program.
fn programs(place: &Path) -> Vec<(PathBuf, PathBuf)> {
    let Ok(entries) = place.read_dir() else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()))
        .map(|entry| (entry.path(), entry.path().join("bin").join("python3")))
        .filter(|(_, program)| program.exists())
        .collect()
}
