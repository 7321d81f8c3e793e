//! Pieces of functions whose module cannot be imported: shown where nothing protects them, never where a lock does.

use ftlint_analyzer::evidence::{AccessKind, Pattern};

use crate::support::{Case, Run};

const MISSING: &str = "No module named 'no_such_module_anywhere'";

fn update(class: &str) -> Case {
    let source = format!("import no_such_module_anywhere as missing\nimport threading\n{class}");
    Case::counter(&source)
}

fn removal(class: &str) -> Case {
    let source = format!("import no_such_module_anywhere as missing\nimport threading\n{class}");
    Case::new(Run::Driver, Pattern::CheckThenUse, &source)
        .attribute("Jobs", "jobs")
        .first("Jobs.forget", "if key in", "key in self.jobs", AccessKind::Contains)
        .last("Jobs.forget", "del self", "self.jobs[key]", AccessKind::DelItem)
}

#[test]
fn an_update() {
    update(
        "
class Counter(missing.Base):
    def __init__(self, settings):
        self.n = missing.first(settings)
        self.n = 0
    def inc(self):
        with missing.trace('inc'):
            self.log(missing.now())
        if self.enabled and missing.active():
            self.n += 1
",
    )
    .is_only_a_slice(MISSING);
}

#[test]
fn a_removal() {
    removal(
        "
class Jobs:
    def __init__(self):
        self.jobs = {}
    def forget(self, url):
        key = missing.canonical(url)
        if key in self.jobs:
            self.notify(key)
            del self.jobs[key]
",
    )
    .is_only_a_slice("this proves the statement, not the program");
}

#[test]
fn a_loop_over_a_container_that_grows() {
    let source = "
import no_such_module_anywhere as missing
class Users:
    def __init__(self):
        self.users = {}
    def add(self, name, mail):
        self.users[name] = missing.User(mail)
    def greet(self):
        for name, user in self.users.items():
            user.send(missing.text(name))
";
    Case::new(Run::Driver, Pattern::Iteration, source)
        .attribute("Users", "users")
        .first("Users.greet", "for name", "self.users.items()", AccessKind::Iterate)
        .last("Users.greet", "for name", "self.users.items()", AccessKind::Iterate)
        .other("Users.add", "self.users[name]", "self.users[name]", AccessKind::SetItem)
        .is_only_a_slice(MISSING);
}

#[test]
fn a_lock_of_the_object() {
    update(
        "
class Counter:
    def __init__(self):
        self._lock = threading.Lock()
        self.n = 0
    def inc(self):
        with self._lock:
            self.n += 1
",
    )
    .is_never_confirmed();
}

#[test]
fn a_lock_that_is_acquired_and_released() {
    update(
        "
class Counter:
    def __init__(self):
        self.guard = threading.RLock()
        self.n = 0
    def inc(self):
        self.guard.acquire()
        try:
            self.n += 1
        finally:
            self.guard.release()
",
    )
    .is_never_confirmed();
}

#[test]
fn a_lock_that_a_call_gives() {
    update(
        "
class Counter:
    def __init__(self, locks):
        self.locks = locks
        self.n = 0
    def inc(self):
        with self.locks.get('n'):
            self.n += 1
",
    )
    .is_never_confirmed();
}

#[test]
fn a_lock_of_a_missing_module() {
    update(
        "
class Counter:
    def __init__(self):
        self.n = 0
        self.section = missing.Section()
    def inc(self):
        with self.section.write():
            self.n += 1
",
    )
    .is_never_confirmed();
}

#[test]
fn a_lock_of_the_module() {
    update(
        "
everything = threading.Lock()
class Counter:
    def __init__(self):
        self.n = 0
    def inc(self):
        with everything:
            if missing.active():
                self.n += 1
",
    )
    .is_never_confirmed();
}

#[test]
fn a_lock_of_an_argument() {
    removal(
        "
class Jobs:
    def __init__(self):
        self.jobs = {}
    def forget(self, key, owner):
        with owner.lock:
            if key in self.jobs:
                del self.jobs[key]
",
    )
    .is_never_confirmed();
}

#[test]
fn a_lock_of_a_decorator() {
    update(
        "
def synchronized(function):
    def inner(self):
        with self.lock:
            return function(self)
    return inner
class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0
    @synchronized
    def inc(self):
        self.n += 1
",
    )
    .is_not_replayable("may keep other threads out");
}

#[test]
fn a_handler_that_knows_of_the_other_thread() {
    removal(
        "
class Jobs:
    def __init__(self):
        self.jobs = {}
    def forget(self, key):
        try:
            if key in self.jobs:
                del self.jobs[key]
        except KeyError:
            missing.log(key)
",
    )
    .is_never_confirmed();
}

#[test]
fn a_second_test_under_the_lock() {
    Case::double_checked("import no_such_module_anywhere as missing", "missing.make()")
        .is_never_confirmed();
}

#[test]
fn a_container_of_an_unknown_kind() {
    removal(
        "
class Jobs:
    def __init__(self):
        self.jobs = missing.SafeDictionary()
    def forget(self, key):
        if key in self.jobs:
            del self.jobs[key]
",
    )
    .is_not_replayable("is not known, and it is part of the race");
}

#[test]
fn a_coroutine() {
    let source = "
import no_such_module_anywhere as missing
class Counter:
    def __init__(self):
        self.n = 0
    async def inc(self):
        self.n += 1
";
    Case::counter(source).is_not_replayable("coroutine");
}
