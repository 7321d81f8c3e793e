//! Inlay hints, off by default: beside an access that forgot a lock, the lock that guards the place elsewhere.

use ftlint_analyzer::evidence::Evidence;
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::{InlayHint, Url};

use crate::convert::Places;
use crate::snapshot::Snapshot;

/// The hints of a range.
pub fn hints(snapshot: &Snapshot, uri: &Url, wanted: lsp::Range) -> Vec<InlayHint> {
    if !snapshot.settings.inlay_hints {
        return Vec::new();
    }
    let (path, _) = snapshot.documents.locate(uri);
    let mut places = Places::new(snapshot);
    let mut res = Vec::new();
    for it in snapshot.check(&path) {
        let Evidence::Window(window) = &it.evidence else { continue };
        let Some(guard) = &window.guard else { continue };
        let Some((at, range)) = places.place(&it.location) else { continue };
        if at != *uri || range.end < wanted.start || wanted.end < range.start {
            continue;
        }
        res.push(InlayHint {
            position: range.end,
            label: format!("guarded by {}", guard.lock).into(),
            kind: None,
            text_edits: None,
            tooltip: Some(lsp::InlayHintTooltip::String(format!(
                "`{}` is held in {} of {} accesses to `{}`",
                guard.lock, guard.held, guard.total, window.place.text
            ))),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        });
    }
    res
}
