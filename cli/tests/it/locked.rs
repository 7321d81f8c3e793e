//! `ftlint check` on projects with lock files: what is said of dependencies, on which line, and in which format.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use crate::support::{CLEAN, Sandbox};

const LOCK: &[u8] = include_bytes!("../../../dependencies/tests/locks/uv.lock");
const MANIFEST: &[u8] = b"[project]\nname = \"shop\"\nrequires-python = \">=3.11\"\ndependencies = [\n    \"orjson\",\n    \"pyyaml>=6\",\n    \"polars\",\n]\n";
const APP: &[u8] =
    b"import orjson\nimport polars as pl\nfrom sqlalchemy import create_engine\nimport orjson.x\n";

fn project(app: &[u8]) -> Sandbox {
    Sandbox::new(&[("uv.lock", LOCK), ("pyproject.toml", MANIFEST), ("app.py", app)])
}

/// `path:row:column CODE` of each finding.
fn places(it: &Sandbox, more: &[&str]) -> Vec<String> {
    let told = it.run(&[&["check", "--output-format", "concise"], more].concat());
    let lines = told.lines().filter(|it| it.contains(": FTL"));
    let place = |line: &str| {
        let mut parts = line.splitn(3, ": ");
        let (place, rest) = (parts.next()?.to_owned(), parts.next()?);
        Some(format!("{place} {}", rest.split(' ').next()?))
    };
    lines.filter_map(place).collect()
}

#[test]
fn at_the_import_or_where_it_is_declared() {
    let found = places(&project(APP), &[]);
    assert_eq!(
        found,
        [
            "app.py:1:1 FTL302",
            "app.py:2:1 FTL303",
            "app.py:3:1 FTL306",
            "pyproject.toml:6:5 FTL302",
        ]
    );
    // What is slower, or of which nobody states anything, is told to whoever asks.
    let all = places(&project(APP), &["--select", "ALL"]);
    assert!(all.iter().any(|it| it == "uv.lock:249:1 FTL304"), "{all:?}");
}

#[test]
fn a_named_file_is_told_about_itself() {
    assert_eq!(places(&project(APP), &["app.py"]).len(), 3);
    assert_eq!(places(&project(CLEAN.as_bytes()), &["app.py"]), Vec::<String>::new());
}

#[test]
fn other_releases_have_other_answers() {
    let it = project(b"import polars\n");
    let told = it.run(&["check", "--select", "FTL303", "--target-version", "3.15t"]);
    assert!(
        told.contains(
            "only `abi3` wheels, which 3.15t (Linux on x86-64) refuses (needed by `polars`)"
        ),
        "{told}"
    );
    assert!(told.contains("it comes by `polars` -> `polars-runtime-32`"), "{told}");
}

#[test]
fn every_format_takes_lines_of_other_files() {
    let it = project(CLEAN.as_bytes());
    for format in ["concise", "full", "json", "sarif", "github", "junit"] {
        let told = it.run(&["check", "--select", "FTL302", "--output-format", format]);
        assert!(told.starts_with("exit 1\n"), "{told}");
        assert!(told.contains("pyproject.toml") && told.contains("FTL302"), "{format}: {told}");
    }
    let full = it.run(&["check", "--select", "FTL302"]);
    assert!(full.contains("5 |     \"orjson\",") && full.contains("locked here"), "{full}");
    let replayed = it.run(&["check", "--select", "FTL302", "--replay"]);
    assert!(replayed.starts_with("exit 1\n") && replayed.contains("pyproject.toml"), "{replayed}");
    let mended = it.run(&["check", "--select", "FTL302", "--fix", "--unsafe-fixes"]);
    assert!(mended.starts_with("exit 1\n"), "{mended}");
    assert_eq!(std::fs::read(it.root.join("pyproject.toml")).unwrap(), MANIFEST);
    let page = it.run(&["check", "--select", "FTL302", "--report", "page.html"]);
    assert!(page.starts_with("exit 1\n"), "{page}");
    assert!(std::fs::read_to_string(it.root.join("page.html")).unwrap().contains("pyproject.toml"));
}

#[test]
fn comments_and_settings_silence_them() {
    let it = project(CLEAN.as_bytes());
    let text = String::from_utf8(MANIFEST.to_vec()).unwrap();
    let comment = "\"orjson\",  # ftlint: ignore[FTL302] built here";
    it.write("pyproject.toml", text.replace("\"orjson\",", comment).as_bytes());
    let found = places(&it, &["--select", "FTL302"]);
    assert_eq!(found, ["pyproject.toml:6:5 FTL302"]);
    let ignored =
        "[tool.ftlint.per-file-ignores]\n\"*.toml\" = [\"FTL30\"]\n\"*.lock\" = [\"FTL30\"]\n";
    it.write("pyproject.toml", (text + ignored).as_bytes());
    assert_eq!(places(&it, &[]), Vec::<String>::new());
}

#[test]
fn a_release_that_is_left_out_is_one_finding() {
    let lock = String::from_utf8(LOCK.to_vec()).unwrap().replacen(">=3.11", ">=3.11,<3.14", 1);
    let it = project(APP);
    it.write("uv.lock", lock.as_bytes());
    assert_eq!(places(&it, &[]), ["uv.lock:1:1 FTL302"]);
    let manifest = String::from_utf8(MANIFEST.to_vec()).unwrap().replace(">=3.11", "<3.14");
    it.write("pyproject.toml", manifest.as_bytes());
    let told = it.run(&["check", "--output-format", "concise"]);
    assert!(
        told.contains("pyproject.toml:3:1: FTL302")
            && told.contains("`requires-python = \"<3.14\"` leaves 3.14t out"),
        "{told}"
    );
    // Without a lock file nobody has chosen anything yet.
    std::fs::remove_file(it.root.join("uv.lock")).unwrap();
    assert_eq!(places(&it, &[]), Vec::<String>::new());
}

#[test]
fn pins_are_locks_and_bounds_are_not() {
    let it = Sandbox::new(&[
        ("requirements.txt", b"msgpack==1.1.2\nnumpy>=1.20\nbrotli==1.1.0\n"),
        ("app.py", b"import msgpack\nimport numpy\nimport brotli\n"),
    ]);
    it.write("setup.py", b"");
    assert_eq!(places(&it, &[]), ["app.py:1:1 FTL305"]);
}

#[test]
fn what_developers_need_is_told_where_it_is_imported() {
    let lock = "version = 1\n[[package]]\nname = \"app\"\nsource = { virtual = \".\" }\n\
        [package.dev-dependencies]\ndev = [{ name = \"orjson\" }, { name = \"lxml\" }]\n";
    let wheel = |name: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1\"\nwheels = [{{ filename = \"{name}-1-cp314-cp314-manylinux_2_17_x86_64.whl\" }}]\n"
        )
    };
    let it = Sandbox::new(&[
        ("uv.lock", [lock, &wheel("orjson"), &wheel("lxml")].concat().as_bytes()),
        ("pyproject.toml", b"[project]\nname = \"app\"\n"),
        ("app.py", b"from lxml import etree\n"),
    ]);
    assert_eq!(places(&it, &[]), ["app.py:1:1 FTL302"]);
}

#[test]
fn a_broken_lock_file_is_a_warning() {
    let it = Sandbox::new(&[
        ("uv.lock", b"version = 1\n[[package]]\nname =\n"),
        ("pyproject.toml", b"[project]\nname = \"app\"\n"),
        ("app.py", CLEAN.as_bytes()),
    ]);
    let told = it.run(&["check"]);
    assert!(told.starts_with("exit 0\n") && told.contains("uv.lock:3: "), "{told}");
}
