//! What loops, copies, registrations and dereferences look like when a lock protects both sides: never confirmed.

use ftlint_analyzer::evidence::{AccessKind, Pattern};

use crate::support::{Case, Run};

#[test]
fn a_loop_under_the_lock_of_the_change() {
    let source = "
import threading
class Users:
    def __init__(self):
        self.lock = threading.Lock()
        self.users = {}
    def add(self, name):
        with self.lock:
            self.users[name] = object()
    def names(self):
        with self.lock:
            return [it for it in self.users]
";
    Case::new(Run::Driver, Pattern::Iteration, source)
        .attribute("Users", "users")
        .first("Users.names", "return [it", "self.users", AccessKind::Iterate)
        .last("Users.names", "return [it", "self.users", AccessKind::Iterate)
        .other("Users.add", "self.users[name]", "self.users[name]", AccessKind::SetItem)
        .is_never_confirmed();
}

#[test]
fn a_loop_over_a_copy() {
    let source = "
class Users:
    def __init__(self):
        self.users = {}
    def add(self, name):
        self.users[name] = object()
    def names(self):
        for name in list(self.users):
            print(name)
";
    Case::new(Run::Driver, Pattern::Iteration, source)
        .attribute("Users", "users")
        .first("Users.names", "for name", "self.users", AccessKind::Iterate)
        .last("Users.names", "for name", "self.users", AccessKind::Iterate)
        .other("Users.add", "self.users[name]", "self.users[name]", AccessKind::SetItem)
        .is_never_confirmed();
}

#[test]
fn a_copy_and_a_reset_under_the_lock_of_the_addition() {
    let source = "
import threading
class Queue:
    def __init__(self):
        self.lock = threading.Lock()
        self.items = []
    def put(self, item):
        with self.lock:
            self.items.append(item)
    def drain(self):
        with self.lock:
            batch = list(self.items)
            self.items.clear()
        return batch
";
    Case::new(Run::Driver, Pattern::CopyThenClear, source)
        .attribute("Queue", "items")
        .first("Queue.drain", "batch =", "self.items", AccessKind::Iterate)
        .last(
            "Queue.drain",
            "self.items.clear",
            "self.items.clear()",
            AccessKind::Call("clear".into()),
        )
        .other(
            "Queue.put",
            "self.items.append",
            "self.items.append(item)",
            AccessKind::Call("append".into()),
        )
        .is_never_confirmed();
}

#[test]
fn a_copy_and_a_reset_without_it() {
    let source = "
class Queue:
    def __init__(self):
        self.items = []
    def put(self, item):
        self.items.append(item)
    def drain(self):
        batch = list(self.items)
        self.items.clear()
        return batch
";
    Case::new(Run::Driver, Pattern::CopyThenClear, source)
        .attribute("Queue", "items")
        .first("Queue.drain", "batch =", "self.items", AccessKind::Iterate)
        .last(
            "Queue.drain",
            "self.items.clear",
            "self.items.clear()",
            AccessKind::Call("clear".into()),
        )
        .other(
            "Queue.put",
            "self.items.append",
            "self.items.append(item)",
            AccessKind::Call("append".into()),
        )
        .is_confirmed();
}

#[test]
fn a_registration_under_the_lock_of_the_end() {
    let source = "
import threading
class Task:
    def __init__(self):
        self.lock = threading.Lock()
        self.done = False
        self.callbacks = []
    def finish(self):
        with self.lock:
            self.done = True
            for it in self.callbacks:
                it()
    def when_done(self, callback):
        with self.lock:
            if self.done:
                callback()
            else:
                self.callbacks.append(callback)
";
    Case::new(Run::Driver, Pattern::CheckThenRegister, source)
        .attribute("Task", "callbacks")
        .first("Task.when_done", "if self.done", "self.done", AccessKind::Read)
        .last(
            "Task.when_done",
            "self.callbacks.append",
            "self.callbacks.append(callback)",
            AccessKind::Call("append".into()),
        )
        .other("Task.finish", "for it in", "self.callbacks", AccessKind::Iterate)
        .is_never_confirmed();
}

#[test]
fn a_dereference_under_the_lock_of_the_close() {
    let source = "
import threading
class Link:
    def __init__(self):
        self.lock = threading.Lock()
        self.sock = object()
    def close(self):
        with self.lock:
            self.sock = None
    def name(self):
        with self.lock:
            if self.sock is not None:
                return self.sock.__class__.__qualname__.upper()
";
    Case::new(Run::Driver, Pattern::CheckThenDereference, source)
        .attribute("Link", "sock")
        .first("Link.name", "if self.sock", "self.sock", AccessKind::Read)
        .last("Link.name", "return self.sock", "self.sock", AccessKind::Read)
        .other("Link.close", "self.sock = None", "self.sock", AccessKind::Store)
        .is_never_confirmed();
}

#[test]
fn a_dereference_of_a_copy_of_the_reference() {
    let source = "
import no_such_module_anywhere
class Link:
    def __init__(self):
        self.sock = no_such_module_anywhere.connect()
    def close(self):
        self.sock = None
    def send(self, data):
        sock = self.sock
        if sock is not None:
            sock.send(data)
";
    Case::new(Run::Driver, Pattern::CheckThenDereference, source)
        .attribute("Link", "sock")
        .first("Link.send", "sock = self", "self.sock", AccessKind::Read)
        .last("Link.send", "sock.send", "sock.send(data)", AccessKind::Call("send".into()))
        .other("Link.close", "self.sock = None", "self.sock", AccessKind::Store)
        .is_never_confirmed();
}

#[test]
fn a_change_under_the_lock_of_the_region() {
    let source = "
import threading
class Cache:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = {}
    def get(self, key):
        with self.lock:
            if key not in self.values:
                self.values[key] = object()
            return self.values[key]
    def evict(self, key):
        with self.lock:
            self.values.pop(key, None)
";
    Case::new(Run::Driver, Pattern::Unguarded, source)
        .attribute("Cache", "values")
        .first(
            "Cache.evict",
            "self.values.pop",
            "self.values.pop(key, None)",
            AccessKind::Call("pop".into()),
        )
        .last(
            "Cache.evict",
            "self.values.pop",
            "self.values.pop(key, None)",
            AccessKind::Call("pop".into()),
        )
        .other("Cache.get", "self.values[key] = ", "self.values[key]", AccessKind::SetItem)
        .is_never_confirmed();
}
