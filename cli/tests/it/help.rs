//! The help texts, and the ways to say the same.

use crate::support::{CLEAN, RACY, Sandbox};

#[test]
fn help_names_the_commands() {
    insta::assert_snapshot!(Sandbox::new(&[]).run(&["--help"]));
}

#[test]
fn help_of_replay_says_that_it_runs_code() {
    let help = Sandbox::new(&[]).run(&["check", "--help"]);
    let from = help.find("--replay\n").unwrap();
    let to = help[from..]
        .find("\n\n  -")
        .or_else(|| help[from..].find("\n\nReplay"))
        .unwrap_or(help.len() - from);
    insta::assert_snapshot!(&help[from..from + to]);
}

#[test]
fn short_help_of_check() {
    insta::assert_snapshot!(Sandbox::new(&[]).run(&["check", "-h"]));
}

#[test]
fn the_word_check_may_be_left_out() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let full = it.run(&["check", "--output-format", "concise", "a.py"]);
    assert!(full.starts_with("exit 1\n--- stdout\na.py:8:5: FTL"), "{full}");
    assert_eq!(it.run(&["--output-format", "concise", "a.py"]), full);
    assert_eq!(it.run(&["a.py", "--output-format=concise"]), full);
    assert_eq!(it.run(&["--output-format=concise"]), full);
}

#[test]
fn clean_input_is_silent_on_standard_output() {
    let it = Sandbox::new(&[("a.py", CLEAN.as_bytes())]);
    assert_eq!(it.run(&[]), "exit 0\n--- stdout\n--- stderr\nNo findings.\n");
    assert_eq!(it.run(&["--output-format=json"]), "exit 0\n--- stdout\n[]\n--- stderr\n");
}

#[test]
fn rules_are_explained_by_code_and_name() {
    let it = Sandbox::new(&[]);
    let page = it.run(&["rule", "FTL101"]);
    assert!(page.starts_with("exit 0\n--- stdout\n# ") && page.contains("(FTL101)\n"), "{page}");
    assert!(
        it.run(&["rule", "ftl101", "--output-format", "json"]).contains("\"code\": \"FTL101\"")
    );
    let all = it.run(&["rule", "--all", "--output-format=json"]);
    assert!(all.contains("\"code\": \"FTL201\"") && all.starts_with("exit 0\n--- stdout\n[\n"));
    assert_eq!(
        it.run(&["rule", "FTL1O1"]),
        "exit 2\n--- stdout\n--- stderr\nerror: unknown rule `FTL1O1`; did you mean `FTL101`?\n"
    );
}

#[test]
fn installing_takes_a_yes() {
    let it = Sandbox::new(&[]);
    let told = it.run(&["runtime", "install", "--yes", "2.7"]);
    assert!(told.starts_with("exit 2\n") && !told.contains("unexpected argument"), "{told}");
}
