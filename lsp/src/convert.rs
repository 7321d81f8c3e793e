//! Diagnostics of the analyzer as the client wants them.

use std::collections::HashMap;
use std::sync::Arc;

use ftlint_analyzer::diagnostic::{Diagnostic, Location, Position};
use ftlint_analyzer::evidence::Evidence;
use ftlint_analyzer::rule::{Replay, Severity};
use ftlint_runtime::plan::plan;
use serde_json::json;
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::{DiagnosticRelatedInformation, DiagnosticSeverity, NumberOrString, Url};

use crate::documents::Document;
use crate::protocol::WireVerdict;
use crate::snapshot::Snapshot;
use crate::text::{Encoding, Lines, cut};

/// Turns positions of the analyzer into the client's, and remembers the lines of each text.
pub struct Places<'a> {
    snapshot: &'a Snapshot,
    texts: HashMap<Arc<str>, Option<(Arc<str>, Lines)>>,
}

impl<'a> Places<'a> {
    /// Knows nothing yet.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, texts: HashMap::new() }
    }

    /// A position within a file as the analyzer sees it.
    fn position(&mut self, path: &Arc<str>, position: Position) -> lsp::Position {
        let line = position.line.saturating_sub(1);
        let character = match self.snapshot.client.encoding {
            Encoding::Utf8 => position.byte,
            Encoding::Utf32 => position.column.saturating_sub(1),
            // Only ASCII before it.
            Encoding::Utf16 if position.byte + 1 == position.column => position.byte,
            Encoding::Utf16 => self.utf16(path, line, position.byte),
        };
        lsp::Position::new(line, character)
    }

    fn utf16(&mut self, path: &Arc<str>, line: u32, byte: u32) -> u32 {
        let snapshot = self.snapshot;
        let known = self.texts.entry(Arc::clone(path)).or_insert_with(|| {
            let text = snapshot.text(path)?;
            let lines = Lines::new(&text);
            Some((text, lines))
        });
        let Some((text, lines)) = known else { return byte };
        let line = lines.line(text, line as usize);
        cut(Encoding::Utf16.length(line.get(..byte as usize).unwrap_or(line)))
    }

    /// The client's name and range of a location. In a notebook it is that of the cell.
    pub fn place(&mut self, location: &Location) -> Option<(Url, lsp::Range)> {
        let mut start = self.position(&location.file, location.start);
        let mut end = self.position(&location.file, location.end);
        let snapshot = self.snapshot;
        let Some(document) = snapshot.documents.at(&location.file) else {
            let uri = snapshot.documents.uri(&location.file)?;
            return Some((uri, lsp::Range::new(start, end)));
        };
        let (uri, line) = document.place(start.line);
        end.line = end.line.saturating_sub(start.line - line);
        start.line = line;
        Some((uri.clone(), lsp::Range::new(start, end)))
    }
}

/// The diagnostics of one file; for a notebook those of each cell. Every part is there, with an empty list if need be.
pub fn diagnostics(
    snapshot: &Snapshot,
    path: &Arc<str>,
    found: &[Diagnostic],
) -> Vec<(Url, Vec<lsp::Diagnostic>)> {
    let parts = match snapshot.documents.at(path) {
        Some(document) => document.parts().into_iter().cloned().collect(),
        None => Vec::from_iter(snapshot.documents.uri(path)),
    };
    let mut res: Vec<(Url, Vec<lsp::Diagnostic>)> =
        parts.into_iter().map(|uri| (uri, Vec::new())).collect();
    let mut places = Places::new(snapshot);
    for it in found {
        let Some((uri, range)) = places.place(&it.location) else { continue };
        let shown = diagnostic(snapshot, &mut places, it, range);
        if let Some((_, list)) = res.iter_mut().find(|(part, _)| *part == uri) {
            list.push(shown);
        }
    }
    res
}

/// One diagnostic.
pub fn diagnostic(
    snapshot: &Snapshot,
    places: &mut Places<'_>,
    it: &Diagnostic,
    range: lsp::Range,
) -> lsp::Diagnostic {
    let is_rule = is_rule(it);
    let verdict = snapshot.verdicts.of(snapshot, it).map(WireVerdict::new);
    let confirmed = verdict.as_ref().is_some_and(|it| it.kind == "confirmed");
    let message = match &verdict {
        Some(verdict) if confirmed => format!("{}; {}", it.message, verdict.summary),
        _ => it.message.clone(),
    };
    let related = it.related.iter().filter_map(|related| {
        let (uri, range) = places.place(&related.location)?;
        let location = lsp::Location::new(uri, range);
        Some(DiagnosticRelatedInformation { location, message: related.message.clone() })
    });
    let url = is_rule.then(|| Url::parse(&it.rule.url()).ok()).flatten();
    lsp::Diagnostic {
        range,
        severity: Some(severity(it.severity, confirmed)),
        code: Some(NumberOrString::String(it.rule.code.to_owned())),
        code_description: url.map(|href| lsp::CodeDescription { href }),
        source: Some("ftlint".to_owned()),
        message,
        related_information: snapshot.client.related.then(|| related.collect()),
        // Nothing that we report is unnecessary or deprecated, and the protocol has no other tags.
        tags: None,
        data: is_rule.then(|| {
            json!({
                "fingerprint": it.fingerprint,
                "rule": it.rule.code,
                "replayable": replayable(snapshot, it),
                "verdict": verdict,
            })
        }),
    }
}

/// What was seen to happen is an error, whatever the rule thinks of it in general.
fn severity(it: Severity, confirmed: bool) -> DiagnosticSeverity {
    match it {
        _ if confirmed => DiagnosticSeverity::ERROR,
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Info => DiagnosticSeverity::INFORMATION,
    }
}

/// Whether it is a finding of a rule, and no syntax error.
pub fn is_rule(it: &Diagnostic) -> bool {
    !matches!(it.evidence, Evidence::Syntax(..))
}

/// Whether a replay may say something about it: it imports modules, and a notebook is none.
pub fn replayable(snapshot: &Snapshot, it: &Diagnostic) -> bool {
    let document = snapshot.documents.at(&it.location.file);
    is_rule(it)
        && !matches!(it.rule.replay, Replay::Never(_))
        && !document.is_some_and(Document::is_notebook)
        && plan(it).is_ok()
}
