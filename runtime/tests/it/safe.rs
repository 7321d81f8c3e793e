//! Code in which nothing can come between: never confirmed, and the reason names the lock.

use ftlint_analyzer::evidence::{AccessKind, Pattern};

use crate::support::{Case, Run};

const LOCK: &str = "waits for a lock that the parked thread holds";

#[test]
fn locked_update_in_a_method() {
    let source = "
import threading
class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0
    def inc(self):
        with self.lock:
            self.n += 1
";
    Case::counter(source).is_not_reproduced(LOCK);
}

#[test]
fn locked_update_in_a_program() {
    let source = "
import threading
lock = threading.Lock()
hits = 0
def work():
    global hits
    for _ in range(100):
        with lock:
            hits += 1
threads = [threading.Thread(target=work) for _ in range(3)]
for it in threads: it.start()
for it in threads: it.join()
";
    Case::new(Run::Program, Pattern::Augment, source)
        .global("hits")
        .augments("work", "hits += 1", "hits")
        .is_not_reproduced(LOCK);
}

#[test]
fn locked_insertion() {
    let source = "
import threading
class Cache:
    def __init__(self):
        self.lock = threading.RLock()
        self.items = {}
    def get(self, key):
        with self.lock:
            if key not in self.items:
                self.items[key] = object()
            return self.items[key]
";
    Case::new(Run::Driver, Pattern::CheckThenInsert, source)
        .attribute("Cache", "items")
        .first("Cache.get", "if key", "key not in self.items", AccessKind::Contains)
        .last("Cache.get", "self.items[key] = ", "self.items[key]", AccessKind::SetItem)
        .is_not_reproduced(LOCK);
}

#[test]
fn locked_pop() {
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
    Case::new(Run::Driver, Pattern::CheckThenPop, source)
        .attribute("Work", "queue")
        .first("Work.take", "if self.queue", "self.queue", AccessKind::Read)
        .last("Work.take", "return", "self.queue.pop()", AccessKind::Call("pop".into()))
        .is_not_reproduced(LOCK);
}

#[test]
fn double_checked_lazy_initialisation() {
    Case::double_checked("", "object()").is_not_reproduced("");
}

#[test]
fn locked_flag() {
    let source = "
import threading
class Service:
    def __init__(self):
        self.lock = threading.Lock()
        self.started = False
    def start(self):
        with self.lock:
            if not self.started:
                self.started = True
";
    Case::new(Run::Driver, Pattern::TestAndSet, source)
        .attribute("Service", "started")
        .first("Service.start", "if not", "self.started", AccessKind::Read)
        .last("Service.start", "self.started = True", "self.started", AccessKind::Store)
        .is_not_reproduced(LOCK);
}

#[test]
fn a_lock_given_to_the_constructor_still_excludes() {
    let source = "
class Counter:
    def __init__(self, lock):
        self.lock = lock
        self.n = 0
    def inc(self):
        with self.lock:
            self.n += 1
";
    Case::counter(source).is_not_reproduced(LOCK);
}

#[test]
fn an_exception_that_a_serial_run_gives_too() {
    let source = "
class Jobs:
    def __init__(self):
        self.jobs = {}
    def forget(self, key):
        if key in self.jobs:
            del self.jobs[key]
        raise KeyError(key)
";
    Case::new(Run::Driver, Pattern::CheckThenUse, source)
        .attribute("Jobs", "jobs")
        .first("Jobs.forget", "if key", "key in self.jobs", AccessKind::Contains)
        .last("Jobs.forget", "del self", "self.jobs[key]", AccessKind::DelItem)
        .is_not_reproduced("");
}

#[test]
fn an_update_that_always_gives_the_same_value() {
    let source = "
class Flags:
    def __init__(self):
        self.bits = 0
    def mark(self):
        self.bits |= 4
";
    Case::new(Run::Driver, Pattern::Augment, source)
        .attribute("Flags", "bits")
        .augments("Flags.mark", "self.bits |= 4", "self.bits")
        .is_not_reproduced("nothing broke");
}
