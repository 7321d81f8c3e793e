//! The analysis that is kept between edits gives what a fresh one gives: random edits of the fixtures as one project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ftlint_analyzer::check_project;
use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::diagnostic::Diagnostic;

/// How many edits are made, and how many files there are.
const EDITS: usize = 60;
const FILES: usize = 40;

/// What is typed into functions.
const TYPED: [&str; 24] = [
    "self.hits += 1",
    "x = []",
    "total = len(str(total))",
    "CACHE[key] = value",
    "if key not in self.items: self.items[key] = make(key)",
    "self.items = {}",
    "return self.items",
    "for item in self.items: print(item)",
    "threading.Thread(target=self.run).start()",
    "self.run()",
    "helper(self)",
    "global CACHE",
    "self._lock.acquire()",
    "self.other.value = 1",
    "if self._value is None: self._value = object()",
    "with self._lock: self.hits += 1",
    "(",
    "x = lambda: self.run()",
    "return threading.Lock()",
    "return object",
    "self._lock = threading.Lock()",
    "self.items.append(self)",
    "global CACHE; CACHE = self",
    "return [self.items, make(",
];

/// A row of numbers that is the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n.max(1)
    }
}

fn python_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            python_files(&path, out);
        } else if path.extension().is_some_and(|it| it == "py") {
            out.push(path);
        }
    }
}

fn texts(dice: &mut Dice) -> Vec<String> {
    let mut paths = Vec::new();
    python_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures"), &mut paths);
    paths.sort();
    assert!(paths.len() > FILES, "the fixtures are gone");
    (0..FILES)
        .map(|_| {
            let at = dice.roll(paths.len());
            std::fs::read_to_string(paths.swap_remove(at)).unwrap_or_default()
        })
        .collect()
}

/// The text with one line more, less, or another.
fn edited(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = dice.roll(lines.len() + 1);
    let line = lines.get(at).cloned().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    match dice.roll(6) {
        0 if at < lines.len() => {
            lines.remove(at);
        }
        1 if at < lines.len() => lines.insert(at, line),
        2 if at < lines.len() => lines[at] = line.replace("self", "other"),
        _ => lines.insert(at, format!("{}{}", " ".repeat(indent), TYPED[dice.roll(TYPED.len())])),
    }
    lines.join("\n") + "\n"
}

/// Some files import others, so that names lead across.
fn project(db: &Database, texts: &[String]) -> (Project, Vec<SourceFile>) {
    let file = |(at, text): (usize, &String)| {
        let module = format!("m{at:02}");
        let path = format!("{module}.py");
        SourceFile::new(db, path.into(), ".".into(), module.into(), text.as_str().into())
    };
    let files: Vec<SourceFile> = texts.iter().enumerate().map(file).collect();
    let all = Project::new(db, files.clone().into(), Arc::new(BTreeMap::new()), None);
    (all, files)
}

fn found(db: &Database, project: Project) -> Vec<Diagnostic> {
    check_project(db, project, &|_| true)
}

fn session(seed: u64) {
    let mut dice = Dice(seed);
    let mut texts = texts(&mut dice);
    for (before, text) in texts.iter_mut().skip(1).enumerate() {
        if dice.roll(3) == 0 {
            *text = format!("from m{before:02} import *\n{text}");
        }
    }
    let mut db = Database::new();
    let (kept, files) = project(&db, &texts);
    db.keep_analysis(kept);
    found(&db, kept);
    let mut at = 0;
    for round in 0..EDITS {
        // One file is edited for a while.
        if dice.roll(5) == 0 || round == 0 {
            at = dice.roll(FILES);
        }
        let before = texts[at].clone();
        texts[at] = edited(&before, &mut dice);
        db.set_text(files[at], texts[at].clone());
        let again = found(&db, kept);
        let fresh = Database::new();
        let (project, _) = project(&fresh, &texts);
        let expected = found(&fresh, project);
        assert_eq!(
            again, expected,
            "seed {seed}, edit {round} of m{at:02}:\n{before}\n---\n{}",
            texts[at]
        );
        // Broken code is left behind now and then, not for good.
        if dice.roll(4) == 0 {
            texts[at] = before;
            db.set_text(files[at], texts[at].clone());
        }
    }
}

#[test]
fn edits_give_what_a_fresh_analysis_gives() {
    // More of them for whoever changes how the analysis is kept: FTLINT_SESSIONS=100.
    let n = std::env::var("FTLINT_SESSIONS").ok().and_then(|it| it.parse().ok()).unwrap_or(3);
    for seed in 1..=n {
        session(seed);
    }
}

/// What one function is found to hold, the facts of another one say.
#[test]
fn an_edit_of_a_guard_concerns_who_enters_it() {
    let text = "import threading\nfrom contextlib import contextmanager\n\nhits = 0\nLOCK = threading.Lock()\n\n\n@contextmanager\ndef guard():\n    with LOCK:\n        yield\n\n\ndef work():\n    global hits\n    with guard():\n        hits += 1\n\n\nfor _ in range(2):\n    threading.Thread(target=work).start()\n";
    let mut db = Database::new();
    let (kept, files) = project(&db, &[text.to_owned()]);
    db.keep_analysis(kept);
    assert_eq!(found(&db, kept), []);
    db.set_text(files[0], text.replace("with LOCK:", "if LOCK:"));
    assert_eq!(found(&db, kept).len(), 1);
    db.set_text(files[0], text.to_owned());
    assert_eq!(found(&db, kept), []);
}

/// What an attribute holds is told by one function, and asked by another that does not look into that one.
#[test]
fn an_edit_of_a_type_concerns_who_asks_for_it() {
    let text = "import threading\n\n\nclass Box:\n    def __init__(self):\n        self.items = 1\n\n\nBOX = Box()\n\n\ndef work():\n    BOX.items['a'] = 1\n    for item in BOX.items:\n        print(item)\n\n\nfor _ in range(2):\n    threading.Thread(target=work).start()\n";
    let mut db = Database::new();
    let (kept, files) = project(&db, &[text.to_owned()]);
    db.keep_analysis(kept);
    let expected = |text: &str| {
        let fresh = Database::new();
        let (project, _) = project(&fresh, &[text.to_owned()]);
        found(&fresh, project)
    };
    let before = found(&db, kept);
    assert_eq!(before, expected(text));
    let other = text.replace("self.items = 1", "self.items = {}");
    assert_ne!(before, expected(&other));
    db.set_text(files[0], other.clone());
    assert_eq!(found(&db, kept), expected(&other));
    db.set_text(files[0], text.to_owned());
    assert_eq!(found(&db, kept), before);
}
