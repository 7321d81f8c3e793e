//! Replays small programs. Without an interpreter the tests say so and pass; with `CI=true` they fail then.

mod confirmed;
mod fallback;
mod fixtures;
mod safe;
mod schedule;
mod support;
mod trouble;
