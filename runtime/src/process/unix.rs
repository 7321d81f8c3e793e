//! The part of `process` that needs Unix.

use super::{Job, Outcome};
use crate::error::RuntimeError;

pub(super) fn run(job: &Job) -> Result<Outcome, RuntimeError> {
    let _ = job;
    Err(RuntimeError::Unsupported)
}
