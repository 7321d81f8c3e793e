//! What we say beyond the protocol: results of our commands, our notifications. `docs/protocol.md` describes it.

use ftlint_runtime::verdict::{EvidenceLevel, Status, Verdict};
use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types::notification::Notification;
use tower_lsp::lsp_types::{Range, Url};

/// Commands of the server.
pub const COMMANDS: [&str; 5] = [REPLAY, INTERLEAVING, EXPLAIN, FINDINGS, STATUS];
/// Runs the code behind a finding.
pub const REPLAY: &str = "ftlint.server.replay";
/// The interleaving of the last verdict.
pub const INTERLEAVING: &str = "ftlint.server.interleaving";
/// The page of a rule.
pub const EXPLAIN: &str = "ftlint.server.explain";
/// All findings.
pub const FINDINGS: &str = "ftlint.server.findings";
/// What the server is and does.
pub const STATUS: &str = "ftlint.server.status";

/// The code of an error that the user can do something about: `RequestFailed`.
pub const REQUEST_FAILED: i64 = -32803;

/// `ftlint/findingsChanged`: whoever shows all findings may ask again.
pub enum FindingsChanged {}

impl Notification for FindingsChanged {
    type Params = serde_json::Value;
    const METHOD: &'static str = "ftlint/findingsChanged";
}

/// Parameters of `ftlint/didChangeTrust`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Trust {
    /// Whether code of the workspace may be run.
    pub trusted: bool,
}

/// The argument of [`REPLAY`] and [`INTERLEAVING`].
#[derive(Clone, Debug, Deserialize)]
pub struct OfFinding {
    /// The finding.
    pub fingerprint: String,
}

/// The argument of [`EXPLAIN`].
#[derive(Clone, Debug, Deserialize)]
pub struct OfRule {
    /// Code or name.
    pub rule: String,
}

/// The result of [`REPLAY`].
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// The finding.
    pub fingerprint: String,
    /// What came of it.
    pub verdict: WireVerdict,
    /// The steps, when it was confirmed.
    pub interleaving: Option<Interleaving>,
}

/// A verdict.
#[derive(Clone, Debug, Serialize)]
pub struct WireVerdict {
    /// `confirmed`, `not-reproduced` or `not-replayable`.
    pub kind: &'static str,
    /// What ran: `program`, `test`, `driver`, `slice`.
    pub level: Option<&'static str>,
    /// One sentence.
    pub summary: String,
    /// What it ran on.
    pub interpreter: Option<String>,
    /// Why nothing was shown, or a remark.
    pub reason: Option<String>,
    /// Text that repeats it on the command line.
    pub schedule: Option<String>,
}

/// Who did what, in order.
#[derive(Clone, Debug, Serialize)]
pub struct Interleaving {
    /// Names of the lanes.
    pub threads: Vec<String>,
    /// The steps.
    pub steps: Vec<Step>,
    /// Text that repeats it on the command line.
    pub schedule: String,
    /// What broke.
    pub violation: Option<String>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Index of the lane.
    pub thread: usize,
    /// The file.
    pub uri: Option<Url>,
    /// 0-based line.
    pub line: u32,
    /// That line, trimmed.
    pub text: String,
    /// What the thread did, with the value.
    pub note: String,
    /// Whether another thread ran before.
    pub switch: bool,
}

/// An entry of [`FINDINGS`].
#[derive(Clone, Debug, Serialize)]
pub struct WireFinding {
    /// The file, or the cell of a notebook.
    pub uri: Url,
    /// Where in it.
    pub range: Range,
    /// The rule's code.
    pub rule: &'static str,
    /// The rule's name.
    pub name: &'static str,
    /// What is wrong.
    pub message: String,
    /// `low`, `medium`, `high`.
    pub confidence: &'static str,
    /// `info`, `warning`, `error`.
    pub severity: &'static str,
    /// The function around it: `Class.method`.
    pub function: String,
    /// What the finding is called in commands.
    pub fingerprint: String,
    /// Whether a replay can say something.
    pub replayable: bool,
    /// What a replay said.
    pub verdict: Option<WireVerdict>,
}

/// The result of [`STATUS`].
#[derive(Clone, Debug, Serialize)]
pub struct WireStatus {
    /// Of ftlint.
    pub version: &'static str,
    /// The interpreter that replays run on; null when there is none.
    pub interpreter: Option<String>,
    /// Files that were read.
    pub files: usize,
    /// Whether there are more.
    pub indexing: bool,
    /// Whether code may be run.
    pub trusted: bool,
}

impl WireVerdict {
    /// The verdict in words.
    pub fn new(verdict: &Verdict) -> Self {
        let on = verdict.runtime.as_deref().map(short).unwrap_or_default();
        let why = verdict.reason.clone().unwrap_or_default();
        let (kind, summary) = match verdict.status {
            Status::Confirmed => {
                let broke = verdict.violation.clone().unwrap_or_default();
                let piece = match verdict.evidence {
                    Some(EvidenceLevel::Slice) => " (a piece of the function)",
                    _ => "",
                };
                ("confirmed", format!("confirmed on {on}{piece}: {broke}"))
            }
            Status::NotReproduced => ("not-reproduced", format!("not reproduced on {on}: {why}")),
            Status::NotReplayable => ("not-replayable", format!("not replayable: {why}")),
        };
        Self {
            kind,
            level: verdict.evidence.map(level),
            summary,
            interpreter: verdict.runtime.clone(),
            reason: verdict.reason.clone(),
            schedule: verdict.schedule.clone(),
        }
    }
}

impl Interleaving {
    /// The witness of a verdict; `None` when nothing was confirmed.
    pub fn new(verdict: &Verdict, uri: impl Fn(&str) -> Option<Url>) -> Option<Self> {
        if verdict.status != Status::Confirmed || verdict.witness.is_empty() {
            return None;
        }
        let mut lanes: Vec<(u32, String)> = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        for it in &verdict.witness {
            let known = lanes.iter().position(|lane| lane.0 == it.thread);
            let thread = known.unwrap_or_else(|| {
                lanes.push((it.thread, it.thread_name.clone()));
                lanes.len() - 1
            });
            let note = match &it.value {
                Some(value) => format!("{}: {value}", it.what),
                None => it.what.clone(),
            };
            steps.push(Step {
                thread,
                uri: uri(&it.file),
                line: it.line.saturating_sub(1),
                text: it.source.clone(),
                note,
                switch: steps.last().is_some_and(|before| before.thread != thread),
            });
        }
        let threads = lanes.into_iter().map(|it| it.1).collect();
        let schedule = verdict.schedule.clone().unwrap_or_default();
        Some(Self { threads, steps, schedule, violation: verdict.violation.clone() })
    }
}

fn level(it: EvidenceLevel) -> &'static str {
    match it {
        EvidenceLevel::Program => "program",
        EvidenceLevel::Test => "test",
        EvidenceLevel::Driver => "driver",
        EvidenceLevel::Slice => "slice",
    }
}

/// `CPython 3.14.5 free-threading` as people say it: `CPython 3.14.5t`.
fn short(runtime: &str) -> String {
    runtime.replace(" free-threading", "t")
}
