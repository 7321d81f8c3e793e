//! Races that a replay must show.

use ftlint_analyzer::evidence::{AccessKind, Pattern, PlaceKind};
use ftlint_runtime::Options;
use ftlint_runtime::pinned::Pinned;
use ftlint_runtime::verdict::{EvidenceLevel, Status};

use crate::support::{Case, Run};

const COUNTER: &str = "
class Counter:
    def __init__(self, name, start=0):
        self.name = name
        self.n = start

    def inc(self):
        self.n += 1
";

pub(crate) fn counter() -> Case {
    Case::counter(COUNTER)
}

#[test]
fn attribute_update_in_a_method() {
    let verdict = counter().is_confirmed();
    if verdict.runtime.is_some() {
        assert_eq!(verdict.evidence, Some(EvidenceLevel::Driver));
        // Far more than it takes, for machines that do other things as well; `docs/accuracy.md` has the times.
        assert!(verdict.elapsed_ms < 10_000, "{verdict:#?}");
        assert!(verdict.contention.is_some(), "{verdict:#?}");
    }
}

#[test]
fn a_printed_schedule_repeats_the_race() {
    let case = counter();
    let Some(first) = case.replay() else { return };
    let pinned: Pinned = first.schedule.clone().unwrap().parse().unwrap();
    let schedule = pinned.schedule;
    let again =
        case.replay_with(&Options { schedule: Some(schedule), ..Options::default() }).unwrap();
    assert_eq!(again.status, Status::Confirmed);
    assert_eq!(again.schedule, first.schedule);
    assert_eq!(again.witness, first.witness);
}

#[test]
fn global_update_in_a_program() {
    let source = "
import threading
hits = 0
def work():
    global hits
    for _ in range(100):
        hits += 1
threads = [threading.Thread(target=work) for _ in range(3)]
for it in threads: it.start()
for it in threads: it.join()
";
    let case = Case::new(Run::Program, Pattern::Augment, source).global("hits").augments(
        "work",
        "hits += 1",
        "hits",
    );
    assert_eq!(
        case.is_confirmed().evidence.unwrap_or(EvidenceLevel::Program),
        EvidenceLevel::Program
    );
}

#[test]
fn closure_variable_in_a_program() {
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
    return n
if __name__ == '__main__':
    print(count())
";
    let kind =
        PlaceKind::Cell { module: "case".into(), function: "count".into(), name: "n".into() };
    Case::new(Run::Program, Pattern::Augment, source)
        .place("n", kind)
        .augments("count.<locals>.work", "n += 1", "n")
        .is_confirmed();
}

#[test]
fn class_attribute_in_a_constructor() {
    let source = "
class Ticket:
    sold = 0
    def __init__(self):
        Ticket.sold += 1
";
    let kind = PlaceKind::ClassAttribute {
        module: "case".into(),
        class: "Ticket".into(),
        name: "sold".into(),
    };
    Case::new(Run::Driver, Pattern::Augment, source)
        .place("Ticket.sold", kind)
        .augments("Ticket.__init__", "Ticket.sold += 1", "Ticket.sold")
        .is_confirmed();
}

#[test]
fn update_with_a_comprehension_in_the_window() {
    let source = "
class Total:
    def __init__(self):
        self.n = 0
    def add(self, items):
        self.n = self.n + sum([x for x in range(3)])
";
    Case::new(Run::Driver, Pattern::ReadModifyWrite, source)
        .attribute("Total", "n")
        .first("Total.add", "sum(", "self.n + ".trim_end_matches(" + "), AccessKind::Read)
        .last("Total.add", "sum(", "self.n", AccessKind::Store)
        .is_confirmed();
}

#[test]
fn maximum() {
    let source = "
class Best:
    def __init__(self):
        self.score = 0
    def offer(self, score):
        if score > self.score:
            self.score = score
";
    Case::new(Run::Driver, Pattern::CompareThenStore, source)
        .attribute("Best", "score")
        .first("Best.offer", "if score", "self.score", AccessKind::Read)
        .last("Best.offer", "self.score = score", "self.score", AccessKind::Store)
        .is_confirmed();
}

#[test]
fn second_insertion() {
    let source = "
class Cache:
    def __init__(self):
        self.items = {}
    def get(self, key, make):
        if key not in self.items:
            self.items[key] = make(key)
        return self.items[key]
";
    Case::new(Run::Driver, Pattern::CheckThenInsert, source)
        .attribute("Cache", "items")
        .first("Cache.get", "if key", "key not in self.items", AccessKind::Contains)
        .last("Cache.get", "self.items[key] = ", "self.items[key]", AccessKind::SetItem)
        .is_confirmed();
}

#[test]
fn delete_if_present() {
    let source = "
class Jobs:
    def __init__(self):
        self.jobs = {}
    def forget(self, key):
        if key in self.jobs:
            del self.jobs[key]
";
    let verdict = Case::new(Run::Driver, Pattern::CheckThenUse, source)
        .attribute("Jobs", "jobs")
        .first("Jobs.forget", "if key", "key in self.jobs", AccessKind::Contains)
        .last("Jobs.forget", "del self", "self.jobs[key]", AccessKind::DelItem)
        .is_confirmed();
    assert!(verdict.violation.is_none_or(|it| it.contains("KeyError")));
}

#[test]
fn pop_after_a_test() {
    let source = "
class Work:
    def __init__(self):
        self.queue = []
    def take(self):
        if self.queue:
            return self.queue.pop()
";
    let verdict = Case::new(Run::Driver, Pattern::CheckThenPop, source)
        .attribute("Work", "queue")
        .first("Work.take", "if self.queue", "self.queue", AccessKind::Read)
        .last("Work.take", "return", "self.queue.pop()", AccessKind::Call("pop".into()))
        .is_confirmed();
    assert!(verdict.violation.is_none_or(|it| it.contains("IndexError")));
    assert!(
        verdict.reason.is_none_or(|it| it.contains("prepared: put one element into self.queue"))
    );
}

#[test]
fn get_that_waits_for_ever() {
    let source = "
import queue
class Work:
    def __init__(self):
        self.queue = queue.Queue()
    def drain(self):
        while not self.queue.empty():
            self.queue.get()
";
    let verdict = Case::new(Run::Driver, Pattern::CheckThenPop, source)
        .attribute("Work", "queue")
        .first("Work.drain", "while", "self.queue.empty()", AccessKind::Call("empty".into()))
        .last("Work.drain", "self.queue.get()", "self.queue.get()", AccessKind::Call("get".into()))
        .is_confirmed();
    assert!(verdict.violation.is_none_or(|it| it.contains("waits for ever")));
}

#[test]
fn lazy_initialisation() {
    let source = "
_connection = None
def connection():
    global _connection
    if _connection is None:
        _connection = object()
    return _connection
";
    Case::new(Run::Driver, Pattern::LazyInit, source)
        .global("_connection")
        .first("connection", "if _conn", "_connection", AccessKind::Read)
        .last("connection", "_connection = object", "_connection", AccessKind::Store)
        .is_confirmed();
}

#[test]
fn flag_that_two_threads_find_unset() {
    let source = "
class Service:
    def __init__(self):
        self.started = False
        self.log = []
    def start(self):
        if not self.started:
            self.started = True
            self.log.append('started')
";
    Case::new(Run::Driver, Pattern::TestAndSet, source)
        .attribute("Service", "started")
        .first("Service.start", "if not", "self.started", AccessKind::Read)
        .last("Service.start", "self.started = True", "self.started", AccessKind::Store)
        .is_confirmed();
}

#[test]
fn gap_between_two_lock_regions() {
    let source = "
import threading
class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0
    def inc(self):
        with self.lock:
            now = self.n
        with self.lock:
            self.n = now + 1
";
    Case::new(Run::Driver, Pattern::ReadModifyWrite, source)
        .attribute("Store", "n")
        .first("Store.inc", "now = self.n", "self.n", AccessKind::Read)
        .last("Store.inc", "self.n = now", "self.n", AccessKind::Store)
        .is_confirmed();
}

#[test]
fn the_other_thread_is_in_another_method() {
    let source = "
class Meter:
    def __init__(self):
        self.n = 5
    def inc(self):
        self.n += 1
    def reset(self):
        self.n = 100
";
    Case::new(Run::Driver, Pattern::Augment, source)
        .attribute("Meter", "n")
        .augments("Meter.inc", "self.n += 1", "self.n")
        .other("Meter.reset", "self.n = 100", "self.n", AccessKind::Store)
        .is_confirmed();
}

#[test]
fn private_method() {
    let source = "
class _Cache:
    def __init__(self):
        self.__uses = 0
    def __touch(self):
        self.__uses += 1
";
    Case::new(Run::Driver, Pattern::Augment, source)
        .attribute("_Cache", "__uses")
        .augments("_Cache.__touch", "self.__uses += 1", "self.__uses")
        .is_confirmed();
}

#[test]
fn object_that_makes_itself_when_asked_for_its_class() {
    let source = "
class Settings:
    def __init__(self):
        self._wrapped = None
    @property
    def __class__(self):
        raise RuntimeError('not configured')
    def configure(self):
        if self._wrapped is None:
            self._wrapped = object()
";
    Case::new(Run::Driver, Pattern::LazyInit, source)
        .attribute("Settings", "_wrapped")
        .first("Settings.configure", "if self._wrapped", "self._wrapped", AccessKind::Read)
        .last("Settings.configure", "self._wrapped = object", "self._wrapped", AccessKind::Store)
        .is_confirmed();
}
