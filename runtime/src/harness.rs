//! The embedded Python files, and one run of them in a child process. Knows nothing of strategies or verdicts.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::Options;
use crate::error::RuntimeError;
use crate::install;
use crate::interpreter::{Interpreter, system_env};
use crate::process::{self, Exit, Job, Limits};
use crate::protocol::{self, Line, Request};

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../harness/ftlint_replay/", $name)))),*]
    };
}

/// Path below the package, and text.
const FILES: &[(&str, &str)] = embedded![
    "__init__.py",
    "__main__.py",
    "arguments.py",
    "armed.py",
    "attempts.py",
    "cells.py",
    "conduct.py",
    "director.py",
    "driver.py",
    "entry.py",
    "exclusion.py",
    "explore.py",
    "idle.py",
    "infer.py",
    "lane.py",
    "monitor.py",
    "objects.py",
    "piece.py",
    "points.py",
    "program.py",
    "proof.py",
    "protocol.py",
    "roles.py",
    "roots.py",
    "schedule.py",
    "shown.py",
    "slices.py",
    "strategies/__init__.py",
    "strategies/check_then_act.py",
    "strategies/contend.py",
    "strategies/copy_then_clear.py",
    "strategies/gil_flip.py",
    "strategies/hammer.py",
    "strategies/init_once.py",
    "strategies/interleave.py",
    "strategies/iterate.py",
    "strategies/lock_order.py",
    "strategies/oracle.py",
    "strategies/reacquire.py",
    "strategies/register.py",
    "strategies/split_update.py",
    "strategies/test_and_set.py",
    "syntax.py",
    "target.py",
    "tests_in_threads.py",
    "types.py",
    "usage.py",
    "values.py",
    "waits.py",
    "ways.py",
    "world.py",
];

/// Closes what was inherited, loads the package and leaves `sys.path` as it was.
const BOOT: &str = "import os, sys; os.closerange(3, min(os.sysconf('SC_OPEN_MAX'), 1 << 20)); sys.path.insert(0, sys.argv[1])
from ftlint_replay.__main__ import main
sys.path.pop(0); sys.exit(main(sys.argv[2], sys.argv[3]))";

/// Loads the package once without a sandbox, which would keep its byte code from being written.
const COMPILE: &str = "import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = False
import ftlint_replay.__main__";

/// Time for the start of the interpreter, and for the attempt that runs when the time of the search is over: it has its
/// own limit, and so has each of its controls.
const MARGIN: Duration = Duration::from_secs(20);

/// What one child told.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// The lines, without `hello` and `done`.
    pub lines: Vec<Line>,
}

/// Asks the harness once. Everything that is not an answer in the agreed form is an error.
pub(crate) fn ask(
    interpreter: &Interpreter,
    request: &Request,
    options: &Options,
) -> Result<Observation, RuntimeError> {
    let directory = unpacked()?;
    compile(interpreter, &directory)?;
    let mut job = Job::new(&interpreter.executable)?;
    let path = job.scratch.path().join("request.json");
    let text = serde_json::to_vec(request).map_err(|it| RuntimeError::Harness(it.to_string()))?;
    fs::write(&path, text).map_err(RuntimeError::io("cannot write the request of a replay"))?;
    job.args = vec!["-X".into(), "utf8".into(), "-P".into(), "-c".into(), BOOT.into()];
    job.args.extend([directory.into(), path.into(), job.scratch.results().into()]);
    job.limits = Limits {
        wall: Duration::from_secs_f64(request.total_seconds) + MARGIN,
        ..Limits::default()
    };
    job.cancel = options.cancel.clone();
    job.sandbox = options.sandbox;
    let outcome = process::run(&job)?;
    if outcome.exit == Exit::Cancelled {
        return Err(RuntimeError::Harness("the replay was cancelled".to_owned()));
    }
    if outcome.exit == Exit::ProcessLimit {
        let limit = job.limits.processes;
        let text = format!("the code started more than {limit} processes and was stopped");
        return Err(RuntimeError::Contained(text));
    }
    let lines = outcome.results.iter().map(|it| parse(it)).collect::<Result<Vec<_>, _>>()?;
    checked(lines, &outcome)
}

fn parse(line: &str) -> Result<Line, RuntimeError> {
    serde_json::from_str(line).map_err(|it| {
        RuntimeError::Harness(format!("a result line cannot be read ({it}): {line:.200}"))
    })
}

fn checked(lines: Vec<Line>, outcome: &process::Outcome) -> Result<Observation, RuntimeError> {
    for line in &lines {
        match line {
            Line::Trouble { text } => return Err(RuntimeError::Harness(text.clone())),
            Line::Hello(hello) if hello.version != protocol::VERSION => {
                return Err(RuntimeError::Harness(format!("it speaks version {}", hello.version)));
            }
            _ => {}
        }
    }
    let complete =
        matches!(lines.first(), Some(Line::Hello(_))) && matches!(lines.last(), Some(Line::Done));
    if !complete {
        let text = outcome.stderr.text();
        let start = text.len().saturating_sub(2000);
        let tail = text.get(start..).unwrap_or(&text).trim();
        let how = match outcome.exit {
            Exit::Signal(signal) => {
                format!("by signal {signal}, perhaps from the code under replay,")
            }
            exit => format!("({exit:?})"),
        };
        let text = format!("it ended {how} before it was done\n{tail}");
        return Err(RuntimeError::Harness(text.trim_end().to_owned()));
    }
    let lines = lines.into_iter().filter(|it| !matches!(it, Line::Hello(_) | Line::Done)).collect();
    Ok(Observation { lines })
}

/// Sixteen hexadecimal digits that are others as soon as the harness is another one.
pub(crate) fn version() -> String {
    let mut hash = Sha256::new();
    for (name, text) in FILES {
        hash.update(name);
        hash.update(text);
    }
    let digest = hash.finalize();
    let start = digest.iter().take(8).fold(0_u64, |sum, it| sum << 8 | u64::from(*it));
    format!("{start:016x}")
}

/// The directory with the package; written when it is not there or not what it should be.
pub(crate) fn unpacked() -> Result<PathBuf, RuntimeError> {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    if let Some(directory) = DONE.get() {
        return Ok(directory.clone());
    }
    let name = version();
    let base = install::cache_directory(&system_env)
        .unwrap_or_else(|| std::env::temp_dir().join("ftlint"));
    let directory = base.join("harness").join(name);
    for (name, text) in FILES {
        write(&directory.join("ftlint_replay").join(name), text).map_err(RuntimeError::io(
            format!("cannot write the replay harness to {}", directory.display()),
        ))?;
    }
    Ok(DONE.get_or_init(|| directory).clone())
}

/// Writes the byte code of the package, once for each interpreter. Without it a replay only starts more slowly.
fn compile(interpreter: &Interpreter, directory: &Path) -> Result<(), RuntimeError> {
    static DONE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if done.contains(&interpreter.executable) {
        return Ok(());
    }
    done.push(interpreter.executable.clone());
    let suffix = if interpreter.free_threaded { "t" } else { "" };
    let version = interpreter.version;
    let tag = format!("cpython-{}{}{suffix}", version.major, version.minor);
    let last = directory.join("ftlint_replay/__pycache__").join(format!("__main__.{tag}.pyc"));
    if !last.exists() {
        let mut job = Job::new(&interpreter.executable)?;
        job.args = ["-X", "utf8", "-P", "-c", COMPILE].map(Into::into).into();
        job.args.push(directory.into());
        process::run(&job)?;
    }
    Ok(())
}

/// Replaces a file that differs, in one step, because another ftlint may read it now.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::read(path).is_ok_and(|it| it == text.as_bytes()) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
