//! Threads that wait for ever: confirmed only when the frames show who waits for whom. What merely stands still, waits
//! with a limit or comes through is not.

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::evidence::{AccessKind, Deadlock, DeadlockKind, Evidence, Pattern, Step};
use ftlint_analyzer::rule::{Replay, Rule, Strategy};
use ftlint_runtime::verdict::{Status, Verdict};
use ftlint_runtime::{Options, replay};

use crate::support::{Case, Run, free_threaded, rule};

static ORDER: Rule = rule(Strategy::LockOrder);
static REACQUIRE: Rule = rule(Strategy::Reacquire);

/// The replay of a text in which thread A goes on where `stop` stands in function `a`, and thread B runs function `b`.
fn replayed(rule: &'static Rule, source: &str, stop: &str) -> Option<Verdict> {
    let interpreter = free_threaded()?;
    let case = Case::new(Run::Driver, Pattern::Augment, source)
        .global("x")
        .first("a", "def a", "a", AccessKind::Read)
        .last("a", stop, stop.trim(), AccessKind::Read)
        .other("b", "def b", "b", AccessKind::Read);
    let made = case.diagnostic();
    let Evidence::Window(window) = &made.evidence else { unreachable!("made as a window") };
    let step = |site: &ftlint_analyzer::diagnostic::Location| Step {
        site: site.clone(),
        text: String::new(),
    };
    let alone = rule.replay == Replay::With(Strategy::Reacquire);
    let deadlock = Deadlock {
        kind: if alone { DeadlockKind::Reacquire } else { DeadlockKind::Cycle },
        locks: vec!["one".to_owned(), "two".to_owned()],
        mine: vec![step(&window.first.site), step(&window.last.site)],
        theirs: if alone { Vec::new() } else { vec![step(&window.other.site)] },
        site: window.last.site.clone(),
    };
    let diagnostic =
        Diagnostic { rule, evidence: Evidence::Deadlock(Box::new(deadlock)), ..made.clone() };
    let verdict = replay(&interpreter, &diagnostic, &Options::default()).unwrap();
    println!("{verdict:#?}");
    Some(verdict)
}

fn is(verdict: Option<Verdict>, wanted: Status, words: &str) {
    let Some(verdict) = verdict else { return };
    assert_eq!(verdict.status, wanted, "{verdict:#?}");
    let told = [verdict.violation, verdict.reason].into_iter().flatten().collect::<String>();
    assert!(told.contains(words), "{told}");
}

const LOCKS: &str =
    "import threading\none = threading.Lock()\ntwo = threading.Lock()\ngate = threading.Lock()\n";

fn order(a: &str, b: &str) -> String {
    format!("{LOCKS}def a():\n{a}\ndef b():\n{b}\n")
}

/// A thread of the module that never gives a lock back.
fn kept(lock: &str) -> String {
    format!(
        "\ndef keep():\n    with {lock}:\n        threading.Event().wait()\n\
         threading.Thread(target=keep, daemon=True).start()\nimport time\ntime.sleep(0.1)\n"
    )
}

const MINE: &str = "    with one:\n        with two:\n            pass";
const THEIRS: &str = "    with two:\n        with one:\n            pass";

#[test]
fn opposite_orders() {
    let found = replayed(&ORDER, &order(MINE, THEIRS), "with two:");
    is(found, Status::Confirmed, "two, which thread 2 holds");
}

#[test]
fn opposite_orders_in_one_statement() {
    let source = order("    with one, two:\n        pass", "    with two, one:\n        pass");
    is(replayed(&ORDER, &source, "two:"), Status::Confirmed, "thread 2 waits for ever");
}

#[test]
fn re_entrant_locks_of_two_threads() {
    let source = order(MINE, THEIRS).replace("threading.Lock()", "threading.RLock()");
    is(replayed(&ORDER, &source, "with two:"), Status::Confirmed, "which thread 1 holds");
}

#[test]
fn one_order() {
    let source = order(MINE, MINE);
    is(replayed(&ORDER, &source, "with two:"), Status::NotReproduced, "both came to their end");
}

#[test]
fn a_gate_around_both() {
    let mine = "    with gate:\n        with one:\n            with two:\n                pass";
    let theirs = "    with gate:\n        with two:\n            with one:\n                pass";
    is(
        replayed(&ORDER, &order(mine, theirs), "with two:"),
        Status::NotReproduced,
        "both came to their end",
    );
}

#[test]
fn a_try_that_gives_up() {
    let theirs = "    with two:\n        one.acquire(timeout=0.4)";
    let found = replayed(&ORDER, &order(MINE, theirs), "with two:");
    is(found, Status::NotReproduced, "");
}

#[test]
fn a_third_thread_holds_the_lock() {
    let third = kept("two");
    let theirs = "    with one:\n        pass";
    let source = format!("{}{third}", order(MINE, theirs));
    let found = replayed(&ORDER, &source, "with two:");
    is(found, Status::NotReproduced, "not for each other's locks");
}

fn alone(body: &str) -> String {
    format!(
        "{LOCKS}def inner():\n    with one:\n        return 1\ndef a():\n{body}\ndef b():\n    pass\n"
    )
}

const TWICE: &str = "    with one:\n        return inner()";

#[test]
fn a_lock_taken_twice() {
    is(replayed(&REACQUIRE, &alone(TWICE), "inner()"), Status::Confirmed, "which it holds itself");
}

#[test]
fn a_re_entrant_lock_taken_twice() {
    let source = alone(TWICE).replace("threading.Lock()", "threading.RLock()");
    is(replayed(&REACQUIRE, &source, "inner()"), Status::NotReproduced, "waits for no lock");
}

#[test]
fn a_lock_that_is_given_back_in_between() {
    let body = "    with one:\n        one.release()\n        inner()\n        one.acquire()";
    is(replayed(&REACQUIRE, &alone(body), "inner()"), Status::NotReproduced, "waits for no lock");
}

#[test]
fn a_lock_that_is_given_back_and_taken_by_another_thread() {
    let body = "    with one:\n        one.release()\n        threading.Thread(target=one.acquire).start()\n        inner()";
    is(replayed(&REACQUIRE, &alone(body), "inner()"), Status::NotReproduced, "waits for no lock");
}

#[test]
fn another_lock_of_the_same_statement() {
    let body = "    with one, two:\n        pass";
    let held = kept("two");
    let source = format!("{}{held}", alone(body));
    is(replayed(&REACQUIRE, &source, "two:"), Status::NotReproduced, "waits for no lock");
}

#[test]
fn a_lock_that_another_thread_holds() {
    let body = "    inner()";
    let held = kept("one");
    let source = format!("{}{held}", alone(body));
    is(replayed(&REACQUIRE, &source, "inner()"), Status::NotReproduced, "waits for no lock");
}
