//! Replays of single findings, each on a thread of its own.

use std::path::Path;
use std::sync::mpsc::Sender;

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::evidence::Evidence;
use ftlint_runtime::interpreter::{Extent, Interpreter, Request, find, system_env};
use ftlint_runtime::process::Cancel;
use ftlint_runtime::{Options, replay};
use serde_json::{Value, json};

use crate::event::{Event, Reply};
use crate::shown::{interleaving_json, verdict_json};

/// What a replay needs.
pub(crate) struct Order {
    /// The finding.
    pub(crate) diagnostic: Diagnostic,
    /// The interpreter that the settings name.
    pub(crate) python: Option<std::path::PathBuf>,
    /// Stops it.
    pub(crate) cancel: Cancel,
    /// Where the answer goes.
    pub(crate) reply: Reply<Result<Value, String>>,
}

/// Starts a replay; its verdict comes back as an event as well.
pub(crate) fn start(order: Order, events: Sender<Event>) {
    std::thread::spawn(move || {
        let fingerprint = order.diagnostic.fingerprint.clone();
        let answer = run(&order).map(|verdict| {
            let answer = json!({
                "fingerprint": fingerprint,
                "verdict": verdict_json(&verdict),
                "interleaving": interleaving_json(&verdict),
            });
            // Before the answer: who has it may ask for the findings, and wants to see the verdict there.
            let _ = events.send(Event::Judged { fingerprint, verdict: Box::new(verdict) });
            answer
        });
        let _ = order.reply.send(answer);
    });
}

fn run(order: &Order) -> Result<ftlint_runtime::verdict::Verdict, String> {
    let interpreter = interpreter(order.python.as_deref())?;
    let options = Options { cancel: order.cancel.clone(), ..Options::default() };
    let verdict = replay(&interpreter, &order.diagnostic, &options).map_err(|it| it.to_string());
    if order.cancel.is_cancelled() {
        return Err("the replay was cancelled".to_owned());
    }
    verdict
}

/// The interpreter for replays, or what to do to get one.
pub(crate) fn interpreter(python: Option<&Path>) -> Result<Interpreter, String> {
    let request = Request { python, env: &system_env, extent: Extent::UntilChosen };
    let found = find(&request).map_err(|it| it.to_string())?;
    found.chosen.ok_or_else(|| {
        format!("cannot replay: {}; run `ftlint runtime install` in a terminal", found.why)
    })
}

/// The files whose code a replay runs, as far as the finding names them.
pub(crate) fn files(diagnostic: &Diagnostic) -> Vec<&str> {
    let mut res = vec![&*diagnostic.location.file];
    if let Evidence::Window(it) = &diagnostic.evidence {
        res.extend([&it.first, &it.last, &it.other].map(|it| &*it.site.file));
        res.extend(it.program.as_deref());
    }
    res.sort_unstable();
    res.dedup();
    res
}
