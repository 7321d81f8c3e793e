//! What is analysed, what is reported, and under which settings.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{CLEAN, RACY, Sandbox};

/// The counter is in one file, the threads are in another.
const STATS: &[u8] = b"handled = 0\n\n\ndef note():\n    global handled\n    handled += 1\n";
const MAIN: &[u8] = b"import threading\n\nfrom app import stats\n\nfor _ in range(2):\n    threading.Thread(target=stats.note).start()\n";

fn project() -> Sandbox {
    Sandbox::new(&[
        ("pyproject.toml", b""),
        ("app/__init__.py", b""),
        ("app/stats.py", STATS),
        ("app/main.py", MAIN),
    ])
}

#[test]
fn a_single_file_is_judged_with_its_project() {
    let it = project();
    let told = it.run(&["--output-format=concise", "--min-confidence=high", "app/stats.py"]);
    assert!(told.starts_with("exit 1\n--- stdout\napp/stats.py:6:5: FTL102 "), "{told}");
    assert!(it.run(&["--min-confidence=high", "app/main.py"]).starts_with("exit 0\n"));
}

#[test]
fn paths_outside_of_the_working_directory_stay_absolute() {
    let (it, elsewhere) = (project(), Sandbox::new(&[]));
    let path = it.root.join("app/stats.py");
    let path = path.to_str().unwrap();
    let told = elsewhere.run(&["--output-format=concise", path]);
    assert!(told.starts_with(&format!("exit 1\n--- stdout\n{path}:6:5: ")), "{told}");
}

#[test]
fn settings_come_from_the_nearest_file() {
    let it = project();
    it.write("pyproject.toml", b"[tool.ftlint]\nignore = ['FTL102']\noutput-format = 'json'\n");
    assert_eq!(it.run(&[]), "exit 0\n--- stdout\n[]\n--- stderr\n");
    assert!(it.run(&["--select=FTL1"]).starts_with("exit 1\n"));
    it.write("app/ftlint.toml", b"select = ['FTL1']\n");
    assert!(it.run(&["app/stats.py"]).starts_with("exit 1\n"));
}

#[test]
fn knowledge_of_the_project_is_used() {
    let it = Sandbox::new(&[(
        "a.py",
        b"from mylib import job\n\nn = 0\n\n\n@job\ndef work():\n    global n\n    n += 1\n",
    )]);
    assert!(it.run(&[]).starts_with("exit 1\n"));
    it.write("ftlint.toml", b"[[knowledge.decorator]]\nname = 'mylib.job'\nkind = 'iso'\n");
    assert!(it.run(&[]).starts_with("exit 0\n"));
    assert!(it.run(&["--isolated"]).starts_with("exit 1\n"));
}

#[test]
fn excluded_files_are_left_out_unless_named() {
    let it = Sandbox::new(&[
        ("ftlint.toml", b"exclude = ['gen']"),
        ("gen/a.py", RACY.as_bytes()),
        ("b.py", CLEAN.as_bytes()),
    ]);
    assert!(it.run(&[]).starts_with("exit 0\n"));
    assert!(it.run(&["gen/a.py"]).starts_with("exit 1\n"));
    assert!(it.run(&["--force-exclude", "gen/a.py"]).starts_with("exit 0\n"));
}

#[test]
fn exit_zero_is_for_findings_only() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    assert!(it.run(&["--exit-zero"]).starts_with("exit 0\n--- stdout\nwarning[FTL102]"));
    assert!(it.run(&["--exit-zero", "gone.py"]).starts_with("exit 2\n"));
}

#[test]
fn standard_input_stands_for_a_file() {
    let it = project();
    it.write("app/stats.py", CLEAN.as_bytes());
    let mut command =
        it.command(&["-", "--stdin-filename=app/stats.py", "--output-format=concise"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(STATS).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.starts_with("app/stats.py:6:5: FTL102 "), "{text}");
}

#[test]
fn colours_are_asked_for() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    assert!(it.run(&["--color=always"]).contains("\x1b["));
    assert!(!it.run(&[]).contains("\x1b["));
}

#[test]
fn a_name_for_standard_input_asks_for_it() {
    let it = Sandbox::new(&[("other.py", RACY.as_bytes())]);
    let mut command = it.command(&["--stdin-filename=new.py", "--output-format=concise"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(CLEAN.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(out.stdout, b"");
}

#[test]
fn installed_packages_are_left_out_unless_named() {
    let it = Sandbox::new(&[("lib/site-packages/p.py", RACY.as_bytes()), ("b.py", b"")]);
    assert!(it.run(&[]).starts_with("exit 0\n"));
    assert!(it.run(&["lib"]).starts_with("exit 0\n"));
    assert!(it.run(&["lib/site-packages"]).starts_with("exit 1\n"));
    assert!(it.run(&["lib/site-packages/p.py"]).starts_with("exit 1\n"));
}

/// Going through a weak set goes through a copy since 3.14.
const WEAK: &str = "import threading\nimport weakref\n\nlive = weakref.WeakSet()\n\n\ndef add(it):\n    live.add(it)\n\n\n\
                    def names():\n    return [it.name for it in live]\n\n\n\
                    def start():\n    threading.Thread(target=names).start()\n";

#[test]
fn the_target_decides_what_is_atomic() {
    let it = Sandbox::new(&[
        ("ftlint.toml", b"target-version = \"3.13t\"\n"),
        ("weak.py", WEAK.as_bytes()),
    ]);
    let concise = "--output-format=concise";
    let told = it.run(&[concise, "weak.py"]);
    assert!(told.contains("weak.py:12:31: FTL601"), "{told}");
    let told = it.run(&[concise, "--target-version", "3.15t", "weak.py"]);
    assert!(told.starts_with("exit 0\n"), "{told}");
    let told = it.run(&[concise, "--target-version", "3.9", "weak.py"]);
    assert!(told.starts_with("exit 2\n"), "{told}");
}
