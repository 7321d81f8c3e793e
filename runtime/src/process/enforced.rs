//! Whether a child is confined, and what this system can enforce.

use std::fmt;
use std::sync::OnceLock;

/// Whether a child is confined to its scratch directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// Only limits and a clean environment: for interpreters that are probed or built.
    #[default]
    Off,
    /// As much as this system can enforce: for code that is replayed.
    On,
}

/// What is enforced on this system, found by trying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enforced {
    /// Files are changed only below the scratch directory.
    pub files: bool,
    /// Sockets reach nothing, and no process leaves its group.
    pub network: bool,
    /// No signals to processes outside.
    pub signals: bool,
}

impl Enforced {
    /// On this system.
    pub fn here() -> Self {
        static FOUND: OnceLock<Enforced> = OnceLock::new();
        #[cfg(target_os = "linux")]
        return *FOUND.get_or_init(super::sandbox::enforced);
        #[cfg(not(target_os = "linux"))]
        return *FOUND.get_or_init(Enforced::default);
    }
}

impl fmt::Display for Enforced {
    /// One line: what is enforced, and what is not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.files, "files are written only in a temporary directory"),
            (self.network, "no network"),
            (self.signals, "no signals to other processes"),
        ];
        let these = |wanted: bool| {
            let words = parts.iter().filter(|it| it.0 == wanted).map(|it| it.1);
            words.collect::<Vec<_>>().join(", ")
        };
        match (these(true), these(false)) {
            (all, none) if none.is_empty() => write!(f, "{all}"),
            (none, all) if none.is_empty() => {
                write!(f, "only limits; this system cannot enforce: {all}")
            }
            (some, rest) => write!(f, "{some}; this system cannot enforce: {rest}"),
        }
    }
}
