//! No text makes the analyzer panic: the files of the standard library, each also cut in half and with bytes changed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;

use ftlint_analyzer::testing::{Fixture, FixtureFile, python_files};

const N_FILES: usize = 400;

#[test]
fn standard_library_does_not_panic() {
    let texts = corpus();
    let mut panicked = Vec::new();
    for (path, bytes) in &texts {
        let whole = String::from_utf8_lossy(bytes).into_owned();
        let half = String::from_utf8_lossy(&bytes[..bytes.len() / 2]).into_owned();
        let broken = String::from_utf8_lossy(&flip_bytes(bytes)).into_owned();
        for (what, text) in [("", whole), (" cut in half", half), (" with bytes changed", broken)] {
            if catch_unwind(AssertUnwindSafe(|| Fixture::of_text("module", &text).check())).is_err()
            {
                panicked.push(format!("{}{what}", path.display()));
            }
        }
    }
    assert!(panicked.is_empty(), "{}", panicked.join("\n"));
}

/// The same files as one project: what only happens between modules.
#[test]
fn standard_library_as_a_project_does_not_panic() {
    let mut fixture = Fixture::of_text("main", "import threading\n");
    for (path, bytes) in corpus() {
        let module = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        fixture.files.push(FixtureFile {
            path,
            module,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        });
    }
    fixture.check();
}

/// Every so many-th file, so that all folders are represented.
fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths = Vec::new();
    python_files(&standard_library(), &mut paths);
    paths.retain(|it| !it.components().any(|part| part.as_os_str() == "site-packages"));
    assert!(paths.len() > 100, "only {} files in the standard library", paths.len());
    let step = paths.len().div_ceil(N_FILES);
    let chosen = paths.into_iter().step_by(step);
    chosen.filter_map(|it| std::fs::read(&it).ok().map(|bytes| (it, bytes))).collect()
}

fn standard_library() -> PathBuf {
    let code = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output = Command::new("python3").args(["-c", code]).output().expect("python3 runs");
    PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim())
}

/// Changes about one byte in two hundred, the same ones each time (Knuth's linear congruential generator).
fn flip_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut state = bytes.len() as u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let marks = b" \n()[]{}:=,'\"\\#\t@\x00\xff";
    let mut res = bytes.to_vec();
    for byte in &mut res {
        if next().is_multiple_of(200) {
            *byte = marks[usize::try_from(next()).unwrap_or(0) % marks.len()];
        }
    }
    res
}
