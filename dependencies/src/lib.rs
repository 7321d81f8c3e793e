//! What the dependencies of a Python project do to the GIL, told without starting anything: which extension files an
//! import loads and what they declare, and which wheels a lock file offers for a free-threaded interpreter.
//!
//! Everything here reads bytes that somebody else wrote. Broken input is an error with the place in it, never a panic,
//! and nothing is ever written.

pub mod applies;
pub mod binary;
pub mod chain;
pub mod declaration;
pub mod environment;
pub mod lock;
pub mod manifest;
pub mod modules;
pub mod ready;
pub mod survey;
pub mod table;
pub mod tags;
pub mod target;
pub mod wheel;
