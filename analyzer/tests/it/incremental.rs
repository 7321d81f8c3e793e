//! What is computed again after an edit: the names of the queries that ran, with how often.
//!
//! Three files: `app` starts threads on `worker.run`, which calls `stats.note`. Edits are made to `stats`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ftlint_analyzer::check_project;
use ftlint_analyzer::db::{Database, Project, SourceFile};
use salsa::Setter;

const APP: &str = "import threading\nimport worker\nfor _ in range(2):\n    threading.Thread(target=worker.run).start()\n";
const WORKER: &str = "import stats\ndef run():\n    stats.note('a')\n";
const STATS: &str = "hits = 0\ndef note(kind):\n    global hits\n    hits += 1\n";

/// The queries that are counted; others (small helpers) may run as they like. `slice_of` counts as `slice`.
const QUERIES: [&str; 5] = ["index", "facts", "program", "slice", "findings"];

/// What may run, at most, after an edit of one of three files.
type AtMost = &'static [(&'static str, usize)];

/// Nothing changed.
const NOTHING: AtMost = &[];
/// The text changed, the facts did not: nothing beyond the file itself.
const COMMENT: AtMost = &[("index", 1), ("facts", 1)];
/// The facts changed, the file offers the same to others.
const BODY: AtMost = &[("index", 1), ("facts", 1), ("program", 1), ("slice", 3), ("findings", 3)];
/// What the file offers to others changed.
const SIGNATURE: AtMost =
    &[("index", 1), ("facts", 1), ("program", 1), ("slice", 3), ("findings", 3)];

/// A query that was renamed would otherwise never be seen to run.
#[test]
fn first_check_runs_every_query() {
    let session = Session::new();
    session.check();
    let ran = session.ran();
    let counted: Vec<_> = QUERIES.map(|it| (it, ran.get(it).copied().unwrap_or(0))).into();
    assert_eq!(
        counted,
        [("index", 3), ("facts", 3), ("program", 1), ("slice", 3), ("findings", 3)],
        "{ran:?}"
    );
}

#[test]
fn unchanged_text_runs_nothing() {
    Session::new().expect_after("the same text", STATS, NOTHING);
}

#[test]
fn comment_stays_in_the_file() {
    Session::new().expect_after(
        "a comment",
        "# counts\nhits = 0\ndef note(kind):\n    global hits\n    hits += 1\n",
        COMMENT,
    );
}

#[test]
fn blank_lines_stay_in_the_file() {
    Session::new().expect_after(
        "blank lines",
        "hits = 0\n\n\ndef note(kind):\n    global hits\n    hits += 1\n",
        COMMENT,
    );
}

#[test]
fn body_runs_the_program_once() {
    Session::new().expect_after(
        "a body",
        "hits = 0\ndef note(kind):\n    global hits\n    hits += 2 * len(kind)\n",
        BODY,
    );
}

#[test]
fn signature_runs_the_program_once() {
    Session::new().expect_after(
        "a signature",
        "hits = 0\ndef note(kind, n=1):\n    global hits\n    hits += n\n",
        SIGNATURE,
    );
}

/// An edit gives the same findings as a fresh start on the edited text.
#[test]
fn edited_is_as_good_as_new() {
    let edited = "import threading\nlock = threading.Lock()\nhits = 0\ndef note(kind):\n    global hits\n    with lock:\n        hits += 1\n";
    let mut old = Session::new();
    let before = old.check();
    old.stats.set_text(&mut old.db).to(edited.into());
    old.check();
    old.stats.set_text(&mut old.db).to(STATS.into());
    assert_eq!(old.check(), before);
    old.stats.set_text(&mut old.db).to(edited.into());
    assert_eq!(old.check(), Session::with_stats(edited).check());
}

struct Session {
    db: Database,
    project: Project,
    stats: SourceFile,
    log: Arc<Mutex<Vec<String>>>,
}

impl Session {
    fn new() -> Session {
        Session::with_stats(STATS)
    }

    fn with_stats(text: &str) -> Session {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = log.clone();
        let db = Database::with_event_log(move |name| {
            sink.lock().expect("no panic in the log").push(name);
        });
        let file = |module: &str, text: &str| {
            SourceFile::new(
                &db,
                format!("{module}.py").into(),
                ".".into(),
                module.into(),
                text.into(),
            )
        };
        let (app, stats, worker) = (file("app", APP), file("stats", text), file("worker", WORKER));
        let project =
            Project::new(&db, [app, stats, worker].into(), Arc::new(BTreeMap::new()), None);
        Session { db, project, stats, log }
    }

    fn check(&self) -> Vec<ftlint_analyzer::diagnostic::Diagnostic> {
        check_project(&self.db, self.project, &|_| true)
    }

    /// Checks, edits, checks again, and compares what ran the second time with the limits.
    #[track_caller]
    fn expect_after(mut self, what: &str, text: &str, at_most: AtMost) {
        self.check();
        self.log.lock().expect("no panic in the log").clear();
        if text != STATS {
            self.stats.set_text(&mut self.db).to(text.into());
        }
        self.check();
        let ran = self.ran();
        for query in QUERIES {
            let n_ran = ran.get(query).copied().unwrap_or(0);
            let allowed = at_most.iter().find(|it| it.0 == query).map_or(0, |it| it.1);
            assert!(
                n_ran <= allowed,
                "after {what}, `{query}` ran {n_ran} times, allowed are {allowed}: {ran:?}"
            );
        }
    }

    /// Query name to number of runs; `facts(Id(3))` is a run of `facts`.
    fn ran(&self) -> BTreeMap<String, usize> {
        let mut res = BTreeMap::new();
        for entry in self.log.lock().expect("no panic in the log").iter() {
            let name = entry.split('(').next().unwrap_or(entry);
            let name = name.rsplit("::").next().unwrap_or(name);
            *res.entry(name.strip_suffix("_of").unwrap_or(name).to_owned()).or_default() += 1;
        }
        res
    }
}
