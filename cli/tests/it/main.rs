//! Tests of the built binary: what goes to standard output, what to standard error, and the exit status.

mod cache;
mod environment;
mod errors;
mod extensions;
mod fix;
mod help;
mod hostile;
mod input;
mod locked;
mod readiness;
mod repeat;
mod replay;
mod support;
