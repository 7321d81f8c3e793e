//! The part of `process` that needs Unix: start under limits, watch, kill the group, collect.
//!
//! The leader is reaped only after its group was killed: as long as it is a zombie its number cannot be given to
//! somebody else, so the kill never hits a stranger.

use super::group::{self, Started};
use super::{Exit, Job, Outcome, capture, stragglers};
use crate::error::RuntimeError;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Sets the limits and becomes the program. A limit that the system does not know is left out (macOS has no `-v`).
const LAUNCHER: &str = r#"ulimit -c 0 2>/dev/null; ulimit -f "$1" 2>/dev/null
ulimit -d "$2" 2>/dev/null; ulimit -v "$3" 2>/dev/null
shift 3; exec "$@""#;

/// Variables that are passed on; whatever may hold a secret or change Python is not among them.
const KEPT: &[&str] = &[
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
];

/// How often the cancel switch is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// How long the kernel may take for a killed process to be gone.
const GRACE: Duration = Duration::from_secs(5);

/// See [`super::run`].
pub(super) fn run(job: &Job) -> Result<Outcome, RuntimeError> {
    check_program(&job.program)?;
    // A job can be run again; what it reported before is not of this run.
    let _ = std::fs::remove_file(job.scratch.results());
    let began = Instant::now();
    let mut command = command(job);
    let mark = stragglers::mark(&mut command);
    let Started { mut child, group } = group::start(job, &mut command)?;
    let leader = group.id(&child);
    let supervised = supervise(job, &mut child, leader, began);
    // From here on nothing may return before the child is dead, whatever went wrong above.
    let _ = kill_process_group(leader, Signal::KILL);
    stragglers::kill(&mark, leader);
    let (stopped, gone, stdout, stderr) = supervised.inspect_err(|_| drop(child.wait()))?;
    if gone.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
        let pid = child.id();
        return Err(RuntimeError::Harness(format!("process {pid} cannot be killed")));
    }
    let status = child.wait().map_err(RuntimeError::io("cannot wait for the child process"))?;
    drop(group);
    let elapsed = began.elapsed();
    let (stdout, stderr) = (stdout.finish(), stderr.finish());
    let (results, results_cut) = capture::results(&job.scratch.results(), job.limits.results)?;
    let exit = stopped.unwrap_or_else(|| exit_of(status));
    Ok(Outcome { exit, stdout, stderr, results, results_cut, elapsed })
}

fn check_program(program: &Path) -> Result<(), RuntimeError> {
    let cannot = || RuntimeError::io(format!("cannot run {}", program.display()));
    let metadata = program.metadata().map_err(cannot())?;
    if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
        return Ok(());
    }
    Err(cannot()(io::ErrorKind::PermissionDenied.into()))
}

fn command(job: &Job) -> Command {
    let limits = &job.limits;
    let kib = |bytes: u64| (bytes / 1024).to_string();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", LAUNCHER, "ftlint"]);
    command.args([(limits.file_size / 512).to_string(), kib(limits.memory)]);
    command.arg(kib(limits.memory.saturating_add(super::ADDRESS_SPACE_SLACK)));
    command.arg(&job.program).args(&job.args);
    command.env_clear().envs(clean_environment(job.scratch.path()));
    command.envs(job.env.iter().map(|(name, value)| (name, value)));
    command.current_dir(job.directory.as_deref().unwrap_or(job.scratch.path()));
    command.stdin(if job.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn clean_environment(scratch: &Path) -> Vec<(&'static str, OsString)> {
    let mut env: Vec<_> =
        KEPT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
    env.extend(["HOME", "TMPDIR"].map(|name| (name, scratch.as_os_str().to_owned())));
    // Same order of sets in each run, and no files left in the user's tree.
    env.extend(
        [("PYTHONHASHSEED", "0"), ("PYTHONDONTWRITEBYTECODE", "1")]
            .map(|(n, v)| (n, OsStr::new(v).to_owned())),
    );
    env
}

type Supervised = (Option<Exit>, Receiver<()>, capture::Tap, capture::Tap);

/// Until the child ends by itself (`None`) or has to be stopped.
fn supervise(
    job: &Job,
    child: &mut Child,
    leader: Pid,
    began: Instant,
) -> Result<Supervised, RuntimeError> {
    #[cfg(target_os = "linux")]
    let crowd = super::crowd::Crowd::new(leader, job.limits.processes);
    #[cfg(not(target_os = "linux"))]
    let _ = leader;
    let trouble = || RuntimeError::io("cannot start a thread");
    let stdout = capture::Tap::new(child.stdout.take(), job.limits.output).map_err(trouble())?;
    let stderr = capture::Tap::new(child.stderr.take(), job.limits.output).map_err(trouble())?;
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), job.stdin.clone()) {
        // A child that does not read its input is no error; the thread ends with the pipe.
        thread::Builder::new().spawn(move || pipe.write_all(&bytes)).map_err(trouble())?;
    }
    let gone = watch(Pid::from_child(child)).map_err(trouble())?;
    let stopped = loop {
        let left = job.limits.wall.saturating_sub(began.elapsed());
        match gone.recv_timeout(left.min(GLANCE)) {
            Err(RecvTimeoutError::Timeout) if job.cancel.is_cancelled() => {
                break Some(Exit::Cancelled);
            }
            Err(RecvTimeoutError::Timeout) if left.is_zero() => break Some(Exit::TimeLimit),
            #[cfg(target_os = "linux")]
            Err(RecvTimeoutError::Timeout) if crowd.is_over() => break Some(Exit::ProcessLimit),
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break None,
        }
    };
    Ok((stopped, gone, stdout, stderr))
}

/// Disconnects when the process has ended; it stays a zombie.
fn watch(pid: Pid) -> io::Result<Receiver<()>> {
    let (ended, gone) = mpsc::channel::<()>();
    thread::Builder::new().spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
        drop(ended);
    })?;
    Ok(gone)
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}
