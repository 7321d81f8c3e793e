//! The embedded Python files, and one run of them in a child process. Knows nothing of strategies or verdicts.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::error::RuntimeError;
use crate::install;
use crate::interpreter::{Interpreter, system_env};
use crate::process::{self, Cancel, Exit, Job, Limits};
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
    "attempts.py",
    "cells.py",
    "conduct.py",
    "director.py",
    "driver.py",
    "explore.py",
    "idle.py",
    "infer.py",
    "lane.py",
    "monitor.py",
    "objects.py",
    "piece.py",
    "points.py",
    "program.py",
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
    "strategies/oracle.py",
    "strategies/register.py",
    "strategies/split_update.py",
    "strategies/test_and_set.py",
    "syntax.py",
    "target.py",
    "types.py",
    "values.py",
    "world.py",
];

/// Loads the package, writing byte code only for it, and leaves `sys.path` as it was.
const BOOT: &str = "import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = False
from ftlint_replay.__main__ import main
sys.dont_write_bytecode = True; sys.path.pop(0); sys.exit(main(sys.argv[2], sys.argv[3]))";

/// Time for the start of the interpreter and for the harness itself.
const MARGIN: Duration = Duration::from_secs(5);

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
    cancel: &Cancel,
) -> Result<Observation, RuntimeError> {
    let directory = unpacked()?;
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
    job.cancel = cancel.clone();
    let outcome = process::run(&job)?;
    if outcome.exit == Exit::Cancelled {
        return Err(RuntimeError::Harness("the replay was cancelled".to_owned()));
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
        return Err(RuntimeError::Harness(format!(
            "it ended ({:?}) before it was done\n{tail}",
            outcome.exit
        )));
    }
    let lines = lines.into_iter().filter(|it| !matches!(it, Line::Hello(_) | Line::Done)).collect();
    Ok(Observation { lines })
}

/// The directory with the package; written when it is not there or not what it should be.
fn unpacked() -> Result<PathBuf, RuntimeError> {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    if let Some(directory) = DONE.get() {
        return Ok(directory.clone());
    }
    let mut hash = Sha256::new();
    for (name, text) in FILES {
        hash.update(name);
        hash.update(text);
    }
    let digest = hash.finalize();
    let start = digest.iter().take(8).fold(0_u64, |sum, it| sum << 8 | u64::from(*it));
    let name = format!("{start:016x}");
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
