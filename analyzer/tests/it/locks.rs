//! Fixes that put a place under a lock: what they make of the text, and what they refuse.

use super::fixes::{after, none, not, titles};

const GLOBAL: &str = "import threading\n\nhits = 0\n\n\ndef work():\n    global hits\n    for _ in range(9):\n        hits += 1\n\n\ndef show():\n    return hits\n\n\nfor _ in range(2):\n    threading.Thread(target=work).start()\n";

#[test]
fn a_variable_gets_a_lock_of_the_module() {
    let text = after(GLOBAL, "Make a new lock `_lock`");
    assert_eq!(
        text,
        "import threading\n\n_lock = threading.Lock()\nhits = 0\n\n\ndef work():\n    global hits\n    for _ in range(9):\n        with _lock:\n            hits += 1\n\n\ndef show():\n    with _lock:\n        return hits\n\n\nfor _ in range(2):\n    threading.Thread(target=work).start()\n"
    );
}

#[test]
fn names_and_imports_of_the_file_are_used() {
    let taken = GLOBAL.replace("hits = 0\n\n", "hits = 0\n_lock = 1\n\n");
    assert!(after(&taken, "Make a new lock `_hits_lock`").contains("with _hits_lock:"));
    let named = GLOBAL
        .replace("import threading\n", "from threading import Lock as L, Thread\n")
        .replace("threading.Thread", "Thread");
    assert!(after(&named, "Make a new lock `_lock`").contains("\n_lock = L()\nhits = 0\n"));
    let pool = GLOBAL
        .replace("import threading\n", "\"\"\"Text.\"\"\"\n\nimport sys\nfrom concurrent.futures import ThreadPoolExecutor\n")
        .replace("for _ in range(2):\n    threading.Thread(target=work).start()\n", "with ThreadPoolExecutor() as pool:\n    for _ in range(2):\n        pool.submit(work)\n");
    let text = after(&pool, "Make a new lock `_lock`");
    assert!(
        text.starts_with("\"\"\"Text.\"\"\"\n\nimport sys\nimport threading\nfrom c"),
        "{text}"
    );
}

#[test]
fn an_existing_lock_is_used_as_well() {
    let with = GLOBAL.replace("hits = 0\n\n", "hits = 0\nguard = threading.Lock()\n\n");
    assert_eq!(titles(&with), ["Wrap in existing lock `guard`", "Make a new lock `_lock`"]);
    assert!(after(&with, "Wrap in existing lock `guard`").contains("        with guard:\n"));
    // Which of two is meant is not known; and who holds the lock already would wait for itself.
    not(&with.replace("guard = ", "other = threading.Lock()\nguard = "), "Wrap");
    not(&with.replace("for _ in range(2):", "with guard:\n    work()\nfor _ in range(2):"), "Wrap");
}

/// A class with this method, run by two threads on one object.
fn class(method: &str) -> String {
    format!(
        "import threading\n\n\nclass Stats:\n    \"\"\"Text.\"\"\"\n\n    def __init__(self):\n        self.seen = 0\n\n    \
         def show(self):\n        return self.seen\n\n    {method}\n\n\nstats = Stats()\n\
         for _ in range(2):\n    threading.Thread(target=stats.work).start()\n"
    )
}

const WORK: &str = "def work(self):\n        self.seen += 1";

#[test]
fn an_attribute_gets_a_lock_of_its_object() {
    let text = after(&class(WORK), "Make a new lock `self._lock`");
    assert!(text.contains(
        "    def __init__(self):\n        self._lock = threading.Lock()\n        self.seen = 0\n"
    ));
    assert!(text.contains("        with self._lock:\n            return self.seen\n"));
    assert!(text.contains("        with self._lock:\n            self.seen += 1\n"));
}

#[test]
fn a_class_without_a_constructor_gets_one() {
    let lazy = class("def work(self):\n        if not hasattr(self, '_made'):\n            self._made = object()")
        .replace("    def __init__(self):\n        self.seen = 0\n\n", "")
        .replace("        return self.seen", "        return 1");
    let text = after(&lazy, "Make a new lock `self._lock`");
    assert!(
        text.contains("    \"\"\"Text.\"\"\"\n\n    def __init__(self):\n        self._lock = threading.Lock()\n\n    def show"),
        "{text}"
    );
    // What a base class or a decorator makes of a constructor is not known.
    none(&lazy.replace("class Stats:", "class Stats(Base):"));
    none(&lazy.replace("class Stats:", "@register\nclass Stats:"));
}

#[test]
fn what_is_inherited_is_made_first_and_keeps_its_names() {
    let below = class(WORK)
        .replace("class Stats:", "class Stats(Base):")
        .replace("        self.seen = 0\n", "        super().__init__()\n        self.seen = 0\n");
    let text = after(&below, "Make a new lock `self._seen_lock`");
    assert!(
        text.contains("super().__init__()\n        self._seen_lock = threading.Lock()\n"),
        "{text}"
    );
}

#[test]
fn an_object_that_wants_to_know_its_attributes_is_left_alone() {
    none(
        &class(WORK).replace("    def __init__", "    __slots__ = (\"seen\",)\n\n    def __init__"),
    );
    none(&class(&format!("{WORK}\n\n    def __setattr__(self, name, value):\n        pass")));
    let below =
        "\n\nclass Below(Stats):\n    def __init__(self):\n        self.seen = 1\n\n\nstats =";
    none(&class(WORK).replace("\n\nstats =", below));
}

#[test]
fn a_block_that_gives_the_processor_away_is_refused() {
    none(&GLOBAL.replace("        hits += 1", "        hits += 1 + (yield)"));
    none(&GLOBAL.replace("return hits", "return [(yield hits)]"));
    // Only who advances the generator, or calls the function, reads it.
    none(&GLOBAL.replace("return hits", "return (hits for _ in range(3))"));
    none(&GLOBAL.replace("return hits", "return lambda: hits"));
    assert!(
        !titles(&GLOBAL.replace("return hits", "return sum(hits for _ in range(3))")).is_empty()
    );
}

#[test]
fn a_loop_that_waits_does_not_hold_the_lock() {
    none(&GLOBAL.replace("return hits", "while hits < 9:\n        pause()"));
}

#[test]
fn a_function_that_takes_the_lock_is_not_called_below_it() {
    none(&GLOBAL.replace("        hits += 1", "        hits += show()"));
    // A method of what the place holds is none of the file.
    let list = "import threading\n\nkept = []\n\n\ndef pop():\n    if kept:\n        return kept.pop()\n\n\nfor _ in range(2):\n    threading.Thread(target=pop).start()\n";
    assert!(after(list, "Make a new lock `_lock`").contains("    with _lock:\n        if kept:\n"));
}

#[test]
fn one_line_and_texts_over_lines() {
    let one = GLOBAL.replace("        hits += 1", "        if True: hits += 1");
    assert!(
        after(&one, "Make a new lock `_lock`")
            .contains("        with _lock:\n            if True: hits += 1\n")
    );
    none(&GLOBAL.replace("return hits", "return hits, \"\"\"a\nb\"\"\""));
}

#[test]
fn a_variable_of_a_function_gets_a_lock_beside_it() {
    let text = "import threading\n\n\ndef run():\n    hits = 0\n\n    def work():\n        nonlocal hits\n        hits += 1\n\n    for _ in range(2):\n        threading.Thread(target=work).start()\n\n\nrun()\n";
    let text = after(text, "Make a new lock `_hits_lock`");
    assert!(text.contains("    _hits_lock = threading.Lock()\n"), "{text}");
    assert!(text.contains("        with _hits_lock:\n            hits += 1\n"), "{text}");
}

const LAZY: &str = "import threading\n\n_made = None\n\n\ndef make():\n    global _made\n    if _made is None:  # once\n        _made = open('x')\n    return _made\n\n\ndef drop():\n    global _made\n    _made = None\n\n\nfor _ in range(2):\n    threading.Thread(target=make).start()\n";

#[test]
fn what_is_made_on_first_use_is_tested_again() {
    let text = after(LAZY, "Test again under the lock `_lock`");
    assert!(
        text.contains("    if _made is None:  # once\n        with _lock:\n            if _made is None:\n                _made = open('x')\n    return _made\n"),
        "{text}"
    );
    // Who changes it takes the lock as well, who reads it does not.
    assert!(text.contains("    with _lock:\n        _made = None\n"), "{text}");
}

#[test]
fn a_test_that_does_something_is_not_repeated() {
    for test in ["_made is None and ask()", "(x := _made) is None"] {
        not(&LAZY.replace("_made is None:", &format!("{test}:")), "Test again");
    }
    not(
        &LAZY.replace("    return _made", "    else:\n        pass\n    return _made"),
        "Test again",
    );
}

#[test]
fn a_lock_without_a_second_test_gets_one() {
    let text = LAZY
        .replace(
            "_made = None\n\n\ndef make",
            "_made = None\n_lock = threading.Lock()\n\n\ndef make",
        )
        .replace("        _made = open('x')", "        with _lock:\n            _made = open('x')")
        .replace("\n\n\ndef drop():\n    global _made\n    _made = None", "");
    let text = after(&text, "Test again under the lock");
    assert!(text.contains("        with _lock:\n            if _made is None:\n                _made = open('x')\n"), "{text}");
}

#[test]
fn a_lock_of_a_class_is_no_variable() {
    let text = "import threading\n\n\nclass Stats:\n    _lock = threading.Lock()\n    seen = {}\n\n    def add(self, key):\n        with Stats._lock:\n            Stats.seen[key] = 1\n\n    def drop(self, key):\n        with Stats._lock:\n            Stats.seen.pop(key, None)\n\n    def reset(self, key):\n        if key in Stats.seen:\n            print(Stats.seen[key])\n";
    none(text);
    let variable = text
        .replace("    _lock = threading.Lock()\n", "")
        .replace("class Stats", "_lock = threading.Lock()\n\n\nclass Stats")
        .replace("Stats._lock", "_lock");
    assert_eq!(titles(&variable), ["Wrap in existing lock `_lock`"]);
}

#[test]
fn a_callback_is_not_run_below_a_new_lock() {
    let text =
        GLOBAL.replace("def show():\n    return hits", "def show(tell):\n    return tell(hits)");
    none(&text);
}

#[test]
fn who_holds_a_lock_by_hand_is_seen() {
    let with = GLOBAL.replace("hits = 0\n\n", "hits = 0\nguard = threading.Lock()\n\n");
    let held = "guard.acquire()\nwork()\nguard.release()\nfor _ in range(2):";
    let inner = held.replace('\n', "\n    ").replace("    for _", "for _");
    let text = with.replace("for _ in range(2):", &format!("def held():\n    {inner}"));
    not(&text, "Wrap");
}
