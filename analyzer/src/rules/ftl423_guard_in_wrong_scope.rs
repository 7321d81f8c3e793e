//! FTL423: a lock is taken inside of a loop over what it guards.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports a loop over a shared container whose body takes the lock that guards the container, while the step to the next element happens without it.
    ///
    /// ## Why is this bad?
    /// The iterator moves on outside of the lock. Another thread, holding it, inserts or removes an element, and the loop ends with `RuntimeError: dictionary changed size during iteration`.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// lock = threading.Lock()
    /// sizes = {}
    ///
    /// def put(number):
    ///     with lock:
    ///         sizes[number] = number
    ///
    /// def show():
    ///     for name in sizes:  # error
    ///         with lock:
    ///             print(name)
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(n,)) for n in range(4)]
    ///     threads.append(threading.Thread(target=show))
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
    /// lock = threading.Lock()
    /// sizes = {}
    ///
    /// def put(number):
    ///     with lock:
    ///         sizes[number] = number
    ///
    /// def show():
    ///     with lock:
    ///         for name in sizes:
    ///             print(name)
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(n,)) for n in range(4)]
    ///     threads.append(threading.Thread(target=show))
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
    /// Only the lock that the other side holds counts. Iterators and generators that are shared themselves are not looked at here.
    ///
    /// ## Replay
    /// Stops a thread inside the loop, lets another one change the container meanwhile, and looks for an exception, or for elements
    /// that are skipped or seen twice, where no serial order of the two calls gives that.
    pub(crate) static RULE = {
        code: "FTL423",
        name: "guard-in-wrong-scope",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a lock is taken in the body of a loop and does not cover the loop itself",
        replay: Replay::With(Strategy::Iterate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::GuardInWrongScope], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        let lock = window.other.locks.first().map_or("the lock", String::as_str);
        format!(
            "the loop takes `{lock}` in its body, and goes through `{place}` without it: {who} can insert or remove elements meanwhile"
        )
    })
}
