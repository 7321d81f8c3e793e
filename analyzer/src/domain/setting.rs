//! What lines set for interpreters and wheels, or say of the GIL.

use super::SiteId;

/// One such line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) site: SiteId,
    pub(crate) kind: SettingKind,
    /// As it is told: `PYTHON_GIL=0`.
    pub(crate) text: String,
}

/// What is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingKind {
    /// The GIL stays off whatever is imported. `runs`: by a file that says how a program runs, not how it is tested.
    GilOff { runs: bool },
    /// The GIL is on from the start.
    GilOn { runs: bool },
    /// A release for which wheels are no longer built.
    OldRelease,
    /// Wheels for free-threaded interpreters are left out.
    SkipsWheels,
    /// A word that newer releases of cibuildwheel do not know.
    ObsoleteWheels,
    /// A comment says that the GIL protects the code.
    Reliance,
    /// A comment says that the GIL is the reason for processes.
    Workaround,
}
