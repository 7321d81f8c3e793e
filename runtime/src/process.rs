//! Runs one child process apart from everything else: own process group, own temporary directory, clean
//! environment, limits on time, memory and output; nothing of it is alive afterwards.
//!
//! With [`Sandbox::On`] the child also writes nothing outside its directory and has no network, as far as the system can
//! enforce that ([`Enforced`]). Reading stays possible.

use crate::error::RuntimeError;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[cfg(unix)]
mod capture;
#[cfg(target_os = "linux")]
mod crowd;
mod enforced;
#[cfg(unix)]
mod group;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod sandbox_calls;
mod scratch;
#[cfg(unix)]
mod stragglers;
#[cfg(test)]
#[cfg(unix)]
mod tests;
#[cfg(unix)]
mod unix;

pub use enforced::{Enforced, Sandbox};
pub use scratch::Scratch;

/// A child process to be run once.
#[derive(Debug)]
pub struct Job {
    /// The program, with a path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What it reads on its standard input; `None` for an empty one.
    pub stdin: Option<Vec<u8>>,
    /// Its working directory; `None` for the scratch directory.
    pub directory: Option<PathBuf>,
    /// Variables set over the clean environment.
    pub env: Vec<(OsString, OsString)>,
    /// When it is stopped.
    pub limits: Limits,
    /// Whether it is confined.
    pub sandbox: Sandbox,
    /// Stops it from another thread.
    pub cancel: Cancel,
    /// Its temporary directory, also `HOME` and `TMPDIR`; removed when the job is dropped.
    pub scratch: Scratch,
}

/// The bounds of one child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time.
    pub wall: Duration,
    /// Private memory in bytes, per process; each thread's stack counts in full, mostly 8 MiB. The address space gets
    /// [`ADDRESS_SPACE_SLACK`] more. Linux only: macOS has no such limit.
    pub memory: u64,
    /// Bytes kept of each of stdout and stderr; the rest is read and dropped.
    pub output: usize,
    /// Bytes read of the result file.
    pub results: u64,
    /// The largest file it may write, in bytes.
    pub file_size: u64,
    /// How many processes its group may have. Linux only.
    pub processes: usize,
}

/// Address space over the memory limit: libraries mapped from files, and reservations that are never touched.
/// Free-threaded `CPython` reserves 1 GiB at its start, and does with less when it is refused.
pub const ADDRESS_SPACE_SLACK: u64 = 4 << 30;

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(10),
            memory: 4 << 30,
            output: 1 << 20,
            results: 16 << 20,
            file_size: 1 << 30,
            processes: 128,
        }
    }
}

/// A switch that stops jobs; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops every job that holds this switch, now or later.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was switched.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a child ended. All of these are observations, not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal: 11 is a segmentation fault, 6 an abort.
    Signal(i32),
    /// Killed at the wall-clock limit.
    TimeLimit,
    /// Killed because its group had more processes than it may.
    ProcessLimit,
    /// Killed because [`Job::cancel`] was switched.
    Cancelled,
}

/// Bytes of one output stream, up to [`Limits::output`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// What was kept: the beginning.
    pub bytes: Vec<u8>,
    /// How many bytes followed.
    pub dropped: u64,
}

impl Captured {
    /// As text; invalid UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// What a child did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// Its standard output.
    pub stdout: Captured,
    /// Its standard error.
    pub stderr: Captured,
    /// The complete lines of the result file ([`Scratch::results`]), in order, without line ends.
    pub results: Vec<String>,
    /// Whether something of the result file is missing above: a half line, or what was beyond the limit.
    pub results_cut: bool,
    /// Wall time from start to end.
    pub elapsed: Duration,
}

impl Job {
    /// A job with the default limits, a new scratch directory, and no arguments.
    pub fn new(program: impl Into<PathBuf>) -> Result<Self, RuntimeError> {
        Ok(Self {
            program: program.into(),
            args: Vec::new(),
            stdin: None,
            directory: None,
            env: Vec::new(),
            limits: Limits::default(),
            sandbox: Sandbox::default(),
            cancel: Cancel::default(),
            scratch: Scratch::new()?,
        })
    }
}

/// Runs a job to its end. Its whole process group is killed afterwards, however it ended, and on Linux also the
/// descendants that left the group. The scratch directory lives as long as the job.
pub fn run(job: &Job) -> Result<Outcome, RuntimeError> {
    #[cfg(unix)]
    return unix::run(job);
    #[cfg(not(unix))]
    {
        let _ = job;
        Err(RuntimeError::Unsupported)
    }
}
