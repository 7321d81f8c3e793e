//! Fixes: what they leave behind parses, and the finding is gone. Every fixture with a finding is tried.

use std::collections::BTreeMap;

use ftlint_analyzer::check_file;
use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::evidence::Evidence;
use ftlint_analyzer::fix::{Applicability, Fix, applied, fixes};
use ftlint_analyzer::testing::{fixtures_dir, load_fixtures};

struct One {
    db: Database,
    project: Project,
    file: SourceFile,
}

impl One {
    fn new(text: &str) -> Self {
        let db = Database::new();
        let file =
            SourceFile::new(&db, "m.py".into(), ".".into(), "m".into(), text.to_owned().into());
        let project = Project::new(&db, [file].into(), std::sync::Arc::default(), None);
        Self { db, project, file }
    }

    fn found(&self) -> Vec<Diagnostic> {
        check_file(&self.db, self.project, self.file)
    }
}

/// The fixes of the only finding.
fn all(text: &str) -> Vec<Fix> {
    let one = One::new(text);
    let found = one.found();
    let lines: Vec<_> = found.iter().map(|it| (it.rule.code, it.location.start.line)).collect();
    assert_eq!(found.len(), 1, "{lines:?}");
    fixes(&one.db, one.file, &found[0])
}

/// The first fix of the only finding, and what it makes of the text.
fn fixed(text: &str) -> (Fix, String) {
    let all = all(text);
    let first = all.first().unwrap_or_else(|| panic!("no fix of\n{text}"));
    (first.clone(), applied(text, &first.edits))
}

/// The text after the fix of this title, which leaves no finding.
pub(crate) fn after(text: &str, title: &str) -> String {
    let all = all(text);
    let titles: Vec<_> = all.iter().map(|it| it.title.as_str()).collect();
    let fix = all.iter().find(|it| it.title == title);
    let text = applied(text, &fix.unwrap_or_else(|| panic!("{titles:?} of\n{text}")).edits);
    let left: Vec<_> = One::new(&text).found().iter().map(|it| it.message.clone()).collect();
    assert!(left.is_empty(), "{left:?}\n{text}");
    text
}

pub(crate) fn titles(text: &str) -> Vec<String> {
    all(text).into_iter().map(|it| it.title).collect()
}

pub(crate) fn none(text: &str) {
    assert_eq!(titles(text), <[String; 0]>::default(), "{text}");
}

/// The finding may be mended in other ways, but not so.
pub(crate) fn not(text: &str, title: &str) {
    let all = titles(text);
    assert!(!all.iter().any(|it| it.starts_with(title)), "{all:?} of\n{text}");
}

#[test]
fn findings_of_fixtures_are_gone_after_a_fix() {
    let (mut wrong, mut titles) = (Vec::new(), BTreeMap::new());
    let mut count = 0;
    for fixture in load_fixtures(&fixtures_dir()) {
        let [file] = &*fixture.files else { continue };
        let one = One::new(&file.text);
        let before = one.found();
        for diagnostic in &before {
            for fix in fixes(&one.db, one.file, diagnostic) {
                count += 1;
                *titles
                    .entry(fix.title.split('`').next().unwrap().trim().to_owned())
                    .or_insert(0) += 1;
                let text = applied(&file.text, &fix.edits);
                let after = One::new(&text).found();
                let broken = after.iter().any(|it| it.rule.code == "invalid-syntax");
                // A lock that is taken where it is held, or in two orders, would be worse than the race.
                let stuck = |all: &[Diagnostic]| {
                    all.iter().filter(|it| matches!(it.evidence, Evidence::Deadlock(_))).count()
                };
                let broken = broken || stuck(&after) > stuck(&before);
                // What was folded into this finding may come out by itself now, on lines of its own.
                let line = |text: &str, it: &Diagnostic| {
                    let line = text.lines().nth(it.location.start.line as usize - 1);
                    line.unwrap_or_default().trim().to_owned()
                };
                let old = line(&file.text, diagnostic);
                let left = |text: &str, found: &[Diagnostic]| {
                    found
                        .iter()
                        .filter(|it| it.rule == diagnostic.rule && line(text, it) == old)
                        .count()
                };
                if broken || left(&text, &after) >= left(&file.text, &before) {
                    let place = file.path.display();
                    wrong.push(format!(
                        "{place}:{} {}\n{text}",
                        diagnostic.location.start.line, fix.title
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n====\n"));
    // So many of each kind that a kind which is no longer offered is seen.
    let offered = |title: &str| titles.get(title).copied().unwrap_or(0);
    assert!(count > 200, "{titles:?}");
    assert!(offered("Make a new lock") > 150, "{titles:?}");
    assert!(offered("Wrap in existing lock") > 25, "{titles:?}");
    assert!(offered("Test again under the lock") > 15, "{titles:?}");
    assert!(titles.len() >= 5, "{titles:?}");
}

const SHARED: &str = "import threading\n\n_cache = {}\n\n\ndef get(key):\n";
const START: &str = "\n\nfor _ in range(2):\n    threading.Thread(target=get, args=(1,)).start()\n";

fn racy(body: &str) -> String {
    format!("{SHARED}{body}{START}")
}

#[test]
fn an_insertion_becomes_setdefault() {
    let (fix, text) = fixed(&racy(
        "    if key not in _cache:\n        _cache[key] = []  # kept\n    return _cache[key]",
    ));
    assert_eq!(fix.applicability, Applicability::Safe);
    assert!(text.contains("    _cache.setdefault(key, [])  # kept\n"), "{text}");
    assert!(One::new(&text).found().is_empty());
}

#[test]
fn a_value_that_is_made_may_cost_something() {
    let (fix, _) = fixed(&racy(
        "    if key not in _cache:\n        _cache[key] = open(key)\n    return _cache[key]",
    ));
    assert_eq!(fix.applicability, Applicability::Unsafe);
}

#[test]
fn a_type_that_is_not_proven_makes_it_unsafe() {
    let text = racy("    if key not in _cache:\n        _cache[key] = []\n    return _cache[key]");
    let (fix, _) =
        fixed(&text.replace("_cache = {}\n", "_cache = {}\nif key_error:\n    _cache = make()\n"));
    assert_eq!(fix.applicability, Applicability::Unsafe);
}

#[test]
fn what_a_comment_says_is_not_lost() {
    let text = racy(
        "    if key not in _cache:\n        # the first one\n        _cache[key] = []\n    return _cache[key]",
    );
    not(&text, "Use `setdefault`");
    assert!(after(&text, "Test again under the lock `_lock`").contains("# the first one"));
}

#[test]
fn a_deletion_becomes_pop() {
    let (fix, text) =
        fixed(&racy("    if key in _cache:\n        del _cache[key]\n    _cache[key] = 1"));
    assert_eq!(fix.applicability, Applicability::Safe);
    assert!(text.contains("    _cache.pop(key, None)\n"), "{text}");
}

#[test]
fn a_loop_goes_through_a_copy() {
    let (fix, text) = fixed(&racy(
        "    _cache[key] = 1\n    for name, value in _cache.items():\n        print(name, value)",
    ));
    assert_eq!(fix.applicability, Applicability::Safe);
    assert!(text.contains("in list(_cache.items()):"), "{text}");
}

#[test]
fn a_name_of_the_file_is_not_the_built_in_list() {
    let text = format!(
        "{}\n\ndef list():\n    return 1\n",
        racy(
            "    _cache[key] = 1\n    for name, value in _cache.items():\n        print(name, value)"
        )
    );
    not(&text, "Go through a copy");
}

#[test]
fn the_lock_that_guards_the_place_elsewhere() {
    let text = "import threading\n\n\nclass Stats:\n    def __init__(self):\n        self._lock = threading.Lock()\n        self._seen = 0\n\n    def add(self):\n        with self._lock:\n            self._seen += 1\n\n    def take(self):\n        with self._lock:\n            self._seen -= 1\n\n    def reset(self, by):\r\n        if by:\r\n            self._seen = self._seen - by\r\n";
    let (fix, text) = fixed(text);
    assert_eq!(fix.applicability, Applicability::Unsafe);
    assert!(
        text.contains(
            "            with self._lock:\r\n                self._seen = self._seen - by\r\n"
        ),
        "{text:?}"
    );
    assert!(One::new(&text).found().is_empty());
}

#[test]
fn values_that_the_loop_replaces_are_seen_by_it() {
    let body = "    _cache[key] = 1\n    for name, value in _cache.items():\n        fill(name)";
    let text = racy(body)
        .replace("\n\n\ndef get", "\n\n\ndef fill(name):\n    _cache[name] = 2\n\n\ndef get");
    let one = One::new(&text);
    let found = one.found();
    let all: Vec<Fix> = found.iter().flat_map(|it| fixes(&one.db, one.file, it)).collect();
    let copy = all.iter().find(|it| it.title == "Go through a copy");
    assert_eq!(copy.map(|it| it.applicability), Some(Applicability::Unsafe), "{all:#?}");
}

#[test]
fn names_that_others_may_assign_are_not_proven() {
    let body = "    if key not in _cache:\n        _cache[key] = []\n    return _cache[key]";
    let public = racy(body).replace("_cache", "cache");
    assert_eq!(fixed(&public).0.applicability, Applicability::Unsafe);
    let elsewhere =
        racy(body).replace("_cache = {}\n", "_cache = {}\nsetattr(threading, 'x', 1)\n");
    assert_eq!(fixed(&elsewhere).0.applicability, Applicability::Unsafe);
}

#[test]
fn a_name_that_may_not_be_bound_is_not_evaluated_early() {
    let body = "    if key not in _cache:\n        _cache[key] = late\n    return _cache[key]";
    assert_eq!(fixed(&racy(body)).0.applicability, Applicability::Unsafe);
    let given = racy(&body.replace("late", "key"));
    assert_eq!(fixed(&given).0.applicability, Applicability::Safe);
}

/// A class that guards `_seen` in two methods, and has this line in a third.
fn guarded(line: &str) -> String {
    format!(
        "import threading\n\n\nclass Stats:\n    def __init__(self):\n        self._lock = threading.Lock()\n        \
         self._seen = 0\n\n    def add(self):\n        with self._lock:\n            self._seen += 1\n\n    \
         def take(self):\n        with self._lock:\n            self._seen -= 1\n\n    \
         def _log(self):\n        self.add()\n\n    def reset(self, by):\n        {line}\n"
    )
}

#[test]
fn what_cannot_be_wrapped_is_left_alone() {
    let (fix, _) = fixed(&guarded("self._seen = self._seen - by"));
    assert_eq!(fix.title, "Wrap in existing lock `self._lock`");
    // A callee takes the lock; a text goes over lines; the processor is given away; the line goes on after a backslash.
    none(&guarded("self._seen = self._seen - by + len(self._log() or '')"));
    none(&guarded("self._seen = self._seen - by + len(\"\"\"a\nb\"\"\")"));
    none(&guarded("self._seen = self._seen - by + (yield)"));
    none(&guarded("self._seen = self._seen \\\n            - by"));
}

#[test]
fn a_number_in_a_list_is_no_key() {
    let text = racy("    if key in _cache:\n        _cache.pop(key)")
        .replace("_cache = {}", "_cache = [1]");
    not(&text, "Use `pop`");
}
