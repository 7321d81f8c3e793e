//! Interpreters with the GIL: the same schedules, and the verdict says what was not tried.

use ftlint_analyzer::evidence::{AccessKind, Pattern, PlaceKind};
use ftlint_runtime::verdict::Status;

use crate::support::{Case, Run};

#[test]
fn a_directed_replay_needs_no_free_threading() {
    let source = "
class Counter:
    def __init__(self):
        self.n = 0
    def inc(self):
        self.n += 1
";
    let case = Case::counter(source);
    let Some(verdict) = case.replay_with_gil() else { return };
    assert_eq!(verdict.status, Status::Confirmed, "{verdict:#?}");
    assert!(
        verdict.reason.as_deref().unwrap().contains("real contention was not tried"),
        "{verdict:#?}"
    );
    assert!(verdict.contention.is_none());
}

#[test]
fn a_closure_in_a_program() {
    let source = "
import threading
def count():
    n = 0
    def work():
        nonlocal n
        for _ in range(100):
            n += 1
    threads = [threading.Thread(target=work) for _ in range(3)]
    for it in threads: it.start()
    for it in threads: it.join()
count()
";
    let kind =
        PlaceKind::Cell { module: "case".into(), function: "count".into(), name: "n".into() };
    let case = Case::new(Run::Program, Pattern::Augment, source).place("n", kind).augments(
        "count.<locals>.work",
        "n += 1",
        "n",
    );
    let Some(verdict) = case.replay_with_gil() else { return };
    assert_eq!(verdict.status, Status::Confirmed, "{verdict:#?}");
}

#[test]
fn a_locked_update_is_not_confirmed() {
    let source = "
import threading
class Work:
    def __init__(self):
        self.lock = threading.Lock()
        self.queue = []
    def take(self):
        with self.lock:
            if self.queue:
                return self.queue.pop()
";
    let case = Case::new(Run::Driver, Pattern::CheckThenPop, source)
        .attribute("Work", "queue")
        .first("Work.take", "if self.queue", "self.queue", AccessKind::Read)
        .last("Work.take", "return", "self.queue.pop()", AccessKind::Call("pop".into()));
    let Some(verdict) = case.replay_with_gil() else { return };
    assert_eq!(verdict.status, Status::NotReproduced, "{verdict:#?}");
    assert!(verdict.reason.unwrap().contains("waits for a lock"));
}
