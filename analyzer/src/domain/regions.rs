//! What a function holds for a while.

use super::{Origin, SiteId};

/// Something entered by `with` or `acquire()`; whether it is a lock is decided later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) what: Origin,
    /// The `with` item, or the call that takes it.
    pub(crate) site: SiteId,
    pub(crate) is_async: bool,
    pub(crate) mode: Mode,
    /// What is held already; index into `held`.
    pub(crate) held: u32,
    /// Innermost loop, [`NONE`] outside.
    pub(crate) in_loop: u32,
    /// Sequence numbers of entry and exit.
    pub(crate) enter: u32,
    pub(crate) exit: u32,
}

/// How a region is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// Waits until it is its turn.
    Waits,
    /// Tries, or waits for some time only.
    Tries,
    /// The read side of a readers-writer lock: others may read meanwhile.
    Reads,
}
