//! Mistakes of the user and trouble with files: told with their place, exit status 2, and nothing else is lost.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{CLEAN, RACY, Sandbox};

#[test]
fn an_unknown_setting_stops_the_run() {
    let it = Sandbox::new(&[
        ("pyproject.toml", b"[project]\nname = 'x'\n\n[tool.ftlint]\nselct = []\n"),
        ("a.py", RACY.as_bytes()),
    ]);
    insta::assert_snapshot!(it.run(&[]));
    assert!(it.run(&["--isolated"]).starts_with("exit 1\n"));
}

#[test]
fn an_unknown_column_of_knowledge_stops_the_run() {
    let it = Sandbox::new(&[
        ("pyproject.toml", b"[[tool.ftlint.knowledge.safe]]\nname = 'm.Atomic'\nnmae = 'x'\n"),
        ("a.py", RACY.as_bytes()),
    ]);
    let told = it.run(&[]);
    let at = "exit 2\n--- stdout\n--- stderr\nerror: pyproject.toml:3:1: unknown field `nmae`";
    assert!(told.starts_with(at), "{told}");
}

#[test]
fn a_broken_pyproject_is_named_with_its_line() {
    let it =
        Sandbox::new(&[("pyproject.toml", b"[project]\nname = \n"), ("a.py", CLEAN.as_bytes())]);
    insta::assert_snapshot!(it.run(&["a.py"]));
}

#[test]
fn an_unknown_rule_on_the_command_line() {
    let it = Sandbox::new(&[("a.py", CLEAN.as_bytes())]);
    insta::assert_snapshot!(it.run(&["--select", "FTL10,FTL1O1"]));
}

#[test]
fn a_missing_path_does_not_hide_the_others() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    insta::assert_snapshot!(it.run(&["--output-format=concise", "gone.py", "a.py"]));
}

#[test]
fn undecodable_files_do_not_hide_the_others() {
    let it = Sandbox::new(&[
        ("bytes.py", b"x = 1\ny = '\xe4'\n"),
        ("codec.py", b"# coding: klingon\n"),
        ("latin.py", b"# coding: latin-1\nx = '\xe4'\n"),
        ("racy.py", RACY.as_bytes()),
    ]);
    insta::assert_snapshot!(it.run(&["--output-format=concise"]));
}

#[test]
fn an_unreadable_context_is_not_the_users_question() {
    let it =
        Sandbox::new(&[("setup.py", b""), ("bytes.py", b"'\xe4'\n"), ("a.py", CLEAN.as_bytes())]);
    assert!(it.run(&["a.py"]).starts_with("exit 0\n"));
}

#[test]
fn syntax_errors_are_findings() {
    let it = Sandbox::new(&[("a.py", b"x = (\n")]);
    let told = it.run(&["--output-format=concise"]);
    assert!(
        told.starts_with("exit 1\n--- stdout\na.py:") && told.contains(": invalid-syntax "),
        "{told}"
    );
}

#[test]
fn misspelt_suppressions_are_warnings() {
    let it = Sandbox::new(&[("a.py", b"x = 1  # ftlint: ignore[FTL000]\n")]);
    assert_eq!(
        it.run(&[]),
        "exit 0\n--- stdout\n--- stderr\nwarning: a.py:1: unknown rule `FTL000` in `ignore[...]`\nNo findings.\n"
    );
}

#[test]
#[cfg(unix)]
fn what_cannot_be_opened_does_not_hide_the_others() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes()), ("dir.py/b.py", CLEAN.as_bytes())]);
    std::os::unix::fs::symlink("nowhere", it.root.join("gone.py")).unwrap();
    std::os::unix::fs::symlink(".", it.root.join("loop")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(it.root.join("pipe.py")).status();
    assert!(made.is_ok_and(|it| it.success()));
    let told = it.run(&["--output-format=concise"]);
    assert!(told.starts_with("exit 1\n--- stdout\na.py:8:5: FTL102 "), "{told}");
    assert!(told.ends_with("--- stderr\nFound 1 finding.\n"), "{told}");
    // What is named is not passed over.
    assert!(it.run(&["gone.py", "a.py"]).starts_with("exit 2\n--- stdout\nwarning[FTL102]"));
}

#[test]
fn texts_without_end_are_analysed() {
    let deep = format!("{RACY}x = {}", "[".repeat(100_000));
    let long = format!("{RACY}{}", "y = 1; ".repeat(100_000));
    for text in [deep, long] {
        let it = Sandbox::new(&[("a.py", text.as_bytes())]);
        assert!(it.run(&["--output-format=json"]).starts_with("exit 1\n--- stdout\n[\n"));
        assert!(it.run(&[]).starts_with("exit 1\n--- stdout\nwarning[FTL102]"));
    }
}

#[test]
fn a_server_whose_client_leaves_without_a_word_says_so() {
    assert!(Sandbox::new(&[]).run(&["server"]).starts_with("exit 1\n"));
}

#[test]
fn a_schedule_needs_replay() {
    assert!(Sandbox::new(&[]).run(&["--schedule", "v1:1"]).starts_with("exit 2\n"));
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let it = Sandbox::new(&[]);
    for i in 0..200 {
        it.write(&format!("m{i}.py"), RACY.as_bytes());
    }
    let mut child = it.command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(child.wait().unwrap().code().is_some_and(|it| it != 101), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}
