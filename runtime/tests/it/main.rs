//! Replays small programs. Without an interpreter the tests say so and pass; with `CI=true` they fail then.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests say what they saw")]

mod apart;
mod arguments;
mod atomicity;
mod confirmed;
mod deadlocks;
mod entry;
mod exclusion;
mod fallback;
mod fixtures;
mod gil;
mod guarded;
mod pinned;
mod safe;
mod schedule;
mod slices;
mod support;
mod trouble;
