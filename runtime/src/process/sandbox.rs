//! What a confined child may not do: Landlock for files, a seccomp filter for system calls. Linux only.
//!
//! Both belong to a thread and are inherited by what it starts. A child is therefore started by a thread that lives
//! for nothing else, and no code has to run between `fork` and `exec`. Reading files stays allowed.

use super::sandbox_calls as calls;
use crate::error::RuntimeError;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, PathFdError, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use std::fmt::Display;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// The newest interface whose restrictions are asked for; an older kernel enforces what it knows.
const NEWEST: ABI = ABI::V6;

/// What may be written to outside, because it keeps nothing.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full"];

/// Starts a command in a process group that it cannot leave, unable to write outside `writable`.
pub(super) fn spawn(
    command: &mut Command,
    writable: &Path,
    group: rustix::process::Pid,
) -> Result<Child, RuntimeError> {
    let possible = super::Enforced::here();
    let start = || {
        give_up_powers().map_err(|it| trouble(&it))?;
        restrict_files(writable).map_err(|it| trouble(&it))?;
        match calls::restrict(group) {
            Err(it) if possible.network => return Err(trouble(&it)),
            _ => {}
        }
        command.spawn().map_err(RuntimeError::io("cannot start a confined process"))
    };
    thread::scope(|scope| scope.spawn(start).join())
        .map_err(|_| RuntimeError::Harness("the thread that confines a process failed".into()))?
}

fn trouble(what: &impl Display) -> RuntimeError {
    RuntimeError::Harness(format!("a process cannot be confined ({what}); see --no-sandbox"))
}

/// Why the rules could not be made.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Rules(#[from] RulesetError),
    #[error(transparent)]
    Path(#[from] PathFdError),
}

/// What root may do beyond others is given up, except reading every file: such powers reach past Landlock, for one to
/// the environment of other processes.
fn give_up_powers() -> rustix::io::Result<()> {
    let had = capabilities(None)?;
    let kept = CapabilitySet::DAC_READ_SEARCH;
    let sets = CapabilitySets {
        effective: had.effective & kept,
        permitted: had.permitted & kept,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets)
}

/// Restricts this thread and what it starts.
fn restrict_files(writable: &Path) -> Result<RulesetStatus, Refusal> {
    let changes = AccessFs::from_write(NEWEST);
    let device: BitFlags<AccessFs> = AccessFs::WriteFile | AccessFs::Truncate;
    let mut rules = Ruleset::default()
        .handle_access(changes)?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new(writable)?, changes))?;
    for path in DEVICES {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, device))?;
    }
    Ok(rules.restrict_self()?.ruleset)
}

/// What this system enforces, tried once in a thread and a process that end at once.
pub(super) fn enforced() -> super::Enforced {
    let tried = thread::spawn(|| {
        let Ok(directory) = tempfile::Builder::new().prefix("ftlint-").tempdir() else {
            return super::Enforced::default();
        };
        let outside = directory.path().join("outside");
        let inside = directory.path().join("inside");
        if std::fs::create_dir(&inside).is_err() {
            return super::Enforced::default();
        }
        // Started unconfined: what a confined thread may not signal.
        let stranger = Command::new("/bin/sh").args(["-c", "read x"]).stdin(Stdio::piped()).spawn();
        let confined = thread::spawn(move || {
            let files = restrict_files(&inside).is_ok();
            let own = rustix::process::getpid();
            let calls = calls::restrict(own).is_ok();
            // Observed, not concluded from version numbers.
            let write = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&outside);
            let signals = stranger.map(|mut it| {
                let pid = rustix::process::Pid::from_child(&it);
                let refused = rustix::process::test_kill_process(pid).is_err();
                drop(it.stdin.take());
                let _ = it.wait();
                refused
            });
            let sockets = std::net::UdpSocket::bind("127.0.0.1:0")
                .is_err_and(|it| it.kind() == std::io::ErrorKind::PermissionDenied);
            super::Enforced {
                files: files && write.is_err(),
                network: calls && sockets,
                signals: signals.unwrap_or(false),
            }
        });
        confined.join().unwrap_or_default()
    });
    tried.join().unwrap_or_default()
}
