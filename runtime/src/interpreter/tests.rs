//! The order of the search, with shell scripts that answer as an interpreter would.

use super::{Extent, Found, Origin, Outcome, Request, Version, find};
use crate::error::RuntimeError;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A machine made of scripts: its `PATH` is `bin` and `tools`, its home `home`.
pub(crate) struct Machine {
    root: tempfile::TempDir,
    pub(crate) variables: Vec<(&'static str, OsString)>,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let machine = Self { root: tempfile::tempdir().unwrap(), variables: Vec::new() };
        fs::create_dir(machine.at("tools")).unwrap();
        for tool in ["cat", "mkdir", "sleep", "chmod"] {
            let real = ["/bin", "/usr/bin"]
                .map(|it| Path::new(it).join(tool))
                .into_iter()
                .find(|it| it.exists());
            std::os::unix::fs::symlink(real.unwrap(), machine.at("tools").join(tool)).unwrap();
        }
        machine
    }

    pub(crate) fn at(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// Another process writes the file: if this one did, a child that another test starts meanwhile would hold it open
    /// for writing, and it could not be run.
    pub(crate) fn script(&self, below: &str, text: &str) -> PathBuf {
        let path = self.at(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let write = r#"printf '#!/bin/sh\n%s\n' "$2" > "$1"; chmod 755 "$1""#;
        let written = Command::new("/bin/sh")
            .args(["-c", write, "sh"])
            .arg(&path)
            .arg(text)
            .status()
            .unwrap();
        assert!(written.success());
        path
    }

    /// A file that answers the probe: the arguments are `-I -S -c CODE FILE`.
    fn python(&self, below: &str, version: (u32, u32, u32), kind: Kind) -> PathBuf {
        let (implementation, without_gil) = match kind {
            Kind::FreeThreaded => ("cpython", true),
            Kind::Usual => ("cpython", false),
            Kind::PyPy => ("pypy", false),
        };
        let (major, minor, micro) = version;
        let path = self.at(below);
        let answer = serde_json::json!({
            "implementation": implementation, "version": [major, minor, micro],
            "release": format!("{major}.{minor}.{micro}"), "executable": path, "prefix": path.parent(),
            "built_without_gil": without_gil, "gil_enabled": !without_gil,
        });
        self.script(below, &format!("echo noise; cat > \"$5\" <<'END'\n{answer}\nEND"))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        match name {
            "PATH" => {
                Some(format!("{}:{}", self.at("bin").display(), self.at("tools").display()).into())
            }
            "HOME" => Some(self.at("home").into()),
            _ => self.variables.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone()),
        }
    }

    fn search(&self, python: Option<&Path>, extent: Extent) -> Result<Found, RuntimeError> {
        find(&Request { python, env: &|name| self.variable(name), extent })
    }

    fn chosen(&self) -> (PathBuf, Origin) {
        let chosen = self.search(None, Extent::UntilChosen).unwrap().chosen.unwrap();
        (chosen.executable, chosen.origin)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    FreeThreaded,
    Usual,
    PyPy,
}

const CACHED: &str = "home/.cache/ftlint/python/cpython-3.14.4t/bin/python3.14t";
const BY_UV: &str =
    "home/.local/share/uv/python/cpython-3.15.0+freethreaded-linux-x86_64-gnu/bin/python3.15t";
const BY_PYENV: &str = "home/.pyenv/versions/3.13.9t/bin/python3.13t";

#[test]
fn the_order_is_kept() {
    // From the last to the first: each new one is preferred to those before.
    let machine = Machine::new();
    let expect = |path: &Path, origin| assert_eq!(machine.chosen(), (path.to_owned(), origin));
    expect(&machine.python(BY_PYENV, (3, 13, 9), Kind::FreeThreaded), Origin::Pyenv);
    expect(&machine.python(BY_UV, (3, 15, 0), Kind::FreeThreaded), Origin::Uv);
    expect(&machine.python("bin/python3.13t", (3, 13, 5), Kind::FreeThreaded), Origin::Path);
    expect(&machine.python("bin/python3.14t", (3, 14, 5), Kind::FreeThreaded), Origin::Path);
    expect(&machine.python(CACHED, (3, 14, 4), Kind::FreeThreaded), Origin::Cache);
    let newer = CACHED.replace("3.14.4", "3.14.10");
    expect(&machine.python(&newer, (3, 14, 10), Kind::FreeThreaded), Origin::Cache);
}

#[test]
fn a_named_one_is_used_even_with_the_gil() {
    let mut machine = Machine::new();
    machine.python(CACHED, (3, 14, 4), Kind::FreeThreaded);
    let named = machine.python("own/python", (3, 12, 1), Kind::Usual);
    let found = machine.search(Some(&named), Extent::UntilChosen).unwrap();
    assert_eq!((found.why.as_str(), found.candidates.len()), ("named by --python", 1));
    assert_eq!(found.chosen.unwrap().to_string(), "CPython 3.12.1");
    machine.variables = vec![("FTLINT_PYTHON", named.clone().into())];
    assert_eq!(machine.chosen(), (named, Origin::Variable));
    let all = machine.search(None, Extent::Everything).unwrap();
    assert!(all.candidates.iter().any(|it| it.origin == Origin::Cache));
    assert_eq!(all.chosen.unwrap().origin, Origin::Variable);
}

#[test]
fn a_name_or_a_virtual_environment_can_be_named() {
    let machine = Machine::new();
    let on_path = machine.python("bin/mypython", (3, 14, 0), Kind::FreeThreaded);
    let found = machine.search(Some(Path::new("mypython")), Extent::UntilChosen).unwrap();
    assert_eq!(found.chosen.unwrap().executable, on_path);
    let inside = machine.python("venv/bin/python3", (3, 14, 0), Kind::FreeThreaded);
    let found = machine.search(Some(&machine.at("venv")), Extent::UntilChosen).unwrap();
    assert_eq!(found.chosen.unwrap().executable, inside);
}

#[test]
fn a_bad_name_is_an_error_that_names_it() {
    let mut machine = Machine::new();
    machine.python(CACHED, (3, 14, 4), Kind::FreeThreaded);
    let old = machine.python("own/old", (3, 10, 0), Kind::Usual);
    let other = machine.python("own/pypy", (3, 11, 0), Kind::PyPy);
    let silent = machine.script("own/silent", "exit 0");
    let broken = machine.script("own/broken", "echo no such version >&2; exit 127");
    let cases = [
        (machine.at("own/none"), "there is no such interpreter"),
        (old, "is CPython 3.10.0, older than 3.11"),
        (other, "is pypy, not CPython"),
        (silent, "is not a Python"),
        (broken, "ended with code 127: no such version"),
    ];
    for (path, reason) in &cases {
        let message = machine.search(Some(path), Extent::UntilChosen).unwrap_err().to_string();
        assert_eq!(
            message,
            format!("--python names `{}`, which cannot be used: {reason}", path.display())
        );
    }
    machine.variables = vec![("FTLINT_PYTHON", cases[0].0.clone().into())];
    let message = machine.search(None, Extent::Everything).unwrap_err().to_string();
    assert!(message.starts_with("FTLINT_PYTHON names"), "{message}");
}

#[test]
fn rejected_ones_are_listed_and_passed_over() {
    let machine = Machine::new();
    machine.script("bin/python3.15t", "kill -SEGV $$");
    machine.python("bin/python3.14t", (3, 14, 5), Kind::Usual);
    let good = machine.python("bin/python3.13t", (3, 13, 5), Kind::FreeThreaded);
    let found = machine.search(None, Extent::UntilChosen).unwrap();
    assert_eq!(found.candidates[0].outcome, Outcome::Rejected("ended by signal 11".into()));
    assert!(matches!(&found.candidates[1].outcome, Outcome::Usable(it) if !it.free_threaded));
    assert_eq!(found.candidates.len(), 3);
    assert_eq!(found.chosen.unwrap().executable, good);
    assert_eq!(found.why, "the first free-threaded one: `python3.13t` on PATH");
}

#[test]
fn the_fallback_is_any_cpython() {
    let machine = Machine::new();
    let usual = machine.python("bin/python3", (3, 12, 1), Kind::Usual);
    machine.python("bin/python3.13", (3, 13, 0), Kind::Usual);
    let found = machine.search(None, Extent::UntilChosen).unwrap();
    assert_eq!(found.why, "no free-threaded CPython was found; it is `python3` on PATH");
    assert_eq!(found.chosen.unwrap().executable, usual);
    // Too old: the next.
    let newer = machine.at("bin/python3.13");
    machine.python("bin/python3", (3, 9, 1), Kind::Usual);
    assert_eq!(machine.chosen().0, newer);
}

#[test]
fn a_version_is_read_from_the_start() {
    let read = |text| Version::leading(text).map(|(it, rest)| (it.to_string(), rest));
    assert_eq!(read("3.14.5t"), Some(("3.14.5".into(), "t")));
    assert_eq!(read("3.13t-dev"), Some(("3.13.0".into(), "t-dev")));
    assert_eq!(
        (read("3"), read("pypy3.10"), read("3..1"), read("3.1.2.3")),
        (None, None, None, None)
    );
}

#[test]
fn the_real_one_is_understood() {
    let real = Path::new("/opt/pyft/bin/python3.14t");
    if real.exists() {
        let found = Machine::new().search(Some(real), Extent::UntilChosen).unwrap().chosen.unwrap();
        assert_eq!(found.to_string(), "CPython 3.14.5 free-threading");
    }
}
