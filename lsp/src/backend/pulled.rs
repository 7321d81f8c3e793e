//! Diagnostics that the client asks for. A result id is the hash of what was sent.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use tower_lsp::jsonrpc::Result;
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::Url;

use super::Backend;
use crate::convert::diagnostics;
use crate::snapshot::Snapshot;

/// The report of a document, or of a cell.
pub(super) fn document(
    snapshot: &Snapshot,
    uri: &Url,
    seen: Option<&str>,
) -> lsp::DocumentDiagnosticReportResult {
    let (path, _) = snapshot.documents.locate(uri);
    let found = snapshot.check(&path);
    let all = diagnostics(snapshot, &path, &found);
    let items = all.into_iter().find(|(part, _)| part == uri).map(|it| it.1).unwrap_or_default();
    let id = result_id(&items);
    let report = if seen == Some(&id) {
        let report = lsp::UnchangedDocumentDiagnosticReport { result_id: id };
        lsp::DocumentDiagnosticReport::from(lsp::RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: report,
        })
    } else {
        lsp::DocumentDiagnosticReport::from(lsp::RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: lsp::FullDocumentDiagnosticReport {
                result_id: Some(id),
                items,
            },
        })
    };
    report.into()
}

fn result_id(items: &[lsp::Diagnostic]) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(items).unwrap_or_default().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Backend {
    /// The reports of all files with findings, and of those that the client has seen some of. When nothing is new the
    /// answer waits until something is, as the protocol wants it.
    pub(super) async fn workspace_report(
        &self,
        seen: HashMap<Url, String>,
    ) -> Result<lsp::WorkspaceDiagnosticReportResult> {
        let seen = Arc::new(seen);
        let mut wait = None;
        loop {
            let known = Arc::clone(&seen);
            let work = move |snapshot: &Snapshot| (snapshot.results, workspace(snapshot, &known));
            let (results, (items, is_new)) = self.ask(wait, work).await?;
            if is_new || seen.is_empty() {
                return Ok(lsp::WorkspaceDiagnosticReport { items }.into());
            }
            wait = Some(results);
        }
    }
}

/// The reports, and whether one of them is not what the client has seen.
fn workspace(
    snapshot: &Snapshot,
    seen: &HashMap<Url, String>,
) -> (Vec<lsp::WorkspaceDocumentDiagnosticReport>, bool) {
    let mut now: Vec<(Url, Option<i32>, Vec<lsp::Diagnostic>)> = Vec::new();
    for (path, found) in &*snapshot.findings {
        let version = snapshot.documents.at(path).map(|it| it.version);
        let parts = diagnostics(snapshot, path, found).into_iter();
        now.extend(parts.filter(|it| !it.1.is_empty()).map(|(uri, list)| (uri, version, list)));
    }
    let gone = seen.keys().filter(|uri| !now.iter().any(|it| it.0 == **uri));
    let mut gone: Vec<Url> = gone.cloned().collect();
    gone.sort();
    now.extend(gone.into_iter().map(|uri| (uri, None, Vec::new())));
    let mut is_new = false;
    let report = |(uri, version, items): (Url, Option<i32>, Vec<lsp::Diagnostic>)| {
        let (id, version) = (result_id(&items), version.map(i64::from));
        if seen.get(&uri) == Some(&id) {
            let report = lsp::UnchangedDocumentDiagnosticReport { result_id: id };
            return lsp::WorkspaceUnchangedDocumentDiagnosticReport {
                uri,
                version,
                unchanged_document_diagnostic_report: report,
            }
            .into();
        }
        is_new = true;
        let report = lsp::FullDocumentDiagnosticReport { result_id: Some(id), items };
        lsp::WorkspaceFullDocumentDiagnosticReport {
            uri,
            version,
            full_document_diagnostic_report: report,
        }
        .into()
    };
    let reports = now.into_iter().map(report).collect();
    (reports, is_new)
}
