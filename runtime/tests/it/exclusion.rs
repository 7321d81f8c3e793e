//! Correct code whose protection is not in the piece that would be cut: nothing may be confirmed.

mod threads;

use ftlint_analyzer::evidence::{AccessKind, Pattern};

use crate::support::{Case, Run};

const HEAD: &str = "
import contextlib, queue, threading, uuid
import no_such_module_anywhere as missing
";

/// An update of `self.n` in `C.inc`.
fn update(class: &str) -> Case {
    let source = format!("{HEAD}{class}");
    Case::new(Run::Driver, Pattern::Augment, &source).attribute("C", "n").augments(
        "C.inc",
        "self.n += 1",
        "self.n",
    )
}

/// A removal from `self.jobs` in `C.drop`.
fn removal(class: &str) -> Case {
    let source = format!("{HEAD}{class}");
    Case::new(Run::Driver, Pattern::CheckThenUse, &source)
        .attribute("C", "jobs")
        .first("C.drop", "in self.jobs", "key in self.jobs", AccessKind::Contains)
        .last("C.drop", "del self", "self.jobs[key]", AccessKind::DelItem)
}

/// A loop over `self.users` in `C.all`, and an insertion in `C.add`.
fn iteration(class: &str) -> Case {
    let source = format!("{HEAD}{class}");
    Case::new(Run::Driver, Pattern::Iteration, &source)
        .attribute("C", "users")
        .first("C.all", "for key", "self.users.items()", AccessKind::Iterate)
        .last("C.all", "for key", "self.users.items()", AccessKind::Iterate)
        .other("C.add", "self.users[key]", "self.users[key]", AccessKind::SetItem)
}

#[test]
fn a_lock_in_a_helper() {
    update(
        "
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
    def begin(self):
        self.own.acquire()
    def end(self):
        self.own.release()
    def inc(self):
        self.begin()
        self.n += 1
        self.end()
",
    )
    .is_not_replayable("`self.begin()` may take a lock");
}

#[test]
fn a_helper_that_gives_its_lock_back() {
    update(
        "
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
    def tell(self):
        self.own.acquire()
        self.own.release()
    def inc(self):
        self.tell()
        self.n += 1
",
    )
    .is_only_a_slice("this proves the statement, not the program");
}

#[test]
fn a_lock_that_is_waited_for_in_a_loop() {
    update(
        "
class C:
    def __init__(self):
        self.own = missing.get_lock()
        self.n = 0
    def inc(self):
        while not self.own.acquire(blocking=False):
            missing.sleep()
        self.n += 1
        self.own.release()
",
    )
    .is_not_replayable("`self.own.acquire(blocking=False)` may take a lock");
}

#[test]
fn a_lock_that_is_taken_when_there_are_threads() {
    update(
        "
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
    def inc(self):
        if missing.threads():
            self.own.acquire()
        self.n += 1
        if missing.threads():
            self.own.release()
",
    )
    .is_not_replayable("`self.own.acquire()` may take a lock");
}

#[test]
fn a_lock_on_an_exit_stack() {
    update(
        "
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
    def inc(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.own)
            self.n += 1
",
    )
    .is_not_replayable("`stack.enter_context(self.own)` may take a lock");
}

#[test]
fn a_class_whose_methods_are_made_exclusive() {
    update(
        "
@missing.synchronized
class C:
    def __init__(self):
        self.n = 0
    def inc(self):
        self.n += 1
",
    )
    .is_not_replayable("the decorator `missing.synchronized` may keep other threads out");
}

#[test]
fn a_turn_that_a_condition_gives() {
    update(
        "
class C:
    def __init__(self):
        self.turn = threading.Condition()
        self.busy = False
        self.n = 0
    def inc(self):
        with self.turn:
            while self.busy:
                self.turn.wait()
            self.busy = True
        self.n += 1
        with self.turn:
            self.busy = False
            self.turn.notify()
",
    )
    .is_not_replayable("`self.turn.wait()` may wait for its turn");
}

#[test]
fn a_turn_that_a_queue_gives() {
    update(
        "
class C:
    def __init__(self):
        self.tokens = queue.Queue()
        self.n = 0
    def inc(self):
        token = self.tokens.get()
        self.n += 1
        self.tokens.put(token)
",
    )
    .is_not_replayable("who holds what comes from `self.tokens` may be alone");
}

#[test]
fn a_version_that_is_tested_under_the_lock() {
    let source = format!(
        "{HEAD}
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
        self.version = 0
    def inc(self):
        while True:
            version = self.version
            old = self.n
            new = old + 1
            with self.own:
                if self.version != version:
                    continue
                self.version += 1
                self.n = new
                return
"
    );
    Case::new(Run::Driver, Pattern::ReadModifyWrite, &source)
        .attribute("C", "n")
        .first("C.inc", "old = self.n", "self.n", AccessKind::Read)
        .last("C.inc", "self.n = new", "self.n", AccessKind::Store)
        .is_not_replayable("may see what changed");
}

#[test]
fn the_two_sides_of_a_lock_for_readers_and_writers() {
    for (made, write, read) in [
        ("self.both = missing.RWLock()", "self.both.writer()", "self.both.reader()"),
        ("self.both = missing.RWLock()", "self.both.write", "self.both.read"),
        ("self.w, self.r = missing.sides()", "self.w", "self.r"),
    ] {
        iteration(&format!(
            "
class C:
    def __init__(self):
        {made}
        self.users = {{}}
    def add(self, key, value):
        with {write}:
            self.users[key] = value
    def all(self):
        with {read}:
            for key, value in self.users.items():
                missing.send(key, value)
"
        ))
        .is_never_confirmed();
    }
}

#[test]
fn a_function_that_is_called_under_a_lock() {
    update(
        "
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
    def alone(self, function):
        with self.own:
            function()
    def run(self):
        self.alone(self.inc)
    def inc(self):
        self.n += 1
",
    )
    .is_not_replayable("`alone()` may call `inc` under a lock");
}

#[test]
fn a_whole_function_that_is_called_under_a_lock() {
    Case::new(
        Run::Driver,
        Pattern::Augment,
        "
import threading
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
    def alone(self, function):
        with self.own:
            function()
    def run(self):
        self.alone(self.inc)
    def inc(self):
        self.n += 1
",
    )
    .attribute("C", "n")
    .augments("C.inc", "self.n += 1", "self.n")
    .is_not_replayable("`alone()` may call `inc` under a lock");
}

#[test]
fn a_function_that_is_only_kept_under_a_lock() {
    Case::new(
        Run::Driver,
        Pattern::Augment,
        "
import threading
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.waiting = []
        self.n = 0
    def submit(self, function):
        with self.own:
            self.waiting.append(function)
    def run(self):
        self.submit(self.inc)
    def inc(self):
        self.n += 1
",
    )
    .attribute("C", "n")
    .augments("C.inc", "self.n += 1", "self.n")
    .is_confirmed();
}

#[test]
fn a_lock_by_another_name() {
    for (take, give, words) in [
        ("missing.enter(self)", "missing.leave(self)", "`missing.enter(self)` may take a lock"),
        ("take = self.own.acquire; take()", "self.own.release()", "`self.own.acquire` may take"),
        ("getattr(self.own, 'acquire')()", "self.own.release()", "may take a lock"),
    ] {
        update(&format!(
            "
class C:
    def __init__(self):
        self.own = threading.Lock()
        self.n = 0
    def inc(self):
        {take}
        self.n += 1
        {give}
"
        ))
        .is_not_replayable(words);
    }
}

#[test]
fn a_lock_of_an_unknown_kind() {
    update(
        "
class C:
    def __init__(self):
        self.both = missing.RWLock()
        self.n = 0
    def inc(self):
        self.both.wrlock()
        self.n += 1
        self.both.unlock()
",
    )
    .is_never_confirmed();
}
