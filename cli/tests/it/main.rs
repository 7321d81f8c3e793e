//! Tests of the built binary: what goes to standard output, what to standard error, and the exit status.

mod cache;
mod errors;
mod fix;
mod help;
mod hostile;
mod input;
mod repeat;
mod replay;
mod support;
