//! The process group of a child, which is killed as a whole.
//!
//! A confined child gets a group that exists already, led by a process that only waits: then the child may be refused
//! every way into another group, and cannot kill the leader either.

use super::Job;
#[cfg(target_os = "linux")]
use super::Sandbox;
use crate::error::RuntimeError;
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt;
#[cfg(target_os = "linux")]
use std::process::Stdio;
use std::process::{Child, Command};

/// A child, and what keeps its group.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) group: Group,
}

/// Kills and reaps the leader at its end.
pub(super) struct Group {
    leader: Option<Child>,
}

/// Starts the command in a group of its own.
pub(super) fn start(job: &Job, command: &mut Command) -> Result<Started, RuntimeError> {
    #[cfg(target_os = "linux")]
    if job.sandbox == Sandbox::On {
        let group = Group::waiting()?;
        if let Some(leader) = group.leader.as_ref().map(Pid::from_child) {
            command.process_group(leader.as_raw_nonzero().get());
            let child = super::sandbox::spawn(command, job.scratch.path(), leader)?;
            return Ok(Started { child, group });
        }
    }
    command.process_group(0);
    let cannot = RuntimeError::io(format!("cannot start {}", job.program.display()));
    Ok(Started { child: command.spawn().map_err(cannot)?, group: Group { leader: None } })
}

impl Group {
    /// A leader that waits for the end of its input. It comes when we are killed, and then the whole group has to go.
    #[cfg(target_os = "linux")]
    fn waiting() -> Result<Self, RuntimeError> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read line; kill -9 0"]).env_clear().process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let leader = command.spawn().map_err(RuntimeError::io("cannot start a process group"))?;
        Ok(Self { leader: Some(leader) })
    }

    /// The number of the group, given the child that leads it when nothing else does.
    pub(super) fn id(&self, child: &Child) -> Pid {
        Pid::from_child(self.leader.as_ref().unwrap_or(child))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = &mut self.leader {
            let _ = kill_process_group(Pid::from_child(leader), Signal::KILL);
            let _ = leader.wait();
        }
    }
}
