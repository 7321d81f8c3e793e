//! `--replay` around the runtime: trouble keeps the findings, and a verdict arrives in the output. What verdicts are
//! right is tested in the runtime.

use crate::hostile::leaves_nothing;
use crate::support::{CLEAN, RACY, Sandbox};

#[test]
fn an_interpreter_that_is_not_there_is_an_error_and_findings_are_printed() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let told = it.run(&["--replay", "--python=/no/such/python", "--output-format=concise"]);
    assert!(told.starts_with("exit 2\n--- stdout\na.py:8:5: FTL102 "), "{told}");
    assert!(told.contains("error: --python names `/no/such/python`"), "{told}");
}

#[test]
fn nothing_to_replay_needs_no_interpreter() {
    let it = Sandbox::new(&[("a.py", CLEAN.as_bytes())]);
    assert!(it.run(&["--replay", "--python=/no/such/python"]).starts_with("exit 0\n"));
}

#[test]
fn without_any_interpreter_the_way_to_one_is_named() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let mut command = it.command(&["--replay", "--output-format=concise"]);
    command.env_clear().env("HOME", &it.root).env("PATH", &it.root);
    let out = command.output().unwrap();
    let stderr = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8(out.stdout).unwrap().starts_with("a.py:8:5: FTL102 "));
    assert!(stderr.contains("ftlint runtime install"), "{stderr}");
}

#[test]
fn a_schedule_that_is_none_is_wrong_usage() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let told = it.run(&["--replay", "--schedule=sometimes"]);
    assert!(
        told.starts_with("exit 2\n--- stdout\n--- stderr\nerror: invalid value 'sometimes'"),
        "{told}"
    );
}

#[test]
fn a_confirmed_finding_says_so_and_can_be_repeated() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    if !can_replay(&it) {
        return;
    }
    let json = it.run(&["--replay", "--output-format=json"]);
    assert!(json.contains("\"status\": \"confirmed\""), "{json}");
    let schedule = json.split("\"schedule\": \"").nth(1).unwrap().split('"').next().unwrap();
    let told = it.run(&["--replay", "--schedule", schedule, "a.py"]);
    assert!(told.contains("confirmed on CPython 3."), "{told}");
    assert!(told.contains(&format!("--schedule '{schedule}'\n")), "{told}");
    assert!(told.ends_with("Found 1 finding (1 confirmed).\n"), "{told}");
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_replays_and_keeps_the_findings() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let it = Sandbox::new(&[("tmp/.keep", b"")]);
    if !can_replay(&it) {
        return;
    }
    for i in 0..200 {
        it.write(&format!("m{i}.py"), RACY.as_bytes());
    }
    let mut command = it.command(&["--replay", "--output-format=concise"]);
    command.env("TMPDIR", it.root.join("tmp"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    std::thread::sleep(Duration::from_secs(4));
    let interrupted = Instant::now();
    Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(130));
    assert_eq!(String::from_utf8(out.stdout).unwrap().lines().count(), 200);
    assert!(interrupted.elapsed() < Duration::from_secs(5));
    leaves_nothing(&it.root, pid);
}

/// Whether there is a free-threaded Python; without one these tests have nothing to say, except in CI.
pub(crate) fn can_replay(it: &Sandbox) -> bool {
    let found = it.run(&["runtime", "list"]).contains("free-threading");
    assert!(found || std::env::var_os("CI").is_none(), "CI needs a free-threaded Python");
    found
}
