//! FTL605: branches of one `itertools.tee` are consumed by several threads.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports branches of `itertools.tee` that several threads advance, also when each thread has a branch of its own.
    ///
    /// ## Why is this bad?
    /// The branches share one buffer. Free-threaded CPython 3.14 can crash, and every version may raise `RuntimeError` or deliver nonsense.
    ///
    /// ## Example
    /// ```python
    /// import itertools
    /// import threading
    ///
    /// def consume(items):
    ///     for item in items:  # error
    ///         print(item)
    ///
    /// def main():
    ///     first, second = itertools.tee(range(1000))
    ///     threads = [
    ///         threading.Thread(target=consume, args=(first,)),
    ///         threading.Thread(target=consume, args=(second,)),
    ///     ]
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
    /// def consume(items):
    ///     for item in items:
    ///         print(item)
    ///
    /// def main():
    ///     items = list(range(1000))
    ///     threads = [
    ///         threading.Thread(target=consume, args=(list(items),)),
    ///         threading.Thread(target=consume, args=(list(items),)),
    ///     ]
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
    /// Branches that are kept in containers are not followed. `threading.concurrent_tee` of CPython 3.15 is fine.
    ///
    /// ## Replay
    /// None: a replay may crash its interpreter.
    pub(crate) static RULE = {
        code: "FTL605",
        name: "tee-across-threads",
        since: "0.1.0",
        severity: Severity::Error,
        summary: "branches of one itertools.tee are consumed by several threads",
        replay: Replay::Never("a replay may crash its interpreter"),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Tee], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "branch `{place}` of `itertools.tee` shares its buffer with {who}: it may crash or deliver nonsense"
        )
    })
}
