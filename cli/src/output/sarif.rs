//! SARIF 2.1.0: results with rule metadata, fingerprints, and the witness of a confirmed finding as thread flows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use ftlint_analyzer::diagnostic::Location;
use ftlint_analyzer::evidence::Evidence;
use ftlint_analyzer::rule::{Confidence, Rule, Severity};
use ftlint_runtime::verdict::{Verdict, WitnessStep};
use serde_json::{Value, json};

use crate::output::{Finding, View, repeat, words};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes all findings as one run.
pub(crate) fn write(out: &mut dyn Write, findings: &[Finding], view: &View<'_>) -> io::Result<()> {
    let rules: BTreeMap<&str, &Rule> =
        findings.iter().map(|it| (it.diagnostic.rule.code, it.diagnostic.rule)).collect();
    let index: BTreeMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let results: Vec<_> = findings
        .iter()
        .map(|it| result(it, index.get(it.diagnostic.rule.code).copied().unwrap_or(0), view))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ftlint",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|it| metadata(it)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn metadata(rule: &Rule) -> Value {
    let mut res = json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "tags": ["concurrency", "correctness"] },
    });
    if rule.code.starts_with("FTL") {
        res["helpUri"] = rule.url().into();
        res["help"] = json!({ "text": rule.summary, "markdown": rule.doc });
    }
    res
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// From 0 to 100, as viewers sort by it.
fn rank(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::Low => 20.0,
        Confidence::Medium => 60.0,
        Confidence::High => 90.0,
    }
}

fn result(finding: &Finding, rule_index: usize, view: &View<'_>) -> Value {
    let it = &finding.diagnostic;
    let related: Vec<_> = (0..)
        .zip(&it.related)
        .map(|(id, related): (usize, _)| {
            let mut res = location(&related.location, view);
            res["id"] = id.into();
            res["message"] = json!({ "text": related.message });
            res
        })
        .collect();
    let mut res = json!({
        "ruleId": it.rule.code,
        "ruleIndex": rule_index,
        "level": level(it.severity),
        "message": { "text": message(finding) },
        "locations": [location(&it.location, view)],
        "relatedLocations": related,
        "partialFingerprints": { "ftlint/v1": it.fingerprint },
    });
    if it.rule.code.starts_with("FTL") {
        res["rank"] = rank(it.confidence).into();
        res["properties"] =
            json!({ "confidence": words::confidence(it.confidence), "gil": words::gil(it.gil) });
        if let Evidence::Window(window) = &it.evidence {
            res["properties"]["because"] = window.shared_because.as_str().into();
        }
    }
    if let Some(verdict) = &finding.verdict {
        res["properties"]["verdict"] = json!({
            "status": words::status(verdict.status),
            "evidence": verdict.evidence.map(words::level),
            "runtime": verdict.runtime,
            "schedule": verdict.schedule,
            "repeat": repeat::command(it, verdict, view),
            "violation": verdict.violation,
            "reason": verdict.reason,
        });
        if !verdict.witness.is_empty() {
            res["codeFlows"] = json!([flow(verdict, view)]);
        }
    }
    res
}

fn message(finding: &Finding) -> String {
    let message = &finding.diagnostic.message;
    match finding.verdict.as_ref().and_then(|it| it.violation.as_ref()) {
        Some(violation) => format!("{message} (confirmed: {violation})"),
        None => message.clone(),
    }
}

/// One flow for each thread; `executionOrder` counts through all of them.
fn flow(verdict: &Verdict, view: &View<'_>) -> Value {
    let mut threads: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
    for (order, step) in (1_u32..).zip(&verdict.witness) {
        threads.entry(step.thread).or_default().push(json!({
            "executionOrder": order,
            "importance": "essential",
            "location": {
                "physicalLocation": {
                    "artifactLocation": artifact(&step.file, view),
                    "region": { "startLine": step.line, "snippet": { "text": step.source } },
                },
                "message": { "text": told(step) },
            },
        }));
    }
    let flows: Vec<_> = threads
        .into_iter()
        .map(|(id, locations)| json!({ "id": format!("thread {id}"), "locations": locations }))
        .collect();
    let text = verdict.violation.as_deref().unwrap_or("the interleaving that was seen");
    json!({ "message": { "text": text }, "threadFlows": flows })
}

fn told(step: &WitnessStep) -> String {
    let value = step.value.as_ref().map(|it| format!(" = {it}")).unwrap_or_default();
    format!("thread {}: {}{value}", step.thread, step.what)
}

fn location(it: &Location, view: &View<'_>) -> Value {
    let mut res = json!({
        "physicalLocation": {
            "artifactLocation": artifact(&it.file, view),
            "region": {
                "startLine": it.start.line,
                "startColumn": it.start.column,
                "endLine": it.end.line,
                "endColumn": it.end.column,
            },
        },
    });
    if !it.function.is_empty() {
        let name = format!("{}.{}", it.module, it.function);
        res["logicalLocations"] = json!([{ "fullyQualifiedName": name, "kind": "function" }]);
    }
    res
}

/// Below the working directory a relative reference, elsewhere a whole one.
fn artifact(path: &str, view: &View<'_>) -> Value {
    let short = view.short.path(path).replace('\\', "/");
    let uri = encoded(&short);
    if short.starts_with('/') {
        json!({ "uri": format!("file://{uri}") })
    } else if short.get(1..3) == Some(":/") {
        json!({ "uri": format!("file:///{uri}") })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

fn encoded(path: &str) -> String {
    let mut res = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                res.push(char::from(byte));
            }
            _ => {
                let _ = write!(res, "%{byte:02X}");
            }
        }
    }
    res
}
