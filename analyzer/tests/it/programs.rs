//! The complete programs among the fixtures are really complete: each runs, ends with status 0, and does not take long.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ftlint_analyzer::testing::{fixtures_dir, load_fixtures};

/// Far more than any of them needs, for slow machines.
const MAX_TIME: Duration = Duration::from_secs(30);

#[test]
fn complete_programs_run() {
    let python = python();
    let programs = programs();
    assert!(programs.len() > 60, "only {} programs", programs.len());
    let (left, failed) = (Mutex::new(programs), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(program) = pop(&left) {
                    if let Err(problem) = run(&python, &program) {
                        failed
                            .lock()
                            .expect("no panic")
                            .push(format!("{}: {problem}", program.display()));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn pop(left: &Mutex<Vec<PathBuf>>) -> Option<PathBuf> {
    left.lock().expect("no panic").pop()
}

fn programs() -> Vec<PathBuf> {
    let fixtures = load_fixtures(&fixtures_dir());
    let complete = ["programs/", "projects/", "seeds/", "demo"];
    let files =
        fixtures.iter().filter(|it| complete.iter().any(|folder| it.name.starts_with(folder)));
    let files =
        files.flat_map(|it| &it.files).filter(|it| it.text.contains("__name__ == \"__main__\""));
    files.map(|it| it.path.clone()).collect()
}

fn run(python: &Path, program: &Path) -> Result<(), String> {
    let start = Instant::now();
    let mut child = Command::new(python)
        .arg(program)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|it| it.to_string())?;
    while start.elapsed() < MAX_TIME {
        match child.try_wait().map_err(|it| it.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    child.kill().map_err(|it| it.to_string())?;
    child.wait().map_err(|it| it.to_string())?;
    Err("did not end".to_owned())
}

/// The interpreter behind `python3`, so that a shim is paid for once.
fn python() -> PathBuf {
    let code = "import sys; print(sys.executable)";
    let output = Command::new("python3").args(["-c", code]).output().expect("python3 runs");
    PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim())
}
