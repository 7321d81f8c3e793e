//! The interpreter and the platform that an answer is about.

use std::fmt;

/// A free-threaded release of `CPython`: `3.14t` is `Target { minor: 14 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The second number of the version; the first is 3.
    pub minor: u8,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}t", self.minor)
    }
}
