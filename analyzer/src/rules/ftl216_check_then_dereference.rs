//! FTL216: an attribute is used after a test that it is set, while another thread resets it.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::{AccessKind, Evidence, Pattern};
use crate::rule::{Replay, Severity, Strategy, declare_rule};
use crate::rules::words;

declare_rule! {
    /// ## What it does
    /// Reports `if self.sock is not None: self.sock.close()` when another thread can set `self.sock` to `None` or delete it, and attributes that are deleted while another thread uses them.
    ///
    /// ## Why is this bad?
    /// Test and use are two loads. Between them the attribute can become `None`, and the use raises `AttributeError: 'NoneType' object has no attribute ...` in a place that tested for just that.
    ///
    /// ## Example
    /// ```python
    /// class Client:
    ///     def __init__(self, sock):
    ///         self.sock = sock
    ///
    ///     def send(self, data):
    ///         if self.sock is not None:
    ///             self.sock.sendall(data)  # error
    ///
    ///     def close(self):
    ///         sock, self.sock = self.sock, None
    ///         sock.close()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// class Client:
    ///     def __init__(self, sock):
    ///         self.sock = sock
    ///
    ///     def send(self, data):
    ///         sock = self.sock
    ///         if sock is not None:
    ///             sock.sendall(data)
    ///
    ///     def close(self):
    ///         sock, self.sock = self.sock, None
    ///         sock.close()
    /// ```
    ///
    /// ## Known limits
    /// Attributes that are set to `None` through a variable are not seen.
    ///
    /// ## Replay
    /// Stops a thread between the test and the use, lets another one take the attribute away meanwhile, and looks for an exception that
    /// no serial order of the two calls gives.
    pub(crate) static RULE = {
        code: "FTL216",
        name: "check-then-dereference",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "an attribute is used after a test that it is set, while another thread can reset it",
        replay: Replay::With(Strategy::CheckThenAct),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for window in ctx.windows(&[Pattern::CheckThenDereference], |_, _| true) {
        out.push(window);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    words::of(evidence, |window| {
        let (place, who) = (&window.place.text, words::who(window));
        if window.last.kind == AccessKind::Delete {
            return format!("`{place}` is deleted here while {who} uses it");
        }
        format!("`{place}` can be reset after the test: {who} can do it before it is used here")
    })
}
