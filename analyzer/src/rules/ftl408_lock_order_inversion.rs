//! FTL408: two threads take two locks in opposite order.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{DeadlockKind, Evidence};
use crate::rule::{Replay, Severity, Strategy, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports two locks that are taken in one order here and in the other order elsewhere, also when the second one is taken by a function that is called under the first, and methods that hold the lock of their object and call a method of another object of the same class which takes its own.
    ///
    /// ## Why is this bad?
    /// Each thread gets its first lock and waits for its second, which the other one holds. Neither goes on, ever.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// jobs_lock = threading.Lock()
    /// stats_lock = threading.Lock()
    ///
    /// def add():
    ///     with jobs_lock:
    ///         with stats_lock:  # error
    ///             pass
    ///
    /// def report():
    ///     with stats_lock:
    ///         with jobs_lock:
    ///             pass
    ///
    /// def main():
    ///     threads = [threading.Thread(target=add), threading.Thread(target=report)]
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
    /// jobs_lock = threading.Lock()
    /// stats_lock = threading.Lock()
    ///
    /// def add():
    ///     with jobs_lock:
    ///         with stats_lock:
    ///             pass
    ///
    /// def report():
    ///     with jobs_lock:
    ///         with stats_lock:
    ///             pass
    ///
    /// def main():
    ///     threads = [threading.Thread(target=add), threading.Thread(target=report)]
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
    /// Circles of more than two locks are not looked for. Locks of objects are told apart by their class and attribute, so two pairs of objects can be taken for one. Locks that are only tried (`acquire(blocking=False)`, with a timeout) do not count.
    ///
    /// ## Replay
    /// One thread stops where it holds its first lock, another one runs until it waits, and the first goes on. It is confirmed when each waits for a lock that the other holds.
    pub(crate) static RULE = {
        code: "FTL408",
        name: "lock-order-inversion",
        since: "0.1.0",
        severity: Severity::Error,
        summary: "two locks are taken in opposite order by two threads",
        replay: Replay::With(Strategy::LockOrder),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for deadlock in ctx.deadlocks(DeadlockKind::Cycle) {
        out.push(deadlock);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    let Evidence::Deadlock(it) = evidence else { return String::new() };
    let [first, second, ..] = it.locks.as_slice() else { return String::new() };
    match it.theirs.first() {
        None => format!(
            "`{first}` is held while another object takes its own `{second}`: two threads that do it the other way round wait for each other"
        ),
        Some(step) => format!(
            "`{first}` is held while `{second}` is taken, and `{}` takes them in the opposite order: two threads can wait for each other",
            step.site.function.replace(".<locals>.", ".")
        ),
    }
}
