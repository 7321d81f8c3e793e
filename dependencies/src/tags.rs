//! Which interpreters a release has wheels for, told from the names of its files: `numpy-2.4.0-cp314-cp314t-macosx_14_0_arm64.whl`.
//!
//! The rules are those of the wheel format (PEP 427), of compressed tag sets (PEP 425) and of `abi3t` (PEP 803): a
//! free-threaded interpreter takes neither `cp314` nor `abi3`.

use std::fmt;

use crate::target::Target;

/// The system that a wheel has to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// Linux with glibc (`manylinux`).
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// The system and the processor that a wheel has to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// The system.
    pub system: System,
    /// Whether the processor is an ARM, else an x86-64.
    pub is_arm: bool,
}

impl Platform {
    /// Of this machine.
    pub fn here() -> Self {
        let system = match std::env::consts::OS {
            "macos" => System::Macos,
            "windows" => System::Windows,
            _ => System::Linux,
        };
        Self { system, is_arm: std::env::consts::ARCH == "aarch64" }
    }

    /// Whether one of the platform tags of a wheel is for it.
    fn takes_one_of(self, tags: &str) -> bool {
        tags.split('.').any(|it| it == "any" || self.takes(it))
    }

    /// Whether a platform tag is for it.
    fn takes(self, tag: &str) -> bool {
        let arch = |x86: &str, arm: &str| tag.ends_with(if self.is_arm { arm } else { x86 });
        match self.system {
            System::Linux => {
                (tag.starts_with("manylinux") || tag.starts_with("linux_"))
                    && arch("_x86_64", "_aarch64")
            }
            System::Macos => {
                tag.starts_with("macosx")
                    && (arch("_x86_64", "_arm64") || tag.ends_with("_universal2"))
            }
            System::Windows => tag == if self.is_arm { "win_arm64" } else { "win_amd64" },
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = match self.system {
            System::Linux => "Linux",
            System::Macos => "macOS",
            System::Windows => "Windows",
        };
        write!(f, "{system} on {}", if self.is_arm { "ARM" } else { "x86-64" })
    }
}

/// The best that a release has for a free-threaded interpreter, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offer {
    /// A wheel for exactly this free-threaded release.
    FreeThreaded,
    /// A wheel of the stable ABI of free-threaded interpreters.
    Stable,
    /// A wheel for the platform without any extension module of `CPython`.
    Platform,
    /// Nothing but pure Python.
    Pure,
    /// Pure Python, where interpreters with the GIL get an extension.
    PureFallback,
    /// Only the stable ABI of interpreters with the GIL.
    Abi3,
    /// For the platform, but only for interpreters with the GIL or for other releases.
    Other,
    /// None for the platform, whatever the interpreter.
    Elsewhere,
    /// Only its sources.
    Sdist,
    /// No file at all.
    Nothing,
}

impl Offer {
    /// In words, for a reader: "has ...".
    pub fn words(self) -> &'static str {
        match self {
            Offer::FreeThreaded => "a free-threaded wheel",
            Offer::Stable => "a wheel of the stable free-threaded ABI",
            Offer::Platform => "a wheel without extension modules",
            Offer::Pure => "a pure Python wheel",
            Offer::PureFallback => {
                "no free-threaded wheel, only the pure Python one beside those with an extension"
            }
            Offer::Abi3 => {
                "no free-threaded wheel, only abi3 ones, which a free-threaded interpreter refuses"
            }
            Offer::Other => "no free-threaded wheel, only those for other interpreters",
            Offer::Elsewhere => "no wheel for this platform, with or without the GIL",
            Offer::Sdist => "no wheel, only its sources",
            Offer::Nothing => "no file in the lock",
        }
    }
}

/// The best that the files of a release have.
pub fn offer(wheels: &[String], has_sdist: bool, target: Target, platform: Platform) -> Offer {
    let parsed: Vec<_> = wheels.iter().filter_map(|it| tags(it)).collect();
    let best =
        parsed.iter().flat_map(combinations).filter_map(|it| one(it, target, platform)).min();
    match best {
        Some(Offer::Pure) if parsed.iter().any(has_abi) => Offer::PureFallback,
        Some(found) => found,
        None if parsed.iter().any(|it| platform.takes_one_of(it[2])) => Offer::Other,
        None if !wheels.is_empty() => Offer::Elsewhere,
        None if has_sdist => Offer::Sdist,
        None => Offer::Nothing,
    }
}

/// Interpreter, ABI and platform of a wheel, each a set joined by dots.
fn tags(file: &str) -> Option<[&str; 3]> {
    let stem = file.get(..file.len().checked_sub(4)?)?;
    let mut parts = stem.rsplit('-');
    let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
    // A name and a version are before them.
    (parts.count() >= 2).then_some([python, abi, platform])
}

fn combinations<'a>([python, abi, platform]: &[&'a str; 3]) -> impl Iterator<Item = [&'a str; 3]> {
    let (abi, platform) = (*abi, *platform);
    python.split('.').flat_map(move |python| {
        abi.split('.').flat_map(move |abi| platform.split('.').map(move |it| [python, abi, it]))
    })
}

fn has_abi([_, abi, _]: &[&str; 3]) -> bool {
    abi.split('.').any(|it| it != "none")
}

/// What one combination of tags is for the interpreter; `None` when it does not take it.
fn one([python, abi, platform]: [&str; 3], target: Target, on: Platform) -> Option<Offer> {
    let minor = |tag: &str, prefix: &str| tag.strip_prefix(prefix)?.parse::<u8>().ok();
    let for_python = python == "py3"
        || minor(python, "py3").is_some_and(|it| it <= target.minor)
        || minor(python, "cp3").is_some_and(|it| it <= target.minor);
    if !for_python || (platform != "any" && !on.takes(platform)) {
        return None;
    }
    match abi {
        "none" if platform == "any" => Some(Offer::Pure),
        "none" => Some(Offer::Platform),
        "abi3t" if target.minor >= 15 => Some(Offer::Stable),
        "abi3" => Some(Offer::Abi3),
        _ => {
            let exact = minor(python, "cp3") == Some(target.minor);
            (exact && abi == format!("cp3{}t", target.minor)).then_some(Offer::FreeThreaded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: Platform = Platform { system: System::Linux, is_arm: false };
    const MAC: Platform = Platform { system: System::Macos, is_arm: true };

    fn found(files: &[&str], minor: u8, platform: Platform) -> Offer {
        let (sdists, wheels): (Vec<&str>, Vec<&str>) =
            files.iter().copied().partition(|it| it.contains(".tar."));
        let wheels: Vec<String> = wheels.into_iter().map(ToString::to_string).collect();
        offer(&wheels, !sdists.is_empty(), Target { minor }, platform)
    }

    #[test]
    fn wheels_with_the_gil_are_for_others() {
        let files = ["orjson-3.11.9-cp314-cp314-manylinux_2_17_x86_64.whl", "orjson-3.11.9.tar.gz"];
        assert_eq!(found(&files, 14, LINUX), Offer::Other);
        let and_pure = [files[0], "orjson-3.11.9-py3-none-any.whl"];
        assert_eq!(found(&and_pure, 14, LINUX), Offer::PureFallback);
        assert_eq!(found(&["a-1-py3-none-any.whl"], 14, LINUX), Offer::Pure);
        assert_eq!(found(&["a-1.tar.gz"], 14, LINUX), Offer::Sdist);
        assert_eq!(found(&[], 14, LINUX), Offer::Nothing);
    }

    #[test]
    fn stable_abis_of_both_kinds() {
        let files = [
            "c-50-cp315-abi3.abi3t-manylinux_2_34_x86_64.whl",
            "c-50-cp314-cp314t-manylinux_2_34_x86_64.whl",
        ];
        assert_eq!(found(&files, 14, LINUX), Offer::FreeThreaded);
        assert_eq!(found(&files, 15, LINUX), Offer::Stable);
        assert_eq!(found(&files, 13, LINUX), Offer::Other);
        assert_eq!(found(&["p-1-cp310-abi3-manylinux_2_17_x86_64.whl"], 14, LINUX), Offer::Abi3);
    }

    #[test]
    fn platforms_are_told_apart() {
        let files = [
            "watchdog-6.0.0-py3-none-manylinux2014_x86_64.whl",
            "watchdog-6.0.0-cp313-cp313-macosx_11_0_arm64.whl",
        ];
        assert_eq!(found(&files, 14, LINUX), Offer::Platform);
        assert_eq!(found(&files, 14, MAC), Offer::Other);
        assert_eq!(
            found(&["ruff-0.14.0-py3-none-musllinux_1_2_x86_64.whl"], 14, LINUX),
            Offer::Elsewhere
        );
        assert_eq!(
            found(&["x-1-2-cp314-cp314t-macosx_10_13_universal2.whl"], 14, MAC),
            Offer::FreeThreaded
        );
    }

    #[test]
    fn names_that_are_no_wheels() {
        for name in ["", "x", ".whl", "a-b.whl", "----.whl", "a-1-cp314-cp314t.whl", "é.whl"] {
            let found = found(&[name], 14, LINUX);
            assert!(matches!(found, Offer::Elsewhere), "{name}: {found:?}");
        }
    }
}
