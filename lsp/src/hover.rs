//! Hover: on a finding, what it is and how it goes wrong; on a shared name, who touches it and under which locks.

use std::fmt::Write as _;

use ftlint_analyzer::diagnostic::{Diagnostic, Location};
use ftlint_analyzer::evidence::{Access, AccessKind, Evidence, Window};
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::Url;

use crate::convert::{Places, is_rule};
use crate::protocol::WireVerdict;
use crate::snapshot::Snapshot;
use crate::text::{Lines, cut};

/// What to show at a position.
pub fn hover(snapshot: &Snapshot, uri: &Url, position: lsp::Position) -> Option<lsp::Hover> {
    let (path, _) = snapshot.documents.locate(uri);
    let found = snapshot.check(&path);
    let mut places = Places::new(snapshot);
    let mut holds = |location: &Location| {
        let (at, range) = places.place(location)?;
        (at == *uri && range.start <= position && position <= range.end).then_some(range)
    };
    let mut text = String::new();
    let mut range = None;
    for it in found.iter().filter(|it| is_rule(it)) {
        if let Some(here) = holds(&it.location) {
            range = range.or(Some(here));
            let _ = writeln!(text, "{}\n\n---\n", finding(snapshot, it));
        }
    }
    // The same place may be a part of several findings; each window tells all of it.
    let mut told: Vec<&str> = Vec::new();
    for it in &found {
        let Evidence::Window(window) = &it.evidence else { continue };
        let here = sites(window).into_iter().find_map(|it| holds(&it.site));
        if let Some(here) = here
            && !told.contains(&window.place.text.as_str())
        {
            told.push(&window.place.text);
            range = range.or(Some(here));
            let _ = writeln!(text, "{}", shared(snapshot, window));
        }
    }
    if text.is_empty() {
        let (told, here) = named(snapshot, &mut places, uri, position)?;
        (text, range) = (told, Some(here));
    }
    let value = text.trim_end().trim_end_matches("---").trim_end().to_owned();
    let contents = lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value };
    Some(lsp::Hover { contents: lsp::HoverContents::Markup(contents), range })
}

/// A shared name that no finding is about: who touches it, from which threads, under which locks.
fn named(
    snapshot: &Snapshot,
    places: &mut Places<'_>,
    uri: &Url,
    position: lsp::Position,
) -> Option<(String, lsp::Range)> {
    let (path, first) = snapshot.documents.locate(uri);
    let (project, file, _) = snapshot.file(&path)?;
    let text = snapshot.text(&path)?;
    let lines = Lines::new(&text);
    let line = position.line + first;
    let encoding = snapshot.client.encoding;
    let byte = encoding.byte(lines.line(&text, line as usize), position.character as usize);
    let found = ftlint_analyzer::shared_name(&snapshot.db, project, file, (line + 1, cut(byte)))?;
    let first = found.touches.first()?;
    let at =
        Location { file: path, start: found.start, end: found.end, ..first.access.site.clone() };
    let (_, range) = places.place(&at)?;
    let mut res = format!("`{}` is shared between threads\n", found.text);
    for it in &found.touches {
        let _ = write!(res, "\n- {}", touch(snapshot, &it.access));
        if it.by.is_empty() {
            res.push_str(", while it is made");
        } else {
            let _ = write!(res, ", run by {}", it.by.join(" and "));
        }
    }
    if found.more > 0 {
        let _ = write!(res, "\n- and {} more", found.more);
    }
    res.push('\n');
    Some((res, range))
}

/// One access in words.
fn touch(snapshot: &Snapshot, access: &Access<Location>) -> String {
    let locks = match access.locks.as_slice() {
        [] => "no lock".to_owned(),
        locks => format!("under `{}`", locks.join("`, `")),
    };
    let place = link(snapshot, &access.site);
    format!("`{}` {} it, {locks}: {place}", access.site.function, verb(&access.kind))
}

fn finding(snapshot: &Snapshot, it: &Diagnostic) -> String {
    let rule = it.rule;
    let mut res = format!("**{}** {}: {}\n", rule.code, rule.name, rule.summary);
    if let Some(verdict) = snapshot.verdicts.of(snapshot, it) {
        let _ = write!(res, "\n{}\n", WireVerdict::new(verdict).summary);
    }
    if let Evidence::Window(window) = &it.evidence {
        let _ = write!(res, "\nShared because {}.\n", window.shared_because);
    }
    let _ = write!(res, "\n[{}]({})", rule.code, rule.url());
    res
}

/// All accesses that a finding knows of.
pub fn sites(window: &Window<Location>) -> Vec<&Access<Location>> {
    let mut res = vec![&window.first, &window.last, &window.other];
    res.extend(&window.also);
    let mut seen = Vec::new();
    res.retain(|it| {
        let key = (&it.site.file, it.site.start);
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    res
}

/// Who reads and writes a place, from which threads, under which locks.
fn shared(snapshot: &Snapshot, window: &Window<Location>) -> String {
    let mut res = format!("`{}` is shared between threads\n", window.place.text);
    for access in sites(window) {
        let _ = write!(res, "\n- {}", touch(snapshot, access));
    }
    if let Some(guard) = &window.guard {
        let _ = write!(
            res,
            "\n- `{}` is held in {} of {} accesses: {}",
            guard.lock,
            guard.held,
            guard.total,
            link(snapshot, &guard.site)
        );
    }
    for step in &window.entry {
        let _ = write!(res, "\n- {}: {}", step.text, link(snapshot, &step.site));
    }
    res.push('\n');
    res
}

fn link(snapshot: &Snapshot, location: &Location) -> String {
    let line = location.start.line;
    let name = location.file.rsplit(['/', '\\']).next().unwrap_or_default();
    match snapshot.documents.uri(&location.file) {
        Some(uri) => format!("[{name}:{line}]({uri}#L{line})"),
        None => format!("{name}:{line}"),
    }
}

fn verb(kind: &AccessKind) -> String {
    match kind {
        AccessKind::Read => "reads".to_owned(),
        AccessKind::Store => "writes".to_owned(),
        AccessKind::Delete => "deletes".to_owned(),
        AccessKind::GetItem => "reads an element of".to_owned(),
        AccessKind::SetItem => "writes an element of".to_owned(),
        AccessKind::DelItem => "deletes an element of".to_owned(),
        AccessKind::Contains => "looks for an element of".to_owned(),
        AccessKind::Call(method) => format!("calls `{method}` on"),
        AccessKind::Iterate => "iterates over".to_owned(),
    }
}
