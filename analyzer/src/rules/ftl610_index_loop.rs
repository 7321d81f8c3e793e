//! FTL610: a loop over the indices of a shared list that others shorten.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `for i in range(len(xs)): xs[i]` over a shared list from which another thread can remove elements, when no lock covers both.
    ///
    /// ## Why is this bad?
    /// The length is read once, before the loop. When the list gets shorter meanwhile, `xs[i]` raises `IndexError`.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// jobs = list(range(100))
    ///
    /// def work():
    ///     for i in range(len(jobs)):
    ///         print(jobs[i])  # error
    ///
    /// def finish():
    ///     jobs.pop()
    ///
    /// def main():
    ///     threads = [threading.Thread(target=work), threading.Thread(target=finish)]
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
    /// jobs = list(range(100))
    ///
    /// def work():
    ///     for job in list(jobs):
    ///         print(job)
    ///
    /// def finish():
    ///     jobs.pop()
    ///
    /// def main():
    ///     threads = [threading.Thread(target=work), threading.Thread(target=finish)]
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
    /// `while i < len(xs)` and indices computed in the loop are not looked at, nor are lists that are replaced by shorter ones.
    ///
    /// ## Replay
    /// Stops a thread in the loop, lets another one remove elements meanwhile, and looks for an exception that no serial order gives.
    pub(crate) static RULE = {
        code: "FTL610",
        name: "index-loop",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a shared list is read by index up to a length that was read before",
        replay: Replay::With(Strategy::CheckThenAct),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::IndexLoop], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "`{place}` is indexed up to a length read before: {who} can remove elements meanwhile"
        )
    })
}
