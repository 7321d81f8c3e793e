//! `--entry`: a command that runs with the window armed. What is confirmed happened in two of its runs.

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::evidence::{AccessKind, Pattern};
use ftlint_analyzer::rule::{Rule, Strategy};
use ftlint_runtime::entry::{Command, Options, Report, replay};
use ftlint_runtime::process::Cancel;
use ftlint_runtime::verdict::{EvidenceLevel, Status, Verdict};
use std::time::Duration;

use crate::support::{Case, Run, free_threaded, rule};

fn run(case: &Case, command: &str) -> Option<Report> {
    let interpreter = free_threaded()?;
    let options = Options {
        directory: case.directory().to_owned(),
        time_limit: Duration::from_mins(1),
        threads: 4,
        cancel: Cancel::default(),
    };
    let command: Command = command.parse().unwrap();
    Some(replay(&interpreter, &[&case.diagnostic()], &command, &options).unwrap())
}

/// The same, up to five times: on a loaded machine the other thread may come too late, and the race stays unseen.
fn run_until_confirmed(case: &Case, command: &str) -> Option<Report> {
    let mut report = run(case, command)?;
    for _ in 0..4 {
        let status = |it: &Report| it.verdicts.first()?.as_ref().map(|it| it.status);
        if status(&report) == Some(Status::Confirmed) {
            break;
        }
        report = run(case, command)?;
    }
    Some(report)
}

fn verdict(report: Report) -> Verdict {
    println!("{report:#?}");
    report.verdicts.into_iter().next().unwrap().unwrap()
}

const UPDATE: &str = "
import threading
class Counter:
    def __init__(self):
        self.hits = 0
        self.lock = threading.Lock()
    def bump(self):
        self.hits += 1
counter = Counter()
def work():
    for _ in range(200):
        counter.bump()
def main(n):
    threads = [threading.Thread(target=work) for _ in range(n)]
    for it in threads: it.start()
    for it in threads: it.join()
";

fn update(source: &str) -> Case {
    Case::new(Run::Driver, Pattern::Augment, source).attribute("Counter", "hits").augments(
        "Counter.bump",
        "self.hits += 1",
        "self.hits",
    )
}

#[test]
fn a_lost_update_of_a_program_is_seen_while_it_runs() {
    let case = update(UPDATE);
    let command = "python -c 'import case; case.main(3)'";
    let Some(report) = run_until_confirmed(&case, command) else { return };
    assert_eq!(report.armed, 1);
    let verdict = verdict(report);
    assert_eq!(verdict.status, Status::Confirmed);
    assert_eq!(verdict.evidence, Some(EvidenceLevel::Program));
    assert!(!verdict.witness.is_empty());
}

#[test]
fn an_update_under_a_lock_is_not() {
    let guarded =
        UPDATE.replace("        self.hits += 1", "        with self.lock: self.hits += 1");
    let Some(report) = run(&update(&guarded), "python -c 'import case; case.main(3)'") else {
        return;
    };
    let verdict = verdict(report);
    assert_eq!(verdict.status, Status::NotReproduced, "{verdict:#?}");
    assert!(verdict.reason.unwrap().contains("nothing broke"));
}

#[test]
fn threads_with_objects_of_their_own_lose_nothing() {
    let own = UPDATE.replace("def work():", "def work():\n    counter = Counter()");
    let Some(report) = run(&update(&own), "python -c 'import case; case.main(3)'") else { return };
    assert_ne!(verdict(report).status, Status::Confirmed);
}

#[test]
fn a_command_with_one_thread_says_nothing_of_the_finding() {
    let case = update(UPDATE);
    let Some(report) = run(&case, "python -c 'import case; case.work()'") else { return };
    let verdict = verdict(report);
    assert_eq!(verdict.status, Status::NotReplayable);
    assert!(verdict.reason.unwrap().contains("with one thread only"));
}

#[test]
fn a_copy_of_the_source_is_named() {
    let case = update(UPDATE);
    let copy = case.directory().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::write(copy.join("case.py"), UPDATE).unwrap();
    let command = "python -c 'import sys; sys.path.insert(0, \"copy\"); import case; case.main(3)'";
    let Some(report) = run(&case, command) else { return };
    let verdict = verdict(report);
    assert_eq!(verdict.status, Status::NotReplayable);
    assert!(verdict.reason.unwrap().contains("not the source that was analysed"));
}

#[test]
fn a_finding_that_no_stop_can_show_is_left_alone() {
    static FREE: Rule = rule(Strategy::Contend);
    let case = update(UPDATE);
    let Some(interpreter) = free_threaded() else { return };
    let finding = Diagnostic { rule: &FREE, ..case.diagnostic() };
    let command: Command = "python -c 'import case; case.main(3)'".parse().unwrap();
    let options = Options {
        directory: case.directory().to_owned(),
        time_limit: Duration::from_mins(1),
        threads: 4,
        cancel: Cancel::default(),
    };
    let report = replay(&interpreter, &[&finding], &command, &options).unwrap();
    assert_eq!((report.armed, report.verdicts), (0, vec![None]));
}

#[test]
fn a_command_that_fails_by_itself_is_told() {
    let case = update(UPDATE);
    let Some(report) = run(&case, "python -c 'import sys; sys.exit(\"it is broken\")'") else {
        return;
    };
    assert!(report.notes.iter().any(|it| it.contains("it is broken")), "{report:#?}");
    assert!(verdict(report).reason.unwrap().contains("does not come to the window"));
}

const CACHE: &str = "
import threading
cache = {}
def load(key):
    if key not in cache:
        cache[key] = object()
    return cache[key]
def safe(key):
    return cache.setdefault(key, object())
def main():
    def work():
        for key in range(300):
            load(key)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for it in threads: it.start()
    for it in threads: it.join()
";

#[test]
fn two_insertions_are_proved_by_the_test_that_failed_meanwhile() {
    let case = Case::new(Run::Driver, Pattern::CheckThenInsert, CACHE)
        .global("cache")
        .first("load", "if key not in cache", "key not in cache", AccessKind::Contains)
        .last("load", "cache[key] = object()", "cache[key]", AccessKind::SetItem);
    let command = "python -c 'import case; case.main()'";
    let Some(report) = run_until_confirmed(&case, command) else { return };
    assert_eq!(verdict(report).status, Status::Confirmed);
}

const ASKED_FIRST: &str = "
import threading
cache = {}
def load(key):
    try:
        found = cache[key]
    except KeyError:
        found = object()
        cache[key] = found
    return found
def main():
    for n in range(20):
        threads = [threading.Thread(target=load, args=(n,)) for _ in range(3)]
        for it in threads: it.start()
        for it in threads: it.join()
";

fn asked_first(source: &str) -> Case {
    Case::new(Run::Driver, Pattern::CheckThenInsert, source)
        .global("cache")
        .first("load", "found = cache[key]", "cache[key]", AccessKind::GetItem)
        .last("load", "cache[key] = found", "cache[key]", AccessKind::SetItem)
}

#[test]
fn a_key_that_was_missing_and_is_there_when_it_is_stored() {
    let command = "python -c 'import case; case.main()'";
    let Some(report) = run_until_confirmed(&asked_first(ASKED_FIRST), command) else { return };
    assert_eq!(verdict(report).status, Status::Confirmed);
}

#[test]
fn a_key_that_is_asked_for_under_the_lock_that_stores_it() {
    let guarded = ASKED_FIRST
        .replace("cache = {}", "cache = {}\nlock = threading.Lock()")
        .replace("target=load", "target=locked")
        .replace("def main", "def locked(key):\n    with lock: return load(key)\ndef main");
    let Some(report) = run(&asked_first(&guarded), "python -c 'import case; case.main()'") else {
        return;
    };
    assert_ne!(verdict(report).status, Status::Confirmed);
}

const SWAP: &str = "
import threading
class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.hits = 0
    def bump(self):
        while True:
            old = self.hits
            new = old + 1
            with self.lock:
                if self.hits == old:
                    self.hits = new
                    return
counter = Counter()
def work():
    for _ in range(200):
        counter.bump()
def main():
    threads = [threading.Thread(target=work) for _ in range(3)]
    for it in threads: it.start()
    for it in threads: it.join()
main()
";

fn swap(how: Run) -> Case {
    Case::new(how, Pattern::ReadModifyWrite, SWAP)
        .attribute("Counter", "hits")
        .first("Counter.bump", "old = self.hits", "self.hits", AccessKind::Read)
        .last("Counter.bump", "self.hits = new", "self.hits", AccessKind::Store)
}

#[test]
fn compare_and_swap_begins_anew_and_loses_nothing() {
    swap(Run::Program).is_never_confirmed();
    let Some(report) = run(&swap(Run::Driver), "python case.py") else { return };
    let verdict = verdict(report);
    assert_eq!(verdict.status, Status::NotReproduced, "{verdict:#?}");
    assert!(verdict.reason.unwrap().contains("nothing broke"));
}

const FAILS_LATER: &str = "
import contextlib, threading
jobs = {}
def drop(key):
    if key in jobs:
        jobs.pop(key, None)
        raise ValueError('for reasons of its own')
def work():
    for number in range(300):
        jobs[number % 3] = number
        with contextlib.suppress(ValueError):
            drop(number % 3)
threads = [threading.Thread(target=work) for _ in range(4)]
for it in threads: it.start()
for it in threads: it.join()
";

#[test]
fn an_exception_after_an_act_that_came_off_is_no_proof() {
    let case = |how| {
        Case::new(how, Pattern::CheckThenUse, FAILS_LATER)
            .global("jobs")
            .first("drop", "if key in jobs", "key in jobs", AccessKind::Contains)
            .last("drop", "jobs.pop", "jobs.pop(key, None)", AccessKind::Call("pop".into()))
    };
    case(Run::Program).is_never_confirmed();
    let Some(report) = run(&case(Run::Driver), "python case.py") else { return };
    assert_ne!(verdict(report).status, Status::Confirmed);
}

/// As much of pytest as the plugin sees: options, one test, and the hooks around it.
const RUNNER: &str = "
import importlib, sys
class Hook:
    def pytest_deselected(self, items): pass
class Config:
    hook = Hook()
class Info:
    argnames = ()
class Item:
    nodeid = 'case.py::test_work'
    name = 'test_work'
    parent = None
    funcargs = {}
    _fixtureinfo = Info()
    def __init__(self):
        import case
        self.obj = case.work
    def runtest(self):
        self.obj()
def console_main():
    plugin = importlib.import_module(sys.argv[sys.argv.index('-p') + 1])
    items = [Item()]
    plugin.pytest_collection_modifyitems(items=items, config=Config())
    for it in items:
        plugin.pytest_runtest_logstart(it.nodeid)
        it.runtest()
        plugin.pytest_runtest_logfinish(it.nodeid)
console_main()
";

#[test]
fn a_test_that_comes_to_a_finding_runs_again_in_threads() {
    let case = update(UPDATE);
    std::fs::write(case.directory().join("pytest.py"), RUNNER).unwrap();
    let Some(report) = run_until_confirmed(&case, "python -m pytest") else { return };
    assert_eq!(report.tests, 1);
    let verdict = verdict(report);
    assert_eq!(verdict.status, Status::Confirmed);
    assert_eq!(verdict.evidence, Some(EvidenceLevel::Test));
    assert!(verdict.reason.unwrap().contains("case.py::test_work"));
}
