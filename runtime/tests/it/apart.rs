//! Programs whose threads come to one window with different objects or keys: nothing is lost there, whatever comes
//! between, and a driver that gives both threads one key would make it up.

use ftlint_analyzer::evidence::{AccessKind, Pattern, PlaceKind};

use crate::support::{Case, Run};

const ELSEWHERE: &str = "the others use other objects or keys";

/// Two threads, each with one of these keys.
fn updates(keys: &str) -> Case {
    let source = format!(
        "
import threading
class Key:
    pass
class Equal:
    def __init__(self, n): self.n = n
    def __eq__(self, other): return self.n == other.n
    def __hash__(self): return 1
keys = [{keys}]
counts = {{keys[0]: 0, keys[1]: 1000}}
def work(key):
    for _ in range(100):
        counts[key] += 1
threads = [threading.Thread(target=work, args=(it,)) for it in keys]
for it in threads: it.start()
for it in threads: it.join()
"
    );
    Case::new(Run::Program, Pattern::Augment, &source).global("counts").augments(
        "work",
        "counts[key] += 1",
        "counts[key]",
    )
}

#[test]
fn numbers_as_keys() {
    updates("0, 1").is_not_reproduced(ELSEWHERE);
}

#[test]
fn objects_as_keys() {
    updates("Key(), Key()").is_not_reproduced(ELSEWHERE);
}

#[test]
fn tuples_with_objects_as_keys() {
    updates("('a', Key()), ('a', Key())").is_not_reproduced(ELSEWHERE);
}

#[test]
fn long_texts_as_keys() {
    updates("'x' * 90 + '0', 'x' * 90 + '1'").is_not_reproduced(ELSEWHERE);
}

#[test]
fn keys_with_an_equality_of_their_own() {
    updates("Equal(0), Equal(1)").is_never_confirmed();
}

#[test]
fn insertions_with_different_keys() {
    let source = "
import threading
class Key:
    pass
made = {}
def work(key):
    if key not in made:
        made[key] = object()
threads = [threading.Thread(target=work, args=(Key(),)) for _ in range(4)]
for it in threads: it.start()
for it in threads: it.join()
";
    Case::new(Run::Program, Pattern::CheckThenInsert, source)
        .global("made")
        .first("work", "if key not in made", "key not in made", AccessKind::Contains)
        .last("work", "made[key] = object()", "made[key]", AccessKind::SetItem)
        .is_not_reproduced(ELSEWHERE);
}

#[test]
fn each_thread_has_its_object() {
    let source = "
import threading
class Counter:
    def __init__(self, n):
        self.n = n
    def inc(self):
        for _ in range(100):
            self.n += 1
threads = [threading.Thread(target=Counter(it).inc) for it in (0, 1000)]
for it in threads: it.start()
for it in threads: it.join()
";
    Case::new(Run::Program, Pattern::Augment, source)
        .attribute("Counter", "n")
        .augments("Counter.inc", "self.n += 1", "self.n")
        .is_not_reproduced(ELSEWHERE);
}

#[test]
fn an_object_behind_getattr() {
    let source = "
import threading
class Inner:
    def __init__(self, n):
        self.n = n
class Proxy:
    def __init__(self, n):
        self._inner = Inner(n)
    def __getattr__(self, name):
        return self._inner
def work(proxy):
    for _ in range(100):
        proxy.inner.n += 1
threads = [threading.Thread(target=work, args=(Proxy(it),)) for it in (0, 1000)]
for it in threads: it.start()
for it in threads: it.join()
";
    Case::new(Run::Program, Pattern::Augment, source)
        .place("proxy.inner.n", PlaceKind::Object { what: "Inner".into() })
        .augments("work", "proxy.inner.n += 1", "proxy.inner.n")
        .is_never_confirmed();
}

const CLOSURES: &str = "
import threading
def counter(n):
    def work():
        nonlocal n
        for _ in range(100):
            n += 1
    return work
works = [THESE]
threads = [threading.Thread(target=it) for it in works]
for it in threads: it.start()
for it in threads: it.join()
";

fn closures(these: &str) -> Case {
    let kind =
        PlaceKind::Cell { module: "case".into(), function: "counter".into(), name: "n".into() };
    Case::new(Run::Program, Pattern::Augment, &CLOSURES.replace("THESE", these))
        .place("n", kind)
        .augments("counter.<locals>.work", "n += 1", "n")
}

#[test]
fn each_thread_has_its_closure() {
    closures("counter(0), counter(1000)").is_never_confirmed();
}

#[test]
fn threads_share_a_closure() {
    closures("counter(0)] * 2 + [counter(1000)").is_confirmed();
}
