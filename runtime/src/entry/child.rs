//! One run of the command in a child process: the request, and the lines that come back. `entry.py` is the other side.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::RuntimeError;
use crate::interpreter::Interpreter;
use crate::process::{self, Cancel, Exit, Job, Limits};
use crate::{harness, protocol};

/// Loads the package and leaves `sys.path` as it was.
const BOOT: &str = "import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = False
from ftlint_replay.entry import main
sys.dont_write_bytecode = True; sys.path.pop(0); sys.exit(main(sys.argv[2], sys.argv[3]))";

/// What the harness is asked for.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request<'a> {
    pub(super) words: &'a [String],
    /// None for a run without us.
    pub(super) windows: Vec<Armed<'a>>,
    /// How long threads may stand in all.
    pub(super) stop_seconds: f64,
    /// Tests to be run in several threads; all as they are when there are none.
    pub(super) tests: &'a [String],
    pub(super) threads: u32,
}

/// One window to be armed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Armed<'a> {
    pub(super) strategy: &'static str,
    pub(super) window: &'a protocol::Window,
    /// Only this one.
    pub(super) schedule: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Hello {},
    Found(Found),
    End(End),
    Trouble { text: String },
}

/// A violation that was seen.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Found {
    pub(super) window: usize,
    pub(super) schedule: String,
    pub(super) violation: String,
    pub(super) test: String,
    pub(super) steps: Vec<protocol::Step>,
}

/// What is told when the command ends.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct End {
    pub(super) gil: bool,
    pub(super) windows: Vec<Seen>,
}

/// What came to one window.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Seen {
    pub(super) hits: u64,
    pub(super) passed: u64,
    pub(super) stops: u32,
    pub(super) tests: Vec<String>,
    /// The file that the module of the window was imported from, when it is another one.
    #[serde(default)]
    pub(super) elsewhere: String,
}

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) found: Vec<Found>,
    /// `None` when the command ended its process itself, or was ended.
    pub(super) end: Option<End>,
    pub(super) exit: Exit,
    pub(super) elapsed: Duration,
    /// The last line of its output.
    pub(super) last_words: String,
}

/// Runs the command once.
pub(super) fn run(
    interpreter: &Interpreter,
    request: &Request<'_>,
    directory: &Path,
    limit: Duration,
    cancel: &Cancel,
) -> Result<Told, RuntimeError> {
    let package = harness::unpacked()?;
    let mut job = Job::new(&interpreter.executable)?;
    let path = job.scratch.path().join("request.json");
    let text = serde_json::to_vec(request).map_err(|it| RuntimeError::Harness(it.to_string()))?;
    fs::write(&path, text).map_err(RuntimeError::io("cannot write the request of a replay"))?;
    job.args = vec!["-X".into(), "utf8".into(), "-P".into(), "-c".into(), BOOT.into()];
    job.args.extend([package.into(), path.into(), job.scratch.results().into()]);
    job.directory = Some(directory.to_owned());
    job.limits = Limits { wall: limit, ..Limits::default() };
    job.cancel = cancel.clone();
    let outcome = process::run(&job)?;
    if outcome.exit == Exit::Cancelled {
        return Err(RuntimeError::Harness("the replay was cancelled".to_owned()));
    }
    told(&outcome)
}

fn told(outcome: &process::Outcome) -> Result<Told, RuntimeError> {
    let last = |text: String| text.trim_end().lines().last().unwrap_or_default().trim().to_owned();
    let (out, err) = (last(outcome.stdout.text()), last(outcome.stderr.text()));
    let last_words = if out.is_empty() { err } else { out };
    let mut res = Told {
        found: Vec::new(),
        end: None,
        exit: outcome.exit,
        elapsed: outcome.elapsed,
        last_words,
    };
    let mut greeted = false;
    for text in &outcome.results {
        let line = serde_json::from_str(text)
            .map_err(|it| RuntimeError::Harness(format!("a result line cannot be read ({it})")))?;
        match line {
            Line::Hello {} => greeted = true,
            Line::Found(it) => res.found.push(it),
            Line::End(it) => res.end = Some(it),
            Line::Trouble { text } => return Err(RuntimeError::Harness(text)),
        }
    }
    if !greeted {
        let said = outcome.stderr.text();
        return Err(RuntimeError::Harness(format!("it did not start: {}", said.trim())));
    }
    Ok(res)
}
