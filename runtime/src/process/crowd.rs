//! Counts the processes of a group, so that code that forks without end is stopped. Linux only.
//!
//! Resource limits do not do it: they count all processes of a user, and none of root's.

use rustix::process::Pid;
use std::fs;

/// Looks rarely while the system as a whole has not grown by much: one small file says so.
pub(super) struct Crowd {
    group: Pid,
    limit: usize,
    at_first: Option<usize>,
}

impl Crowd {
    /// Begins to watch.
    pub(super) fn new(group: Pid, limit: usize) -> Self {
        Self { group, limit, at_first: tasks() }
    }

    /// Whether the group has more processes than it may.
    pub(super) fn is_over(&self) -> bool {
        let grown = match (self.at_first, tasks()) {
            (Some(before), Some(now)) => now.saturating_sub(before) > self.limit / 2,
            _ => true,
        };
        grown && members(self.group) > self.limit
    }
}

/// Processes and threads of the whole system.
fn tasks() -> Option<usize> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    load.split(' ').nth(3)?.split('/').nth(1)?.parse().ok()
}

/// Zombies count: they take a number too.
fn members(group: Pid) -> usize {
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    let wanted = group.as_raw_nonzero().to_string();
    entries
        .flatten()
        .filter(|it| it.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit))
        .filter_map(|it| fs::read_to_string(it.path().join("stat")).ok())
        // After the name, which may hold anything, come state, parent and group.
        .filter(|it| {
            let rest = it.rsplit_once(')').map_or("", |it| it.1);
            rest.split_whitespace().nth(2) == Some(&wanted)
        })
        .count()
}
