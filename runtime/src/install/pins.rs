//! The source releases we know by their checksum. Nothing else is ever built.

use super::fetch::Base;
use crate::interpreter::Version;

/// A source release.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) version: Version,
    /// The same, as text.
    pub(super) text: &'static str,
    /// SHA-256 of its `.tar.xz`, in lower-case hexadecimal.
    pub(super) sha256: &'static str,
}

/// Best first: this is the order in which they are tried.
pub(super) const PINS: &[Pin] = &[
    pin((3, 14, 5), "3.14.5", "7e32597b99e5d9a39abed35de4693fa169df3e5850d4c334337ffd6a19a36db6"),
    pin((3, 14, 4), "3.14.4", "d923c51303e38e249136fc1bdf3568d56ecb03214efdef48516176d3d7faaef8"),
    pin((3, 13, 12), "3.13.12", "2a84cd31dd8d8ea8aaff75de66fc1b4b0127dd5799aa50a64ae9a313885b4593"),
    pin((3, 13, 5), "3.13.5", "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640"),
];

const fn pin(version: (u32, u32, u32), text: &'static str, sha256: &'static str) -> Pin {
    let (major, minor, micro) = version;
    Pin { version: Version { major, minor, micro }, text, sha256 }
}

impl Pin {
    /// Where this release is below a base.
    pub(super) fn url(&self, base: &Base) -> String {
        let Version { major, minor, .. } = self.version;
        match base {
            Base::PythonOrg => {
                format!("https://www.python.org/ftp/python/{0}/Python-{0}.tar.xz", self.text)
            }
            Base::AptMirror(repository) => format!(
                "{}/pool/main/p/python{major}.{minor}/python{major}.{minor}_{}.orig.tar.xz",
                repository.trim_end_matches('/'),
                self.text
            ),
        }
    }
}
