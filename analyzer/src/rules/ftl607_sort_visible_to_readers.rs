//! FTL607: a shared container is sorted or rebuilt in place while others read it.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `xs.sort()` and `xs.reverse()` on a shared list, and containers that are emptied and filled again (`d.clear(); d.update(new)`), when other threads read them without a common lock.
    ///
    /// ## Why is this bad?
    /// While a list is sorted, free-threaded readers see it empty: `len(xs)` is 0, `xs[0]` raises `IndexError`, a loop does nothing. With the GIL a sort without a Python key is atomic, so this breaks for the first time on a free-threaded build. A container that is cleared and filled again is empty or half full in between on every build.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// scores = [3, 1, 2]
    ///
    /// def rank():
    ///     scores.sort()  # error
    ///
    /// def best():
    ///     return scores[0]
    ///
    /// def main():
    ///     threads = [threading.Thread(target=rank), threading.Thread(target=best)]
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
    /// scores = [3, 1, 2]
    ///
    /// def rank():
    ///     global scores
    ///     scores = sorted(scores)
    ///
    /// def best():
    ///     return scores[0]
    ///
    /// def main():
    ///     threads = [threading.Thread(target=rank), threading.Thread(target=best)]
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
    /// Only what is known to be a list is reported as sorted. Lists that are rebuilt by a slice (`xs[:] = ...`) are not looked at.
    ///
    /// ## Replay
    /// Lets one thread sort while another one reads, with no control at all, and looks for an exception, or for an empty list, that no
    /// serial order gives.
    pub(crate) static RULE = {
        code: "FTL607",
        name: "sort-visible-to-readers",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a shared container is sorted or rebuilt in place while others read it",
        replay: Replay::With(Strategy::Contend),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::SortInPlace], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        if window.first.site != window.last.site {
            return format!(
                "`{place}` is emptied and filled again: {who} reads it half full meanwhile"
            );
        }
        format!("`{place}` looks empty while it is sorted in place: {who} reads it meanwhile")
    })
}
