//! Hovers, and the list of all findings.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use ftlint_analyzer::diagnostic::Location;
use ftlint_analyzer::evidence::{Access, AccessKind, Evidence, Window};
use ftlint_analyzer::rule::{Confidence, Severity};
use ftlint_runtime::verdict::Verdict;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use serde_json::{Value, json};

use crate::shown::{FileFindings, Shown, verdict_json, words};

/// What is known at a position: the findings whose range it is in, or else those on its line.
pub(crate) fn hover(
    file: &FileFindings,
    position: Position,
    verdicts: &HashMap<String, Verdict>,
) -> Option<Hover> {
    let rules = || file.findings.iter().filter(|it| it.is_rule());
    let holds = |it: &&Shown| it.range.start <= position && position <= it.range.end;
    let mut here: Vec<&Shown> = rules().filter(holds).collect();
    if here.is_empty() {
        here = rules().filter(|it| it.range.start.line == position.line).collect();
    }
    let first = here.first()?;
    let texts: Vec<String> =
        here.iter().map(|it| markdown(it, verdicts.get(&it.diagnostic.fingerprint))).collect();
    let value = texts.join("\n\n---\n\n");
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    Some(Hover { contents, range: Some(first.range) })
}

fn markdown(shown: &Shown, verdict: Option<&Verdict>) -> String {
    let it = &shown.diagnostic;
    let mut res = format!(
        "**{}** [{}]({}), confidence {}\n\n{}\n",
        it.rule.code,
        it.rule.name,
        it.rule.url(),
        confidence(it.confidence),
        it.message
    );
    if let Some(words) = verdict.and_then(words) {
        res.push_str(&format!("\n**{words}**\n"));
    }
    if let Evidence::Window(window) = &it.evidence {
        shared(&mut res, window);
    }
    res
}

/// Who reads and writes the shared place, from which threads, under which locks.
fn shared(res: &mut String, window: &Window<Location>) {
    let name = |it: &Location| {
        let file = it.file.rsplit(['/', '\\']).next().unwrap_or(&it.file).to_owned();
        format!("`{}` ({file}:{})", it.function, it.start.line)
    };
    res.push_str(&format!("\n`{}` is shared", window.place.text));
    if !window.shared_because.is_empty() {
        res.push_str(&format!(": {}", window.shared_because));
    }
    res.push('\n');
    let mut accesses = vec![&window.first];
    for it in [&window.last, &window.other].into_iter().chain(&window.also) {
        if accesses.iter().all(|known| known.site != it.site) {
            accesses.push(it);
        }
    }
    for it in accesses.iter().take(12) {
        let locks = match it.locks.as_slice() {
            [] => "without a lock".to_owned(),
            locks => format!("under `{}`", locks.join("`, `")),
        };
        res.push_str(&format!("\n- {} {}, {locks}", verb(it), name(&it.site)));
    }
    if let Some(guard) = &window.guard {
        res.push_str(&format!(
            "\n- guarded by `{}` in {} of {} accesses, as in {}",
            guard.lock,
            guard.held,
            guard.total,
            name(&guard.site)
        ));
    }
    for step in &window.entry {
        res.push_str(&format!("\n- {} {}", step.text, name(&step.site)));
    }
    res.push('\n');
}

fn verb(access: &Access<Location>) -> &'static str {
    match &access.kind {
        AccessKind::Read | AccessKind::GetItem | AccessKind::Contains => "read in",
        AccessKind::Store | AccessKind::SetItem => "written in",
        AccessKind::Delete | AccessKind::DelItem => "deleted in",
        AccessKind::Call(_) => "called in",
        AccessKind::Iterate => "gone through in",
    }
}

/// All findings, as the protocol page says.
pub(crate) fn all(
    results: &BTreeMap<PathBuf, Arc<FileFindings>>,
    verdicts: &HashMap<String, Verdict>,
) -> Value {
    let list = results.values().flat_map(|file| {
        file.findings.iter().filter(|it| it.is_rule()).map(|it| {
            let verdict = verdicts.get(&it.diagnostic.fingerprint);
            json!({
                "uri": file.uri,
                "range": it.range,
                "rule": it.diagnostic.rule.code,
                "name": it.diagnostic.rule.name,
                "message": it.diagnostic.message,
                "confidence": confidence(it.diagnostic.confidence),
                "severity": severity(it.diagnostic.severity),
                "fingerprint": it.diagnostic.fingerprint,
                "function": &*it.diagnostic.location.function,
                "replayable": it.replayable,
                "verdict": verdict.map(verdict_json),
            })
        })
    });
    Value::Array(list.collect())
}

fn confidence(it: Confidence) -> &'static str {
    match it {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn severity(it: Severity) -> &'static str {
    match it {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// The page of a rule; `None` for a code that there is not.
pub(crate) fn page(code: &str) -> Option<String> {
    let rule = ftlint_analyzer::rules::RULES.iter().find(|it| it.code == code)?;
    let body: Vec<&str> = rule.doc.lines().map(|it| it.strip_prefix(' ').unwrap_or(it)).collect();
    let (name, code, summary) = (rule.name, rule.code, capital(rule.summary));
    Some(format!("# {name} ({code})\n\n{summary}.\n\n{}\n", body.join("\n").trim_end()))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|it| it.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
