//! FTL421: a lock is given back between the read and the write that relies on it.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports a value or a test that is taken under a lock, and a change of the same place that relies on it under the same lock, when the lock is given back in between.
    ///
    /// ## Why is this bad?
    /// Each part is safe, the whole is not: between the two parts another thread changes the place, and the second part works on what was true before.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// lock = threading.Lock()
    /// sessions = {}
    ///
    /// def open_session(user):
    ///     with lock:
    ///         known = user in sessions
    ///     if not known:
    ///         with lock:
    ///             sessions[user] = object()  # error
    ///
    /// threads = [threading.Thread(target=open_session, args=("eve",)) for _ in range(4)]
    /// for thread in threads:
    ///     thread.start()
    /// for thread in threads:
    ///     thread.join()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// import threading
    ///
    /// lock = threading.Lock()
    /// sessions = {}
    ///
    /// def open_session(user):
    ///     with lock:
    ///         known = user in sessions
    ///         if not known:
    ///             sessions[user] = object()
    ///
    /// threads = [threading.Thread(target=open_session, args=("eve",)) for _ in range(4)]
    /// for thread in threads:
    ///     thread.start()
    /// for thread in threads:
    ///     thread.join()
    /// ```
    ///
    /// ## Known limits
    /// Both parts have to stand in one function. A second test under the lock, right before the change, makes it correct and is seen.
    ///
    /// ## Replay
    /// By what the two accesses are: an update, a test and an act, a first initialisation. One thread stops after it has given the lock back, another one goes through both parts, and the first goes on with what it read.
    pub(crate) static RULE = {
        code: "FTL421",
        name: "split-critical-section",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a lock is given back between a read and the write that relies on it",
        replay: Replay::ByPattern,
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::SplitSection], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        let lock = window.last.locks.first().map_or("the lock", String::as_str);
        format!(
            "`{lock}` is given back between the read of `{place}` and the change that relies on it: {who} can come between"
        )
    })
}
