//! From a directory to the inputs of the analyzer: which files there are, which settings hold, what their bytes mean.
//! The command line and the language server read projects through this crate, so that both see the same.

pub mod config;
mod configurations;
pub mod decode;
pub mod discover;
pub mod installed;
pub mod load;
pub mod paths;
pub mod surroundings;
