//! FTL601: a shared container is iterated over while another thread can change its size.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports loops and comprehensions over a shared dict, set, deque or mapping view into which another thread can insert or from which it can remove, when no lock covers both.
    ///
    /// ## Why is this bad?
    /// The loop raises `RuntimeError: dictionary changed size during iteration` (or the like for sets and deques) in the thread that only reads; when one element came and one went between two steps, elements are skipped or seen twice without any error.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// jobs = {}
    ///
    /// def add(number):
    ///     jobs[number] = "new"
    ///
    /// def show():
    ///     for number, state in jobs.items():  # error
    ///         print(number, state)
    ///
    /// def main():
    ///     threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
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
    /// jobs = {}
    ///
    /// def add(number):
    ///     jobs[number] = "new"
    ///
    /// def show():
    ///     for number, state in list(jobs.items()):
    ///         print(number, state)
    ///
    /// def main():
    ///     threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
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
    /// `list(d)`, `list(d.items())` and `d.copy()` are atomic on exact dicts only, not on `OrderedDict`, `Counter` and other subclasses. Loops over lists never raise and are not reported.
    ///
    /// ## Replay
    /// Stops a thread inside the loop, lets another one change the container meanwhile, and looks for an exception, or for elements
    /// that are skipped or seen twice, where no serial order of the two calls gives that.
    pub(crate) static RULE = {
        code: "FTL601",
        name: "iterate-while-mutated",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a shared container is iterated over while another thread can change its size",
        replay: Replay::With(Strategy::Iterate),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Iteration], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!("the loop over `{place}` can fail: {who} can insert or remove elements meanwhile")
    })
}
