//! Replays findings on a free-threaded `CPython`: a diagnostic in, a verdict out.

pub mod error;
pub mod install;
pub mod interpreter;
pub mod process;
pub mod verdict;
