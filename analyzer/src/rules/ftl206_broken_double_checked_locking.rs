//! FTL206: a double-checked initialisation lacks its second half, or an object is known before it is complete.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports three shapes: a test outside of a lock and a store inside that does not test again; a double-checked initialisation that works on the object after the store that makes it known; a constructor that starts a thread and assigns attributes afterwards which the thread reads.
    ///
    /// ## Why is this bad?
    /// The lock is held, so the code looks safe. But several threads can pass the outer test before the first of them gets the lock, and each makes an object of its own. And whoever tests without the lock sees the object as soon as it is stored: what is done to it later comes too late, and a thread that a constructor starts does not wait for the rest of the constructor.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// _lock = threading.Lock()
    /// _client = None
    ///
    /// class Client:
    ///     def __init__(self):
    ///         self.requests = []
    ///
    /// def client():
    ///     global _client
    ///     if _client is None:
    ///         with _lock:
    ///             _client = Client()  # error
    ///     return _client
    ///
    /// def main():
    ///     threads = [threading.Thread(target=client) for _ in range(4)]
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
    /// _lock = threading.Lock()
    /// _client = None
    ///
    /// class Client:
    ///     def __init__(self):
    ///         self.requests = []
    ///
    /// def client():
    ///     global _client
    ///     if _client is None:
    ///         with _lock:
    ///             if _client is None:
    ///                 _client = Client()
    ///     return _client
    ///
    /// def main():
    ///     threads = [threading.Thread(target=client) for _ in range(4)]
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
    /// A singleton whose `__init__` runs again for each call of the class is not reported. Of constructors, only threads that the constructor itself starts, or that an object it makes starts in its own constructor, are known.
    ///
    /// ## Replay
    /// No second test, or one of something else: stops one thread between test and store, lets the other one initialise, and watches whether both do. An object that is known before it is complete is not replayed: no strategy stops a thread between publishing and completing it.
    pub(crate) static RULE = {
        code: "FTL206",
        name: "broken-double-checked-locking",
        since: "0.1.0",
        severity: Severity::Error,
        summary: "no second test inside the lock, or an object that is known before it is complete",
        replay: Replay::With(Strategy::InitOnce),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::BrokenDoubleCheck, Pattern::EarlyPublication], |_, _| true)
    {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        match window.pattern {
            Pattern::BrokenDoubleCheck => format!(
                "`{place}` is not tested again inside the lock: {who} can have made it meanwhile, and it is made twice"
            ),
            _ if window.first.site == window.last.site => format!(
                "`{place}` is assigned after the thread was started that uses it: {who} can come first"
            ),
            _ => format!(
                "`{place}` is known to others before it is complete: {who} can use it without waiting for the lock"
            ),
        }
    })
}
