//! FTL402: one place is guarded by different locks.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports an update or a check-then-act under one lock, when another thread changes the same place under another lock, or when the lock belongs to each instance and the place to all of them.
    ///
    /// ## Why is this bad?
    /// Two locks exclude nobody. The code looks guarded on both sides, and updates are lost all the same.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// class Shop:
    ///     def __init__(self):
    ///         self.in_lock = threading.Lock()
    ///         self.out_lock = threading.Lock()
    ///         self.stock = 0
    ///
    ///     def arrive(self):
    ///         with self.in_lock:
    ///             self.stock += 1  # error
    ///
    ///     def sell(self):
    ///         with self.out_lock:
    ///             self.stock -= 1
    ///
    /// def work(shop):
    ///     shop.arrive()
    ///     shop.sell()
    ///
    /// def main():
    ///     shop = Shop()
    ///     threads = [threading.Thread(target=work, args=(shop,)) for _ in range(4)]
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
    /// class Shop:
    ///     def __init__(self):
    ///         self.lock = threading.Lock()
    ///         self.stock = 0
    ///
    ///     def arrive(self):
    ///         with self.lock:
    ///             self.stock += 1
    ///
    ///     def sell(self):
    ///         with self.lock:
    ///             self.stock -= 1
    ///
    /// def work(shop):
    ///     shop.arrive()
    ///     shop.sell()
    ///
    /// def main():
    ///     shop = Shop()
    ///     threads = [threading.Thread(target=work, args=(shop,)) for _ in range(4)]
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
    /// Locks are told apart by where they are declared: a lock that reaches two attributes by a way that is not seen counts as two. Single stores under different locks are not reported, they are atomic.
    ///
    /// ## Replay
    /// By what the two accesses are: an update, a test and an act, a first initialisation. One thread stops between the read and the write, another one goes through its own lock. For locks of which each object has its own, the threads have two objects. Other pairs, such as a loop and a change, are not replayed.
    pub(crate) static RULE = {
        code: "FTL402",
        name: "mixed-guards",
        since: "0.1.0",
        severity: Severity::Error,
        summary: "one place is guarded by different locks in different places",
        replay: Replay::ByPattern,
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::MixedGuards], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        let mine = window.last.locks.first().map_or("a lock", String::as_str);
        match window.other.locks.first().filter(|_| window.other.site != window.last.site) {
            Some(theirs) => format!(
                "`{place}` is guarded by `{mine}` here, and {who} holds `{theirs}`: the two do not exclude each other"
            ),
            None => format!(
                "`{mine}` is one lock for each object, `{place}` is one for all of them: {who} holds another lock"
            ),
        }
    })
}
