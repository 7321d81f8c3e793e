//! Code that asks which thread runs, or gives each its own key.

use super::{removal, update};

#[test]
fn a_test_for_the_thread() {
    update(
        "
class C:
    def __init__(self):
        self.owner = threading.current_thread()
        self.n = 0
    def inc(self):
        if threading.current_thread() is not self.owner:
            return missing.post(self.inc)
        self.n += 1
",
    )
    .is_not_replayable("asks which thread runs");
}

#[test]
fn a_helper_that_tests_for_the_thread() {
    removal(
        "
class C:
    def __init__(self):
        self.owner = threading.get_ident()
        self.jobs = {}
    def mine(self):
        return threading.get_ident() == self.owner
    def drop(self, key):
        if self.mine() and key in self.jobs:
            del self.jobs[key]
",
    )
    .is_not_replayable("asks which thread runs");
}

#[test]
fn a_key_for_each_thread() {
    for key in [
        "self.me()",
        "uuid.uuid4()",
        "str(uuid.uuid4())",
        "self.waiting.get()",
        "missing.current()",
    ] {
        removal(&format!(
            "
class C:
    def __init__(self):
        self.jobs = {{}}
    def me(self):
        return threading.get_ident()
    def drop(self):
        key = {key}
        if key in self.jobs:
            del self.jobs[key]
"
        ))
        .is_not_replayable("may give each thread a key of its own");
    }
}

#[test]
fn a_loop_over_what_only_this_thread_gets() {
    for source in ["self.mine()", "iter(self.waiting.get, None)"] {
        removal(&format!(
            "
class C:
    def __init__(self):
        self.jobs = {{}}
        self.waiting = queue.Queue()
    def mine(self):
        return [threading.get_ident()]
    def drop(self):
        for key in {source}:
            if key in self.jobs:
                del self.jobs[key]
"
        ))
        .is_not_replayable("may give each thread a key of its own");
    }
}

#[test]
fn a_thread_that_a_barrier_chooses() {
    update(
        "
class C:
    def __init__(self):
        self.barrier = threading.Barrier(2)
        self.n = 0
    def inc(self):
        if self.barrier.wait() == 0:
            self.n += 1
",
    )
    .is_not_replayable("chooses a thread");
}
