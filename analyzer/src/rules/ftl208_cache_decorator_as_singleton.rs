//! FTL208: a cache decorator on a function that makes something which must exist once.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports functions and properties under `functools.lru_cache`, `functools.cache`, `functools.cached_property` and their like that make an object with a state or identity of its own (a lock, a thread, a connection, an instance of a class that changes), when several threads can call them.
    ///
    /// ## Why is this bad?
    /// These decorators keep the cache in order, but do not hold a lock while the function runs. Two threads that call at the same time both run it, and each gets an object of its own: two locks that exclude nobody, two connections, state that the other does not see.
    ///
    /// ## Example
    /// ```python
    /// import functools
    /// import threading
    ///
    /// @functools.lru_cache(maxsize=None)
    /// def guard():
    ///     return threading.Lock()  # error
    ///
    /// def work():
    ///     with guard():
    ///         print("alone?")
    ///
    /// def main():
    ///     threads = [threading.Thread(target=work) for _ in range(4)]
    ///     for thread in threads:
    ///         thread.start()
    ///     for thread in threads:
    ///         thread.join()
    ///
    /// if __name__ == "__main__":
    ///     main()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// GUARD = threading.Lock()
    ///
    /// def work():
    ///     with GUARD:
    ///         print("alone")
    ///
    /// def main():
    ///     threads = [threading.Thread(target=work) for _ in range(4)]
    ///     for thread in threads:
    ///         thread.start()
    ///     for thread in threads:
    ///         thread.join()
    ///
    /// if __name__ == "__main__":
    ///     main()
    /// ```
    ///
    /// ## Known limits
    /// Only objects that the function makes and returns directly are seen. What the object is must be known: a class of the project that changes its attributes, a lock, or a row of the knowledge tables.
    ///
    /// ## Replay
    /// None: no strategy stops a thread inside a cached function.
    pub(crate) static RULE = {
        code: "FTL208",
        name: "cache-decorator-as-singleton",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a cache decorator on a function whose result must exist once",
        replay: Replay::Never("no strategy stops a thread inside a cached function"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CachedFactory], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "the cache does not keep {who} from making a second one: `{place}` can give different objects"
        )
    })
}
