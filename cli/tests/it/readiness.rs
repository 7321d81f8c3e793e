//! `ftlint readiness` on a real lock file, in all its formats.

use crate::support::{RACY, Sandbox};

const LOCK: &[u8] = include_bytes!("../../../dependencies/tests/locks/uv.lock");
const MANIFEST: &[u8] = b"[project]\nname = \"shop\"\nrequires-python = \">=3.11\"\ndependencies = [\"orjson\", \"not-locked\"]\n";

fn project() -> Sandbox {
    Sandbox::new(&[("uv.lock", LOCK), ("pyproject.toml", MANIFEST), ("app.py", RACY.as_bytes())])
}

fn ask(it: &Sandbox, more: &[&str]) -> String {
    let platform = ["readiness", "--platform", "linux-x86-64"];
    it.run(&[&platform[..], more].concat())
}

#[test]
fn as_text() {
    let told = ask(&project(), &[]);
    assert!(told.starts_with("exit 1\n"), "{told}");
    for part in [
        "4 dependencies stand in the way of 3.14t; 1 finding in the code.",
        "re-enables the GIL (1)\n  sqlalchemy 2.0.51  uv.lock:346\n",
        "      comes with polars -> polars-runtime-32\n",
        "unknown (1)\n  not-locked -  pyproject.toml:4\n",
        "FTL102 shared-global-augassign",
        "  1. sqlalchemy 2.0.51 (re-enables the GIL): upgrade to 2.0.54 or later\n",
    ] {
        assert!(told.contains(part), "{part:?} is missing in\n{told}");
    }
}

#[test]
fn as_json_markdown_and_a_page() {
    let it = project();
    let json = ask(&it, &["--output-format", "json", "--exit-zero"]);
    assert!(json.starts_with("exit 0\n"), "{json}");
    assert!(
        json.contains("\"place\": \"uv.lock:184\"") && json.contains("\"code\": \"FTL102\""),
        "{json}"
    );
    let markdown = ask(&it, &["--output-format", "markdown"]);
    assert!(
        markdown.contains("- [ ] pyyaml 6.0.2 (no wheel): upgrade to 6.0.3 or later"),
        "{markdown}"
    );
    let written = ask(&it, &["--output-format", "html", "--output", "page.html"]);
    assert!(written.contains("--- stdout\n--- stderr\n"), "{written}");
    let page = std::fs::read_to_string(it.root.join("page.html")).unwrap();
    assert!(
        page.contains("<title>Ready for 3.14t?</title>") && !page.contains("<script"),
        "{page}"
    );
}

#[test]
fn names_of_others_stay_text() {
    let lock = "version = 1\n[[package]]\nname = \"<img src=x>|\"\nversion = \"1\"\nsdist = {}\n";
    let it = Sandbox::new(&[("uv.lock", lock.as_bytes())]);
    let page = ask(&it, &["--output-format", "html"]);
    assert!(page.contains("&lt;img src=x&gt;|") && !page.contains("<img"), "{page}");
    let markdown = ask(&it, &["--output-format", "markdown"]);
    assert!(markdown.contains("\\<img src=x\\>\\|"), "{markdown}");
}

#[test]
fn a_release_that_is_left_out_is_one_note() {
    let lock = String::from_utf8(LOCK.to_vec()).unwrap().replacen(">=3.11", ">=3.11,<3.14", 1);
    let it = Sandbox::new(&[("uv.lock", lock.as_bytes())]);
    let told = ask(&it, &[]);
    assert!(told.contains("note: uv.lock:1: it is locked for `>=3.11,<3.14`"), "{told}");
    assert!(!told.contains("no wheel"), "{told}");
    assert!(told.starts_with("exit 1\n"), "{told}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let it =
        Sandbox::new(&[("uv.lock", b"version = 1\n[[package]]\nname =\n"), ("a.py", b"x = 1\n")]);
    let told = ask(&it, &[]);
    assert!(told.starts_with("exit 2\n") && told.contains("error: [root]/uv.lock:3: "), "{told}");
    let nowhere = it.run(&["readiness", "nowhere"]);
    assert!(
        nowhere.starts_with("exit 2\n") && nowhere.contains("nowhere is no directory"),
        "{nowhere}"
    );
}

#[test]
fn nothing_in_the_way() {
    let lock = "version = 1\n[[package]]\nname = \"idna\"\nversion = \"3\"\nwheels = [{filename = \"idna-3-py3-none-any.whl\"}]\n";
    let it = Sandbox::new(&[("uv.lock", lock.as_bytes()), ("a.py", b"x = 1\n")]);
    let told = ask(&it, &["--target-version", "3.15t"]);
    assert!(told.starts_with("exit 0\n"), "{told}");
    assert!(
        told.contains("Nothing is known to stand in the way of 3.15t. That is no proof."),
        "{told}"
    );
}
