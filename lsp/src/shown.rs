//! The findings of one file in the protocol's terms, and what a verdict does to them.

use std::path::PathBuf;

use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::evidence::Evidence;
use ftlint_analyzer::rule::{Confidence, Severity};
use ftlint_analyzer::settings::Settings;
use ftlint_runtime::plan;
use ftlint_runtime::verdict::{EvidenceLevel, Status, Verdict};
use lsp_types::{
    CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
    Range, Url,
};
use serde_json::{Value, json};

use crate::convert::{Encoding, Lines, uri_of};
use crate::workspace::Texts;

/// All findings of one file.
#[derive(Clone, Debug)]
pub(crate) struct FileFindings {
    /// Absolute.
    pub(crate) path: PathBuf,
    /// The same for the client.
    pub(crate) uri: Url,
    /// Sorted by position.
    pub(crate) findings: Vec<Shown>,
}

/// One finding.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// As the analyzer has it.
    pub(crate) diagnostic: Diagnostic,
    /// Where.
    pub(crate) range: Range,
    /// 0-based line of the function around it.
    pub(crate) function_line: u32,
    /// Further places.
    related: Vec<DiagnosticRelatedInformation>,
    /// Whether a replay can be tried.
    pub(crate) replayable: bool,
}

impl FileFindings {
    /// Computes the findings that the settings keep; `None` for a path that has no address.
    pub(crate) fn of(
        db: &Database,
        project: Project,
        file: SourceFile,
        settings: &Settings,
        texts: &Texts,
        encoding: Encoding,
    ) -> Option<Self> {
        let path = PathBuf::from(&**file.path(db));
        let mut found = ftlint_analyzer::check_file(db, project, file);
        found.retain(|it| settings.keeps(it));
        let uri = uri_of(&path)?;
        if found.is_empty() {
            return Some(Self { path, uri, findings: Vec::new() });
        }
        let text = file.text(db).get();
        let lines = Lines::new(&text);
        let findings =
            found.into_iter().map(|it| Shown::new(it, &lines, db, texts, encoding)).collect();
        Some(Self { path, uri, findings })
    }
}

impl Shown {
    fn new(
        diagnostic: Diagnostic,
        lines: &Lines<'_>,
        db: &Database,
        texts: &Texts,
        encoding: Encoding,
    ) -> Self {
        let range = lines.range(&diagnostic.location, encoding);
        let related = diagnostic.related.iter().filter_map(|it| {
            let range = if it.location.file == diagnostic.location.file {
                lines.range(&it.location, encoding)
            } else {
                let text = texts.get(db, &it.location.file)?;
                Lines::new(&text).range(&it.location, encoding)
            };
            let location = Location::new(uri_of(&*it.location.file)?, range);
            Some(DiagnosticRelatedInformation { location, message: it.message.clone() })
        });
        let related = related.collect();
        let replayable = plan::plan(&diagnostic).is_ok();
        let function_line = diagnostic.location.function_line.saturating_sub(1);
        Self { diagnostic, range, function_line, related, replayable }
    }

    /// As the client shows it.
    pub(crate) fn for_client(&self, verdict: Option<&Verdict>) -> lsp_types::Diagnostic {
        let it = &self.diagnostic;
        let mut message = it.message.clone();
        if let Some(words) = verdict.and_then(words) {
            message = format!("{message}\n{words}");
        }
        let is_rule = it.rule.code.starts_with("FTL");
        let page = is_rule.then(|| Url::parse(&it.rule.url()).ok()).flatten();
        lsp_types::Diagnostic {
            range: self.range,
            severity: Some(self.severity(verdict)),
            code: Some(NumberOrString::String(it.rule.code.to_owned())),
            code_description: page.map(|href| CodeDescription { href }),
            source: Some("ftlint".to_owned()),
            message,
            related_information: (!self.related.is_empty()).then(|| self.related.clone()),
            tags: None,
            data: is_rule.then(|| {
                json!({
                    "fingerprint": it.fingerprint,
                    "rule": it.rule.code,
                    "replayable": self.replayable,
                    "verdict": verdict.map(verdict_json),
                })
            }),
        }
    }

    /// What was seen to break is an error, whatever the rule says; what is only guessed is no warning.
    fn severity(&self, verdict: Option<&Verdict>) -> DiagnosticSeverity {
        if verdict.is_some_and(|it| it.status == Status::Confirmed) {
            return DiagnosticSeverity::ERROR;
        }
        match (self.diagnostic.severity, self.diagnostic.confidence) {
            (_, Confidence::Low) => DiagnosticSeverity::INFORMATION,
            (Severity::Error, _) => DiagnosticSeverity::ERROR,
            (Severity::Warning, _) => DiagnosticSeverity::WARNING,
            (Severity::Info, _) => DiagnosticSeverity::INFORMATION,
        }
    }

    /// Whether it is a finding of a rule, and not a syntax error.
    pub(crate) fn is_rule(&self) -> bool {
        !matches!(self.diagnostic.evidence, Evidence::Syntax(..))
    }
}

/// One line on a verdict: "confirmed on CPython 3.14.5 free-threading: 2 of 2 updates became 1".
pub(crate) fn words(verdict: &Verdict) -> Option<String> {
    let runtime = verdict.runtime.as_deref().unwrap_or("CPython");
    Some(match verdict.status {
        Status::Confirmed => {
            let level = match verdict.evidence {
                Some(EvidenceLevel::Slice) => " (the statement, not the program)",
                _ => "",
            };
            let violation = verdict.violation.as_deref().unwrap_or("it broke");
            format!("confirmed on {runtime}{level}: {violation}")
        }
        Status::NotReproduced => {
            format!("not reproduced on {runtime}, which does not mean safe")
        }
        Status::NotReplayable => return None,
    })
}

/// A verdict as the protocol page says.
pub(crate) fn verdict_json(verdict: &Verdict) -> Value {
    let kind = match verdict.status {
        Status::Confirmed => "confirmed",
        Status::NotReproduced => "not-reproduced",
        Status::NotReplayable => "not-replayable",
    };
    let level = verdict.evidence.map(|it| match it {
        EvidenceLevel::Program => "program",
        EvidenceLevel::Test => "test",
        EvidenceLevel::Driver => "driver",
        EvidenceLevel::Slice => "slice",
    });
    let reason = verdict.reason.as_deref();
    let summary = words(verdict)
        .unwrap_or_else(|| format!("not replayable: {}", reason.unwrap_or("no reason was given")));
    json!({
        "kind": kind,
        "level": level,
        "summary": summary,
        "reason": reason,
        "interpreter": verdict.runtime,
        "schedule": verdict.schedule,
    })
}

/// The interleaving of a verdict as the protocol page says; null when there is none.
pub(crate) fn interleaving_json(verdict: &Verdict) -> Value {
    if verdict.witness.is_empty() {
        return Value::Null;
    }
    let mut lanes: Vec<u32> = verdict.witness.iter().map(|it| it.thread).collect();
    lanes.sort_unstable();
    lanes.dedup();
    let name = |lane: &u32| {
        let step = verdict.witness.iter().find(|it| it.thread == *lane);
        format!("thread {lane} ({})", step.map_or("", |it| &*it.thread_name))
    };
    let mut last = None;
    let steps = verdict.witness.iter().map(|it| {
        let switch = last.is_some_and(|before| before != it.thread);
        last = Some(it.thread);
        let value = it.value.as_ref().map(|it| format!(" = {it}")).unwrap_or_default();
        json!({
            "thread": lanes.iter().position(|lane| *lane == it.thread),
            "uri": uri_of(&it.file),
            "line": it.line.saturating_sub(1),
            "text": it.source,
            "note": format!("{}{value}", it.what),
            "switch": switch,
        })
    });
    let steps: Vec<Value> = steps.collect();
    json!({
        "threads": lanes.iter().map(name).collect::<Vec<_>>(),
        "steps": steps,
        "schedule": verdict.schedule,
        "violation": verdict.violation,
    })
}
