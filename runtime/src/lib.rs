//! Replays findings on a free-threaded `CPython`: a diagnostic in, a verdict out.
//!
//! [`plan`] says what has to run, [`harness`] runs it in child processes, [`judge`] says what it means. A finding is
//! confirmed only when one [`schedule`] shows the violation twice, and no serial order of the same calls shows it.

mod bound;
pub mod cache;
pub mod entry;
pub mod environment;
pub mod error;
pub mod harness;
pub mod install;
pub mod interpreter;
pub mod judge;
pub mod pinned;
pub mod plan;
pub mod process;
pub mod protocol;
pub mod schedule;
pub mod strategy;
pub mod verdict;

use std::path::absolute;
use std::time::{Duration, Instant};

use ftlint_analyzer::diagnostic::Diagnostic;

use crate::harness::Observation;
use crate::interpreter::Interpreter;
use crate::plan::{NotReplayable, ReplayPlan, Subject};
use crate::process::{Cancel, Sandbox};
use crate::protocol::{Request, VERSION};
use crate::schedule::Schedule;
use crate::verdict::{Status, Verdict};

/// Trouble that is not a verdict.
pub type ReplayError = error::RuntimeError;

/// How a finding is replayed.
#[derive(Clone, Debug)]
pub struct Options {
    /// The bound of the whole search for one finding.
    pub time_limit: Duration,
    /// The bound of one attempt.
    pub attempt_limit: Duration,
    /// What to do after the directed replay.
    pub contention: Contend,
    /// Repeat this schedule instead of searching one.
    pub schedule: Option<Schedule>,
    /// Whether the code is confined.
    pub sandbox: Sandbox,
    /// Stops the replay from another thread.
    pub cancel: Cancel,
}

/// Whether uncontrolled threads run after a directed replay has shown something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contend {
    /// They do, on free-threaded interpreters.
    Try,
    /// They do not.
    Skip,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            time_limit: Duration::from_secs(6),
            attempt_limit: Duration::from_secs(2),
            contention: Contend::Try,
            schedule: None,
            sandbox: Sandbox::On,
            cancel: Cancel::default(),
        }
    }
}

/// Replays one finding. An error is trouble of ftlint or of the interpreter, never of the user's code.
pub fn replay(
    interpreter: &Interpreter,
    diagnostic: &Diagnostic,
    options: &Options,
) -> Result<Verdict, ReplayError> {
    let started = Instant::now();
    let mut verdict = match plan::plan(diagnostic) {
        Ok(plan) => match run(interpreter, &plan, options) {
            Ok(it) => bound::told(remarked(judge::judge(&plan, &it), interpreter, &it), &it),
            Err(ReplayError::Contained(reason)) => {
                Verdict { reason: Some(reason), ..judge::blank(Status::NotReplayable) }
            }
            Err(error) => return Err(error),
        },
        Err(NotReplayable(reason)) => {
            Verdict { reason: Some(reason), ..judge::blank(Status::NotReplayable) }
        }
    };
    if let Some(text) = verdict.schedule.take() {
        verdict.schedule = Some(pinned::with_pin(&text, interpreter, diagnostic)?);
    }
    verdict.runtime = Some(interpreter.to_string());
    verdict.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(verdict)
}

/// Searches, and repeats what was found in another process.
fn run(
    interpreter: &Interpreter,
    plan: &ReplayPlan,
    options: &Options,
) -> Result<Vec<Observation>, ReplayError> {
    let mut request = request(plan, options)?;
    let first = harness::ask(interpreter, &request, options)?;
    if matches!(plan.subject, Subject::Import { .. }) {
        let second = harness::ask(interpreter, &request, options)?;
        return Ok(vec![first, second]);
    }
    let Some(schedule) = judge::found(&first).map(|it| it.schedule.clone()) else {
        return Ok(vec![first]);
    };
    request.action = "repeat";
    request.schedule = Some(schedule);
    request.contention = options.contention == Contend::Try && interpreter.free_threaded;
    let second = harness::ask(interpreter, &request, options)?;
    Ok(vec![first, second])
}

fn request(plan: &ReplayPlan, options: &Options) -> Result<Request, ReplayError> {
    let mut request = Request {
        version: VERSION,
        action: "explore",
        strategy: strategy::name(plan.strategy),
        window: None,
        program: None,
        schedule: options.schedule.as_ref().map(ToString::to_string),
        contention: false,
        attempt_seconds: options.attempt_limit.as_secs_f64(),
        total_seconds: options.time_limit.as_secs_f64(),
        import_module: String::new(),
        import_root: String::new(),
    };
    match &plan.subject {
        Subject::Import { module, root } => {
            request.action = "import";
            request.import_module.clone_from(module);
            request.import_root = full(root)?;
        }
        Subject::Window { window, program } => {
            let mut window = (**window).clone();
            for site in [&mut window.first, &mut window.last, &mut window.other] {
                site.file = full(&site.file)?;
                site.root = full(&site.root)?;
            }
            request.window = Some(window);
            request.program = program.as_deref().map(full).transpose()?;
        }
    }
    Ok(request)
}

/// The child has another working directory than we have.
pub(crate) fn full(path: &str) -> Result<String, ReplayError> {
    let path = if path.is_empty() { "." } else { path };
    let full = absolute(path).map_err(ReplayError::io(format!("cannot make `{path}` absolute")))?;
    Ok(full.to_string_lossy().into_owned())
}

/// Adds why real contention was not tried.
fn remarked(
    mut verdict: Verdict,
    interpreter: &Interpreter,
    observations: &[Observation],
) -> Verdict {
    let windows = observations.iter().flat_map(|it| &it.lines);
    let gil = windows
        .filter_map(|it| if let protocol::Line::Attempt(it) = it { it.gil } else { None })
        .any(|it| it);
    let is_import = verdict.strategy.as_deref() == Some("gil_flip");
    let remark = if is_import || verdict.status == Status::NotReplayable {
        return verdict;
    } else if !interpreter.free_threaded {
        format!("real contention was not tried: {interpreter} has the GIL")
    } else if gil {
        "real contention was not tried: an import switched the GIL back on".to_owned()
    } else {
        return verdict;
    };
    verdict.reason =
        Some(verdict.reason.map_or_else(|| remark.clone(), |it| format!("{it}; {remark}")));
    verdict
}
