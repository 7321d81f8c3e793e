//! The command that is printed with a confirmed finding repeats it, 20 times of 20: over a spread of the fixtures (over
//! all of them with `FTLINT_REPEAT=all`), and for the commands in `docs/replay.md`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{RACY, Sandbox};

const TIMES: usize = 20;

/// Fixtures that are repeated by default.
const SPREAD: usize = 6;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace")
        .canonicalize()
        .expect("it exists")
}

/// Runs a printed command as a person would: in a shell, with `ftlint` on the path.
fn shell(command: &str) -> (Option<i32>, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_ftlint"));
    let old = std::env::var_os("PATH").unwrap_or_default();
    let places = [binary.parent().expect("a directory").to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&old));
    let path = std::env::join_paths(places).expect("works");
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(repository())
        .env("PATH", path)
        .env("FTLINT_NO_CACHE", "1")
        .stdin(Stdio::null());
    let out = shell.output().expect("works");
    let text = [out.stdout, out.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    (out.status.code(), text.concat())
}

fn can_replay() -> bool {
    let found = shell("ftlint runtime list").1.contains("free-threading");
    assert!(found || std::env::var_os("CI").is_none(), "CI needs a free-threaded Python");
    found
}

/// What is wrong with a command, by the first run that did not repeat.
fn repeats(command: &str) -> Option<String> {
    for number in 1..=TIMES {
        let (status, text) = shell(command);
        if status != Some(1) || !text.contains("Found 1 finding (1 confirmed).") {
            return Some(format!("run {number} of {TIMES} of `{command}`: {status:?}\n{text}"));
        }
    }
    None
}

fn files(directory: &Path, res: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(directory).expect("works").map(|it| it.expect("works").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // The folders of `projects/` are checked as a whole; here each file is.
            if !path.ends_with("projects") {
                files(&path, res);
            }
        } else if path.extension().is_some_and(|it| it == "py")
            && std::fs::read_to_string(&path).is_ok_and(|it| it.contains("# replay: confirmed"))
        {
            res.push(path);
        }
    }
}

/// The printed commands of a fixture, each run until it fails.
fn check(path: &Path) -> (usize, Vec<String>) {
    let place = path.strip_prefix(repository()).expect("works").display().to_string();
    let told = shell(&format!("ftlint check '{place}' --isolated --min-confidence low --replay")).1;
    let commands: Vec<_> =
        told.lines().filter_map(|it| it.trim_start().strip_prefix("repeat: ")).collect();
    if commands.is_empty() {
        return (0, vec![format!("{place}: nothing was confirmed\n{told}")]);
    }
    (commands.len(), commands.into_iter().filter_map(repeats).collect())
}

#[test]
fn printed_commands_of_fixtures_repeat() {
    if !can_replay() {
        return;
    }
    let mut all = Vec::new();
    files(&repository().join("fixtures"), &mut all);
    let step = match std::env::var("FTLINT_REPEAT").as_deref() {
        Ok("all") => 1,
        _ => (all.len() / SPREAD).max(1),
    };
    let chosen: Vec<_> = all.iter().step_by(step).collect();
    let (next, schedules) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(path) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (count, problems) = check(path);
                    schedules.fetch_add(count, Ordering::Relaxed);
                    wrong.lock().unwrap().extend(problems);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let count = schedules.into_inner();
    assert!(wrong.is_empty(), "{} of {count} did not repeat:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= chosen.len(), "{count}");
}

#[test]
fn commands_in_the_documentation_repeat() {
    if !can_replay() {
        return;
    }
    let page = std::fs::read_to_string(repository().join("docs/replay.md")).unwrap();
    let commands: Vec<_> = page
        .lines()
        .filter_map(|it| it.strip_prefix("    "))
        .filter(|it| it.starts_with("ftlint check fixtures/") && it.contains(" --schedule 'v1:"))
        .collect();
    assert!(!commands.is_empty());
    let wrong: Vec<_> = commands.into_iter().filter_map(repeats).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_schedule_of_other_code_is_refused() {
    if !can_replay() {
        return;
    }
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let json = it.run(&["--replay", "--output-format=json"]);
    let schedule = json.split("\"schedule\": \"").nth(1).unwrap().split('"').next().unwrap();

    it.write("a.py", format!("{RACY}\n# another line\n").as_bytes());
    let told = it.run(&["--replay", "--schedule", schedule]);
    assert!(told.starts_with("exit 2\n"), "{told}");
    assert!(told.contains("error: the source has changed since the schedule was found"), "{told}");

    it.write("a.py", RACY.as_bytes());
    let older = schedule.replace("*/3.", "*/2.");
    let told = it.run(&["--replay", "--schedule", &older]);
    assert!(told.starts_with("exit 2\n"), "{told}");
    assert!(told.contains("the schedule was found on CPython 2."), "{told}");

    it.write("a.py", b"print('nothing')\n");
    let told = it.run(&["--replay", "--schedule", schedule]);
    assert!(told.starts_with("exit 2\n"), "{told}");
}

#[test]
fn a_report_is_a_page() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let told = it.run(&["--report", "out.html", "--exit-zero"]);
    assert!(told.starts_with("exit 0\n"), "{told}");
    let page = std::fs::read_to_string(it.root.join("out.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("a.py:8:5"), "{page}");
    assert!(it.run(&["--report", "a.py"]).starts_with("exit 2\n"));
    assert_eq!(std::fs::read(it.root.join("a.py")).unwrap(), RACY.as_bytes());
}
