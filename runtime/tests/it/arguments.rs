//! Receivers and arguments that a driver makes: from what the source does with a parameter, and with which attributes the
//! tests before a window let a thread come to it.

use ftlint_analyzer::evidence::{AccessKind, Pattern};
use ftlint_runtime::verdict::EvidenceLevel;

use crate::support::{Case, Run};

/// Asserts that whole calls show it, and not only a piece of the function.
fn by_a_driver(case: &Case, words: &str) {
    let verdict = case.is_confirmed();
    if verdict.evidence.is_none() {
        return;
    }
    assert_eq!(verdict.evidence, Some(EvidenceLevel::Driver), "{verdict:#?}");
    assert!(verdict.reason.as_deref().unwrap_or_default().contains(words), "{verdict:#?}");
}

#[test]
fn each_parameter_of_a_constructor_is_what_the_class_does_with_it() {
    // No one kind of value goes through: a number has no `width`, an object cannot be joined, and text cannot be added to 1.
    let case = Case::counter(
        "
class Counter:
    def __init__(self, age, box, where, made):
        self.age = 1 + age
        self.box = box or None
        self.where = ''.join([clean(where)])
        self.it = made()
        self.n = self.area()
    def area(self):
        if not isinstance(self.age, int):
            raise TypeError(self.age)
        return int(self.box.width) - int(self.box.width)
    def inc(self):
        self.n += 1

def clean(path):
    return path.rstrip('/')
",
    );
    by_a_driver(&case, "Counter.inc()");
}

#[test]
fn a_stand_in_for_an_object_that_cannot_be_made() {
    let case = Case::counter(
        "
class Broken:
    def __init__(self):
        raise OSError('no such device')

class Counter:
    def __init__(self, device: Broken):
        self.device = device
        self.n = 0
    def inc(self):
        self.device.touch()
        self.n += 1
",
    );
    by_a_driver(&case, "Counter.inc()");
}

#[test]
fn what_is_stored_may_be_a_parameter() {
    let source = |body: &str| {
        format!(
            "
import threading
lock = threading.Lock()
_provider = None
def provide(provider):
    global _provider
{body}
"
        )
    };
    let case = |body: &str| {
        Case::new(Run::Driver, Pattern::LazyInit, &source(body))
            .global("_provider")
            .first("provide", "if _provider", "_provider", AccessKind::Read)
            .last("provide", "_provider = provider", "_provider", AccessKind::Store)
    };
    let racy = "    if _provider is None:\n        _provider = provider";
    by_a_driver(&case(racy), "provide(");
    let locked = "    with lock:\n        if _provider is None:\n            _provider = provider";
    case(locked).is_not_reproduced("waits for a lock");
}

fn connection(set: &str) -> Case {
    let source = format!(
        "
class Connection:
    def __init__(self):
        self.sock = None
        self.closed = True
    def connect(self, address):
        {set}
        self.closed = False
    def disconnect(self):
        if self.closed or self.sock is None:
            return
        self.sock.shutdown()
        self.sock = None
"
    );
    Case::new(Run::Driver, Pattern::CheckThenDereference, &source)
        .attribute("Connection", "sock")
        .first("Connection.disconnect", "if self.closed", "self.sock", AccessKind::Read)
        .last("Connection.disconnect", "shutdown", "self.sock", AccessKind::Read)
        .other("Connection.disconnect", "        self.sock = None", "self.sock", AccessKind::Store)
}

#[test]
fn attributes_get_values_that_their_class_assigns() {
    by_a_driver(
        &connection("self.sock = address.dial()"),
        "prepared: self.closed = False, self.sock = ",
    );
}

#[test]
fn attributes_get_no_other_values() {
    // Nothing that the class says opens the way: only a piece of the function, taken out of its test, may show it.
    let Some(verdict) = connection("pass").replay() else { return };
    assert_ne!(verdict.evidence, Some(EvidenceLevel::Driver), "{verdict:#?}");
}

#[test]
fn a_loop_that_does_something_with_its_elements() {
    let source = "
class Pool:
    def __init__(self):
        self.used = set()
    def get(self):
        made = object()
        self.used.add(made)
        return made
    def close(self):
        if len(self.used) == 0:
            return
        for it in self.used:
            it.disconnect()
";
    let case = Case::new(Run::Driver, Pattern::Iteration, source)
        .attribute("Pool", "used")
        .first("Pool.close", "for it", "self.used", AccessKind::Iterate)
        .last("Pool.close", "for it", "self.used", AccessKind::Iterate)
        .other("Pool.get", "self.used.add", "self.used.add(made)", AccessKind::Call("add".into()));
    by_a_driver(&case, "prepared: put an element into self.used");
}

#[test]
fn a_change_that_is_taken_back() {
    let source = "
class Pool:
    def __init__(self):
        self.used = {1: 'one'}
    def borrow(self, key):
        self.used[key, 'borrowed'] = key
        del self.used[key, 'borrowed']
    def close(self):
        for it in self.used:
            str(it)
";
    let case = Case::new(Run::Driver, Pattern::Iteration, source)
        .attribute("Pool", "used")
        .first("Pool.close", "for it", "self.used", AccessKind::Iterate)
        .last("Pool.close", "for it", "self.used", AccessKind::Iterate)
        .other("Pool.borrow", "= key", "self.used[key, 'borrowed']", AccessKind::SetItem);
    by_a_driver(&case, "Pool.borrow()");
}

#[test]
fn the_instances_of_a_metaclass_are_classes() {
    let source = "
class Singletons(type):
    def __init__(cls, *args):
        super().__init__(*args)
        cls.only = None
    def __call__(cls):
        if cls.only is None:
            cls.only = super().__call__()
        return cls.only

class Service(metaclass=Singletons):
    pass
";
    let case = Case::new(Run::Driver, Pattern::LazyInit, source)
        .attribute("Singletons", "only")
        .first("Singletons.__call__", "if cls.only", "cls.only", AccessKind::Read)
        .last("Singletons.__call__", "cls.only = super", "cls.only", AccessKind::Store);
    by_a_driver(&case, "Singletons.__call__()");
}

#[test]
fn that_a_private_function_was_called_directly_is_said() {
    let source = |name: &str| {
        format!(
            "
class Counter:
    def __init__(self):
        self.n = 0
    def {name}(self):
        self.n += 1
"
        )
    };
    let case =
        |name: &str| {
            let kind = "self.n += 1";
            Case::new(Run::Driver, Pattern::Augment, &source(name))
                .attribute("Counter", "n")
                .augments(&format!("Counter.{name}"), kind, "self.n")
        };
    let words = "what calls _inc() was left out, and may keep threads apart";
    by_a_driver(&case("_inc"), words);
    let verdict = case("inc").is_confirmed();
    assert!(!verdict.reason.unwrap_or_default().contains("left out"));
}
