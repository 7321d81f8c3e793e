//! Descendants that left the process group (`setsid`, daemons) and so survived its kill. They are known by a mark in
//! the environment that they inherited. Linux only: elsewhere such a process cannot be found without its help.

use rustix::process::{Pid, Signal, kill_process};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

/// A process that forks faster than we kill is given up after so many rounds.
const ROUNDS: usize = 20;

/// Marks a child before it starts.
pub(super) fn mark(command: &mut Command) -> String {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let value = format!("{}.{serial}", std::process::id());
    command.env("FTLINT_CHILD", &value);
    format!("FTLINT_CHILD={value}")
}

/// Kills what bears the mark. Only processes younger than `leader` can, so only those are looked at.
pub(super) fn kill(mark: &str, leader: Pid) {
    for _ in 0..ROUNDS {
        let marked = find(mark, leader);
        if marked.is_empty() {
            return;
        }
        for pid in marked {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn find(mark: &str, leader: Pid) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid > leader.as_raw_nonzero().get())
        .filter(|pid| {
            let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        })
        .filter_map(Pid::from_raw)
        .collect()
}
