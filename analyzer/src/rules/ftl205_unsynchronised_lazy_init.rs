//! FTL205: a shared object is made on first use without a lock.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if x is None: x = make()` and its variants (`not x`, `x = x or make()`, `hasattr`, `try`/`except AttributeError`) when `x` is shared and no lock covers test and store.
    ///
    /// ## Why is this bad?
    /// Two threads can both find it missing. Both make the object, with all its effects, and one of them keeps an object that is not the one everybody else gets: two connections, two caches, two locks.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Client:
    ///     def __init__(self):
    ///         self.requests = []
    ///
    /// client = None
    ///
    /// def get_client():
    ///     global client
    ///     if client is None:
    ///         client = Client()  # error
    ///     return client
    ///
    /// def main():
    ///     threads = [threading.Thread(target=get_client) for _ in range(4)]
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
    /// class Client:
    ///     def __init__(self):
    ///         self.requests = []
    ///
    /// client = None
    /// client_lock = threading.Lock()
    ///
    /// def get_client():
    ///     global client
    ///     if client is None:
    ///         with client_lock:
    ///             if client is None:
    ///                 client = Client()
    ///     return client
    ///
    /// def main():
    ///     threads = [threading.Thread(target=get_client) for _ in range(4)]
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
    /// Values that may be made twice without harm (constants, compiled patterns, loggers) are reported with low confidence. `functools.cache` is no remedy: it may call the function twice.
    ///
    /// ## Replay
    /// Stops one thread between the test and the store, lets another thread make the object, and compares the objects.
    pub(crate) static RULE = {
        code: "FTL205",
        name: "unsynchronised-lazy-init",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a shared object is made on first use without a lock",
        replay: Replay::With(Strategy::InitOnce),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::LazyInit], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "`{place}` is made on first use without a lock: {who} can also find it missing, and two objects are made"
        )
    })
}
