//! Replays findings on a free-threaded `CPython`: a diagnostic in, a verdict out.

pub mod verdict;
