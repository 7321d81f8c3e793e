//! FTL602: a builtin goes through a shared container in one expression that is not atomic.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports builtins that go through a shared dict, set, deque or mapping view in one expression (`tuple(d.values())`, `sum(d.values())`, `max(d)`, `any(...)`, `", ".join(d)`, `dict(d.items())`) while another thread can insert or remove, when no lock covers both.
    ///
    /// ## Why is this bad?
    /// With the GIL these expressions run without interruption and people rely on that. Without it another thread changes the container in the middle, and the expression raises `RuntimeError: dictionary changed size during iteration`.
    ///
    /// ## Example
    /// ```python
    /// import threading
    ///
    /// sizes = {}
    ///
    /// def put(number):
    ///     sizes[number] = number
    ///
    /// def total():
    ///     return sum(sizes.values())  # error
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(n,)) for n in range(4)]
    ///     threads.append(threading.Thread(target=total))
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
    /// sizes = {}
    ///
    /// def put(number):
    ///     sizes[number] = number
    ///
    /// def total():
    ///     return sum(list(sizes.values()))
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(n,)) for n in range(4)]
    ///     threads.append(threading.Thread(target=total))
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
    /// `list(d)`, `sorted(d)`, `set(d)`, `dict(d)` and `list(d.values())` are atomic on exact dicts and sets, and are reported only for `OrderedDict`, `defaultdict`, `deque` and their like. `f(*d)` of the container itself is not looked at, `f(*d.values())` is.
    ///
    /// ## Replay
    /// Lets one thread take snapshots while another one changes the container, with no control at all, and looks for an exception that
    /// no serial order gives. A builtin is a single instruction: nobody can be stopped inside it.
    pub(crate) static RULE = {
        code: "FTL602",
        name: "nonatomic-snapshot",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a shared container is consumed by a builtin while another thread can change its size",
        replay: Replay::With(Strategy::Contend),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::Snapshot], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!(
            "going through `{place}` is not atomic: {who} can insert or remove elements meanwhile"
        )
    })
}
