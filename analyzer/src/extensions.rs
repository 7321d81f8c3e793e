//! What the imports of a project load, as whoever reads the environment says it. An input: nothing is read here.

use std::collections::BTreeMap;

/// By the imported name, as in the `import` statement; `from a import b` is `a.b`.
pub type Extensions = BTreeMap<String, Imported>;

/// What one imported name loads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Imported {
    /// The extensions that switch the GIL on, each with its chain; shortest chains first.
    pub suspects: Vec<Suspect>,
    /// All extensions that it loads were read and tell what they declare: no table is asked about it.
    pub decided: bool,
}

/// An extension that switches the GIL on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Suspect {
    /// The module of the extension.
    pub module: String,
    /// The file that was read.
    pub file: String,
    /// The distribution it belongs to; empty when that is not known.
    pub distribution: String,
    /// The installed version; empty when that is not known.
    pub version: String,
    /// What was seen in the file.
    pub reason: String,
    /// From the imported module to the extension, both included.
    pub chain: Vec<String>,
    /// An import on the way stands below an `if`.
    pub conditional: bool,
}
