//! FTL603: one generator is advanced by several threads.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports a generator (the result of a generator function, or a generator expression) that is kept in a shared place or passed to threads and advanced by more than one of them, when no lock covers each step.
    ///
    /// ## Why is this bad?
    /// A generator is a frame that can run once at a time. With the GIL, and from CPython 3.15 on, the second thread gets `ValueError: generator already executing`; free-threaded CPython 3.13 and 3.14 can crash.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// numbers = (n * n for n in range(1000))
    ///
    /// def work():
    ///     for number in numbers:  # error
    ///         print(number)
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
    /// numbers = (n * n for n in range(1000))
    /// lock = threading.Lock()
    ///
    /// def work():
    ///     while True:
    ///         with lock:
    ///             number = next(numbers, None)
    ///         if number is None:
    ///             return
    ///         print(number)
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
    /// Generator functions with decorators, asynchronous generators, and generators found through containers are not followed. `executor.map` takes from its iterable in one thread only and is not reported.
    ///
    /// ## Replay
    /// Lets threads advance the generator with no control at all, in a process of their own, because this can end the interpreter.
    pub(crate) static RULE = {
        code: "FTL603",
        name: "shared-generator",
        since: "0.1.0",
        severity: Severity::Error,
        summary: "one generator is advanced by several threads",
        replay: Replay::With(Strategy::Contend),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::SharedGenerator], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "generator `{place}` is advanced by {who} too: it raises `ValueError` or crashes the interpreter"
        )
    })
}
