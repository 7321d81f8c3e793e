//! One JSON list. These types are the format: rows and columns start at 1, names do not change between releases.

use std::io::{self, Write};

use ftlint_analyzer::diagnostic::{Location, Position};
use ftlint_analyzer::evidence::Evidence;
use ftlint_analyzer::fix::{Applicability, Edit, Fix};
use ftlint_runtime::verdict::{Contention, Status, Verdict, WitnessStep};
use serde::Serialize;

use crate::output::{Finding, View, words};
use ftlint_project::paths::Short;

/// Writes all findings.
pub(crate) fn write(out: &mut dyn Write, findings: &[Finding], view: &View<'_>) -> io::Result<()> {
    let list: Vec<_> = findings.iter().map(|it| JsonFinding::new(it, view)).collect();
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    code: &'a str,
    name: &'a str,
    message: &'a str,
    severity: &'a str,
    confidence: Option<&'a str>,
    gil: Option<&'a str>,
    /// Why the place counts as shared; the confidence rests on it.
    because: Option<&'a str>,
    filename: String,
    location: JsonPosition,
    end_location: JsonPosition,
    related: Vec<JsonRelated<'a>>,
    /// What `--fix`, or `--fix --unsafe-fixes`, would do about it.
    fix: Option<JsonFix>,
    fingerprint: &'a str,
    url: Option<String>,
    verdict: Option<JsonVerdict<'a>>,
}

#[derive(Serialize)]
struct JsonPosition {
    row: u32,
    column: u32,
}

#[derive(Serialize)]
struct JsonFix {
    title: String,
    applicability: &'static str,
    edits: Vec<JsonEdit>,
}

/// The text between two positions is replaced; equal positions insert.
#[derive(Serialize)]
struct JsonEdit {
    filename: String,
    location: JsonPosition,
    end_location: JsonPosition,
    content: String,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    message: &'a str,
    filename: String,
    location: JsonPosition,
}

#[derive(Serialize)]
struct JsonVerdict<'a> {
    status: &'a str,
    evidence: Option<&'a str>,
    strategy: Option<&'a str>,
    runtime: Option<&'a str>,
    schedule: Option<&'a str>,
    witness: Vec<JsonStep<'a>>,
    violation: Option<&'a str>,
    contention: Option<JsonContention<'a>>,
    reason: Option<&'a str>,
    elapsed_ms: u64,
    /// From an earlier run, and not run again.
    cached: bool,
}

#[derive(Serialize)]
struct JsonStep<'a> {
    thread: u32,
    thread_name: &'a str,
    filename: String,
    row: u32,
    source: &'a str,
    what: &'a str,
    value: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonContention<'a> {
    threads: u32,
    rounds: u32,
    seen: u32,
    expected: &'a str,
    observed: &'a str,
}

impl<'a> JsonFinding<'a> {
    fn new(finding: &'a Finding, view: &View<'_>) -> Self {
        let (it, short) = (&finding.diagnostic, view.short);
        let is_rule = it.rule.code.starts_with("FTL");
        Self {
            code: it.rule.code,
            name: it.rule.name,
            message: &it.message,
            severity: words::severity(it.severity),
            confidence: is_rule.then(|| words::confidence(it.confidence)),
            gil: is_rule.then(|| words::gil(it.gil)),
            because: match &it.evidence {
                Evidence::Window(window) => Some(&window.shared_because),
                _ => None,
            },
            filename: short.path(&*it.location.file),
            location: it.location.start.into(),
            end_location: it.location.end.into(),
            related: it
                .related
                .iter()
                .map(|it| JsonRelated::new(&it.message, &it.location, short))
                .collect(),
            fix: best((view.fixes)(it)).map(|it| JsonFix::new(it, short)),
            fingerprint: &it.fingerprint,
            url: is_rule.then(|| it.rule.url()),
            verdict: finding.verdict.as_ref().map(|it| JsonVerdict::new(it, short)),
        }
    }
}

/// The one that `--fix` takes: the first that is safe, or else the first.
fn best(fixes: Vec<Fix>) -> Option<Fix> {
    let safe = fixes.iter().position(|it| it.applicability == Applicability::Safe);
    fixes.into_iter().nth(safe.unwrap_or(0))
}

impl JsonFix {
    fn new(fix: Fix, short: &Short) -> Self {
        let edit = |it: Edit| JsonEdit {
            filename: short.path(&*it.file),
            location: it.start.into(),
            end_location: it.end.into(),
            content: it.text,
        };
        Self {
            title: fix.title,
            applicability: match fix.applicability {
                Applicability::Safe => "safe",
                Applicability::Unsafe => "unsafe",
            },
            edits: fix.edits.into_iter().map(edit).collect(),
        }
    }
}

impl From<Position> for JsonPosition {
    fn from(it: Position) -> Self {
        Self { row: it.line, column: it.column }
    }
}

impl<'a> JsonRelated<'a> {
    fn new(message: &'a str, location: &Location, short: &Short) -> Self {
        Self { message, filename: short.path(&*location.file), location: location.start.into() }
    }
}

impl<'a> JsonVerdict<'a> {
    fn new(it: &'a Verdict, short: &Short) -> Self {
        // One word, so that nothing has to be parsed: null unless the status is `confirmed`.
        let violation = it.violation.as_deref().filter(|_| it.status == Status::Confirmed);
        Self {
            status: words::status(it.status),
            evidence: it.evidence.map(words::level),
            strategy: it.strategy.as_deref(),
            runtime: it.runtime.as_deref(),
            schedule: it.schedule.as_deref(),
            witness: it.witness.iter().map(|it| JsonStep::new(it, short)).collect(),
            violation,
            contention: it.contention.as_ref().map(JsonContention::new),
            reason: it.reason.as_deref(),
            elapsed_ms: it.elapsed_ms,
            cached: it.cached,
        }
    }
}

impl<'a> JsonStep<'a> {
    fn new(it: &'a WitnessStep, short: &Short) -> Self {
        Self {
            thread: it.thread,
            thread_name: &it.thread_name,
            filename: short.path(&it.file),
            row: it.line,
            source: &it.source,
            what: &it.what,
            value: it.value.as_deref(),
        }
    }
}

impl<'a> JsonContention<'a> {
    fn new(it: &'a Contention) -> Self {
        Self {
            threads: it.threads,
            rounds: it.rounds,
            seen: it.seen,
            expected: &it.expected,
            observed: &it.observed,
        }
    }
}
