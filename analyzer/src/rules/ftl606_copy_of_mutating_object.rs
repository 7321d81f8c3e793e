//! FTL606: something is copied or serialised while another thread can change it.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `copy.deepcopy`, `pickle.dumps`, `json.dumps`, `marshal.dumps`, `dataclasses.asdict` and, for containers that only look like a dict or a set, `pprint` of a shared container that another thread can change, when no lock covers both.
    ///
    /// ## Why is this bad?
    /// These go through the container step by step. An insertion or deletion meanwhile raises `RuntimeError: dictionary changed size during iteration`, or the copy is of a state that never was. In the free-threaded builds of 3.13 and 3.14, `json.dumps`, `marshal.dumps` and `pickle.dumps` of a dict may crash the interpreter.
    ///
    /// ## Example
    /// ```python
    /// import copy
    /// import threading
    ///
    /// settings = {}
    ///
    /// def put(number):
    ///     settings[number] = number
    ///
    /// def work():
    ///     return copy.deepcopy(settings)  # error
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(1,)), threading.Thread(target=work)]
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
    /// import copy
    /// import threading
    ///
    /// settings = {}
    /// lock = threading.Lock()
    ///
    /// def put(number):
    ///     with lock:
    ///         settings[number] = number
    ///
    /// def work():
    ///     with lock:
    ///         return copy.deepcopy(settings)
    ///
    /// def main():
    ///     threads = [threading.Thread(target=put, args=(1,)), threading.Thread(target=work)]
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
    /// Only containers that raise when their size changes are reported, not objects whose attributes change, nor what lies deeper. `pprint` of an exact dict takes its items in one step.
    ///
    /// ## Replay
    /// Lets one thread copy while another one changes the object, with no control at all, and looks for an exception that no serial
    /// order gives.
    pub(crate) static RULE = {
        code: "FTL606",
        name: "copy-of-mutating-object",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "a shared container is deep-copied or serialised while another thread can change it",
        replay: Replay::With(Strategy::Contend),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::DeepCopy], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        format!("`{place}` is copied step by step: {who} can insert or remove elements meanwhile")
    })
}
