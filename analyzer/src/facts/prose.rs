//! What docstrings and comments say of threads, locks and tests. Words are a weak ground: nothing here looks at code.

use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt};

/// The docstring of a body.
pub(crate) fn docstring(body: &[Stmt]) -> Option<&str> {
    match body.first()? {
        Stmt::Expr(it) => match &*it.value {
            Expr::StringLiteral(it) => Some(it.value.to_str()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a docstring claims that the thing may be shared between threads: a sentence that says so without a negation.
/// Markup and the targets of references do not count.
pub(crate) fn says_thread_safe(doc: &str) -> bool {
    if !doc.contains("hread") && !doc.contains("oncurren") {
        return false;
    }
    let lower = doc.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    // `:ref:`thread safety <faq>`` and the like name other texts.
    let plain: String =
        lower.split('`').step_by(2).collect::<Vec<_>>().join(" ").replace(['*', '_'], "");
    // "thread safety" is a topic, not a promise.
    let plain = plain.replace("thread safety", "").replace("thread-safety", "");
    let claims = [
        "thread-safe",
        "thread safe",
        "threadsafe",
        "multiple threads",
        "multi-threaded",
        "concurrent access",
    ];
    // "must be thread-safe" asks it of others.
    let denials = [
        "not ",
        "n't ",
        "never",
        "non-",
        "unsafe",
        "without",
        "unless",
        "no ",
        "must be",
        "should be",
        "expected to",
    ];
    plain.split(['.', ';', '!']).any(|sentence| {
        claims.iter().any(|it| sentence.contains(it))
            && !denials.iter().any(|it| sentence.contains(it))
    })
}

/// Whether a docstring says that the thing must not be shared between threads.
pub(crate) fn denies_thread_safe(doc: &str) -> bool {
    if !doc.contains("hread") && !doc.contains("oncurren") {
        return false;
    }
    let lower = doc.to_lowercase().replace(['*', '_', '`', '\n'], " ");
    let words: Vec<&str> = lower.split_whitespace().collect();
    let plain = words.join(" ");
    [
        "not thread-safe",
        "not thread safe",
        "not threadsafe",
        "isn't thread-safe",
        "not be thread-safe",
        "not completely thread-safe",
        "not be completely thread-safe",
        "isn't thread safe",
        "not concurrency safe",
        "not concurrency-safe",
        "not safe for concurrent",
        "not safe to be used in concurrent",
        "not safe to use from multiple threads",
        "not span multiple threads",
        "not be shared between threads",
        "not be shared across threads",
        "not share it between threads",
        "only be used from one thread",
        "only be used in one thread",
    ]
    .iter()
    .any(|it| plain.contains(it))
}

/// Whether a docstring says that only tests call the thing.
pub(crate) fn is_for_tests(doc: &str) -> bool {
    let lower = doc.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let plain = words.join(" ");
    [
        "for testing only",
        "for tests only",
        "intended for testing",
        "mock testing",
        "needed for tests",
        "only be used for testing",
        "only be used in tests",
        "only for testing",
        "only for tests",
        "only used for testing",
        "only used in tests",
        "testing purposes",
        "used for testing",
        "useful for testing",
    ]
    .iter()
    .any(|it| plain.contains(it))
}

/// Whether a module has to do with threads itself, and not only with programs that have some.
pub(crate) fn uses_threads(text: &str) -> bool {
    ["import threading", "from threading", "_thread", "concurrent.futures", "import queue"]
        .iter()
        .any(|it| text.contains(it))
}

/// Whether prose in a comment or a string says that several threads use the thing: "used across threads".
pub(crate) fn speaks_of_threads(text: &str) -> bool {
    if !text.contains("thread") {
        return false;
    }
    [
        "across threads",
        "between threads",
        "each thread",
        "other threads",
        "by multiple threads",
        "by several threads",
        "from another thread",
        "from any thread",
        "from different threads",
        "from multiple threads",
        "from several threads",
        "in different threads",
        "in multiple threads",
        "multiple threads can",
        "multiple threads may",
        "several threads can",
        "several threads may",
    ]
    .iter()
    .any(|it| text.contains(it))
}

/// Whether the objects of a class look which thread uses them: each belongs to one.
pub(crate) fn checks_its_thread(text: &str) -> bool {
    ["get_ident()", "current_thread()"].iter().any(|call| {
        text.match_indices(call).any(|(at, _)| {
            let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
            let end = text[at..].find('\n').map_or(text.len(), |it| at + it);
            let line = &text[start..end];
            line.contains("!=")
                || line.contains(" is not ")
                || (line.contains("==") && line.contains("not "))
        })
    })
}

/// Name and docstring conventions that the caller holds the lock.
pub(crate) fn caller_holds_lock(name: &Name, doc: Option<&str>) -> bool {
    let by_name =
        ["_locked", "_unlocked", "_nolock", "_no_lock", "_without_lock", "_unsafe", "_lock_held"]
            .iter()
            .any(|it| name.ends_with(it));
    let by_doc = doc.is_some_and(|it| {
        let lower = it.to_lowercase();
        ["lock", "mutex", "_cond"].iter().any(|it| lower.contains(it))
            && [
                "caller holds",
                "callers hold",
                "already held",
                "must hold",
                "must be held",
                "with lock held",
                "lock held",
                "holding the lock",
                "already holding",
                "holds the lock",
                "hold the lock",
                "with the lock",
                "lock is held",
                "under the lock",
                "lock must be",
                "be called with",
            ]
            .iter()
            .any(|it| lower.contains(it))
    });
    by_name || by_doc
}
