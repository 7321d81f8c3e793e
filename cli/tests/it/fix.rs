//! `--fix` and `--diff`: what is written, what is not, and that a file stays what it was otherwise.

use crate::support::Sandbox;

const RACY: &str = "import threading

_cache = {}


def get(key):
    if key not in _cache:
        _cache[key] = []
    return _cache[key]


for _ in range(2):
    threading.Thread(target=get, args=(1,)).start()
";

fn read(it: &Sandbox, name: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(it.root.join(name)).expect("it is there")).into_owned()
}

#[test]
fn what_is_safe_is_mended() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let told = it.run(&["a.py", "--fix"]);
    assert!(told.starts_with("exit 0\n") && told.contains("Fixed 1 finding in 1 file."), "{told}");
    assert!(read(&it, "a.py").contains("    _cache.setdefault(key, [])\n    return _cache[key]\n"));
    assert!(it.run(&["a.py", "--fix"]).contains("Nothing could be fixed."));
}

#[test]
fn a_diff_is_shown_and_nothing_is_written() {
    let it = Sandbox::new(&[("a.py", RACY.as_bytes())]);
    let told = it.run(&["a.py", "--diff"]);
    assert!(told.starts_with("exit 1\n"), "{told}");
    assert!(
        told.contains(
            "-    if key not in _cache:\n-        _cache[key] = []\n+    _cache.setdefault(key, [])\n"
        ),
        "{told}"
    );
    assert_eq!(read(&it, "a.py"), RACY);
}

#[test]
fn what_is_not_safe_is_asked_for() {
    let text = RACY.replace("= []", "= open(key)");
    let it = Sandbox::new(&[("a.py", text.as_bytes())]);
    let told = it.run(&["a.py", "--fix"]);
    assert!(told.starts_with("exit 1\n") && told.contains("1 with --unsafe-fixes"), "{told}");
    assert_eq!(read(&it, "a.py"), text);
    it.run(&["a.py", "--fix", "--unsafe-fixes"]);
    assert!(read(&it, "a.py").contains("cache.setdefault(key, open(key))"));
}

#[test]
fn marks_and_line_endings_stay() {
    let text = format!("\u{feff}{}", RACY.replace('\n', "\r\n"));
    let it = Sandbox::new(&[("a.py", text.as_bytes())]);
    it.run(&["a.py", "--fix"]);
    let wanted = "    if key not in _cache:\r\n        _cache[key] = []\r\n";
    assert_eq!(read(&it, "a.py"), text.replace(wanted, "    _cache.setdefault(key, [])\r\n"));
}

#[test]
#[cfg(unix)]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let it = Sandbox::new(&[("real/a.py", RACY.as_bytes())]);
    let real = it.root.join("real/a.py");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o750)).unwrap();
    symlink(&real, it.root.join("b.py")).unwrap();
    it.run(&["b.py", "--fix"]);
    assert!(it.root.join("b.py").is_symlink());
    assert!(read(&it, "real/a.py").contains("setdefault"));
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o750);
}

#[test]
fn other_encodings_and_broken_files_are_left_alone() {
    let latin = [b"# -*- coding: latin-1 -*-\n# \xe4\n", RACY.as_bytes()].concat();
    let broken = format!("{RACY}def\n");
    let it = Sandbox::new(&[("a.py", &latin), ("b.py", broken.as_bytes())]);
    let told = it.run(&["a.py", "--fix"]);
    assert!(
        told.starts_with("exit 2\n") && told.contains("a.py: not fixed: it is not in UTF-8"),
        "{told}"
    );
    assert_eq!(std::fs::read(it.root.join("a.py")).unwrap(), latin);
    it.run(&["b.py", "--fix", "--unsafe-fixes"]);
    assert_eq!(read(&it, "b.py"), broken);
}

#[test]
fn standard_input_cannot_be_mended() {
    let it = Sandbox::new(&[]);
    assert!(it.run(&["-", "--fix"]).contains("standard input cannot be mended"));
}

const TWO: &str = "import threading

hits = 0
misses = 0
made = None


def work():
    global hits, misses, made
    if made is None:
        made = open(__file__)
    hits += 1
    misses += 1


for _ in range(2):
    threading.Thread(target=work).start()
";

#[test]
fn fixes_that_touch_each_other_come_one_after_the_other() {
    let it = Sandbox::new(&[("a.py", TWO.as_bytes())]);
    let told = it.run(&["a.py", "--fix", "--unsafe-fixes"]);
    assert!(told.starts_with("exit 0\n") && told.contains("Fixed 3 findings in 1 file."), "{told}");
    let text = read(&it, "a.py");
    // One lock, though each fix would have made one; and nothing is torn.
    assert_eq!(text.matches("threading.Lock()").count(), 1, "{text}");
    assert_eq!(text.matches("with _lock:").count(), 3, "{text}");
    let told = it.run(&["a.py", "--fix", "--unsafe-fixes"]);
    assert!(told.contains("Nothing could be fixed."), "{told}");
    assert_eq!(read(&it, "a.py"), text);
}

#[test]
fn fixes_are_in_the_json() {
    let both = RACY.replace("= {}\n", "= {}\nhits = 0\n").replace(
        "    return _cache[key]\n",
        "    count()\n    return _cache[key]\n\n\ndef count():\n    global hits\n    hits += 1\n",
    );
    let it = Sandbox::new(&[("a.py", both.as_bytes())]);
    let told = it.run(&["a.py", "--output-format", "json"]);
    let list = told.split_once('[').map(|it| format!("[{}", it.1)).unwrap_or_default();
    let end = list.rfind(']').unwrap_or_default();
    let list: serde_json::Value = serde_json::from_str(&list[..=end]).expect(&told);
    let fix = &list[0]["fix"];
    assert_eq!(fix["title"], "Use `setdefault`", "{told}");
    assert_eq!(fix["applicability"], "safe");
    assert_eq!(
        fix["edits"],
        serde_json::json!([{
            "filename": "a.py",
            "location": {"row": 8, "column": 5},
            "end_location": {"row": 9, "column": 25},
            "content": "_cache.setdefault(key, [])",
        }])
    );
    let fix = &list[1]["fix"];
    assert_eq!(
        (&fix["title"], &fix["applicability"]),
        (&"Make a new lock `_lock`".into(), &"unsafe".into())
    );
    assert_eq!(fix["edits"].as_array().map(Vec::len), Some(2), "{told}");
}
