//! Verdicts of earlier runs: when they are shown, and when the code has to run again.

use crate::support::Sandbox;

const MAIN: &str = "import threading
from shared import step

hits = 0

def work():
    global hits
    hits += step()

if __name__ == '__main__':
    threads = [threading.Thread(target=work) for _ in range(2)]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
";
const SHARED: &str = "def step():\n    return 1\n";
const EARLIER: &str = "1 verdict is from an earlier run";

/// A project with a race, and the interpreter that ftlint would take; nothing when there is none.
fn project() -> Option<(Sandbox, String)> {
    let it = Sandbox::new(&[("main.py", MAIN.as_bytes()), ("shared.py", SHARED.as_bytes())]);
    let told = it.run(&["runtime", "list"]);
    let line = told.lines().find(|it| it.starts_with('*') && it.contains("free-threading"));
    let Some(line) = line else {
        assert!(std::env::var_os("CI").is_none(), "no free-threaded Python: {told}");
        return None;
    };
    let python = line.split_whitespace().nth(1)?.to_owned();
    Some((it, python))
}

/// A run with a cache of its own.
fn run(it: &Sandbox, python: &str, args: &[&str]) -> String {
    let mut command = it.command(args);
    command.env_remove("FTLINT_NO_CACHE").env("FTLINT_CACHE_DIR", it.root.join("cache"));
    command.env("FTLINT_PYTHON", python);
    let out = command.output().expect("it starts");
    [out.stdout, out.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat()
}

fn entries(it: &Sandbox) -> Vec<std::path::PathBuf> {
    let verdicts = it.root.join("cache/verdicts");
    let versions = std::fs::read_dir(verdicts).into_iter().flatten().flatten();
    versions
        .flat_map(|it| std::fs::read_dir(it.path()).into_iter().flatten().flatten())
        .map(|it| it.path())
        .collect()
}

#[test]
fn what_was_seen_is_shown_and_not_run_again() {
    let Some((it, python)) = project() else { return };
    let first = run(&it, &python, &["main.py", "--replay"]);
    assert!(first.contains("confirmed on CPython") && !first.contains(EARLIER), "{first}");
    let second = run(&it, &python, &["main.py", "--replay"]);
    assert!(second.contains("confirmed on CPython") && second.contains(EARLIER), "{second}");
    // Without a replay it is known as well, and in JSON it says so.
    let plain = run(&it, &python, &["main.py", "--output-format=json"]);
    assert!(plain.contains("\"cached\": true") && plain.contains("\"confirmed\""), "{plain}");
    // The option neither looks nor keeps.
    let fresh = run(&it, &python, &["main.py", "--replay", "--no-cache"]);
    assert!(fresh.contains("confirmed on CPython") && !fresh.contains(EARLIER), "{fresh}");
}

#[test]
fn a_change_in_what_the_code_calls_runs_it_again() {
    let Some((it, python)) = project() else { return };
    run(&it, &python, &["main.py", "--replay"]);
    it.write("shared.py", b"def step():\n    return 2\n");
    let told = run(&it, &python, &["main.py", "--output-format=json"]);
    assert!(told.contains("\"verdict\": null"), "{told}");
    let told = run(&it, &python, &["main.py", "--replay"]);
    assert!(told.contains("confirmed on CPython") && !told.contains(EARLIER), "{told}");
    assert_eq!(entries(&it).len(), 2);
}

#[test]
fn a_verdict_without_the_sandbox_is_another_one() {
    let Some((it, python)) = project() else { return };
    run(&it, &python, &["main.py", "--replay", "--no-sandbox"]);
    let told = run(&it, &python, &["main.py", "--replay"]);
    assert!(!told.contains(EARLIER), "{told}");
}

#[test]
fn a_broken_entry_is_written_anew() {
    let Some((it, python)) = project() else { return };
    run(&it, &python, &["main.py", "--replay"]);
    let entry = entries(&it).pop().unwrap();
    std::fs::write(&entry, b"{ not json").unwrap();
    let told = run(&it, &python, &["main.py", "--replay"]);
    assert!(told.contains("confirmed on CPython") && !told.contains(EARLIER), "{told}");
    assert!(run(&it, &python, &["main.py", "--replay"]).contains(EARLIER));
}
