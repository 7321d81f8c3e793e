//! Code lenses: on a function with findings what a replay could say or has said, on what threads run that they do.

use std::collections::BTreeMap;

use ftlint_runtime::verdict::Status;
use serde_json::json;
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::{CodeLens, Command, Url};

use crate::convert::{Places, replayable};
use crate::protocol::{INTERLEAVING, REPLAY};
use crate::snapshot::Snapshot;

/// The lenses of a document.
pub fn lenses(snapshot: &Snapshot, uri: &Url) -> Vec<CodeLens> {
    if !snapshot.settings.code_lens {
        return Vec::new();
    }
    let (path, _) = snapshot.documents.locate(uri);
    let mut places = Places::new(snapshot);
    let mut res = Vec::new();
    for it in snapshot.check(&path) {
        if !replayable(snapshot, &it) {
            continue;
        }
        // The line of the function; code of the module has none, and a finding of it the lens on its own line.
        let mut location = it.location.clone();
        if &*location.function != "<module>" {
            location.start.line = location.function_line;
            (location.start.column, location.start.byte) = (1, 0);
            location.end = location.start;
        }
        let Some((at, range)) = places.place(&location) else { continue };
        if at != *uri {
            continue;
        }
        let verdict = snapshot.verdicts.of(snapshot, &it).map(|it| it.status);
        let range = lsp::Range::new(range.start, range.start);
        let command = match verdict {
            Some(Status::Confirmed) => {
                let title = format!("{}: confirmed, show interleaving", it.rule.code);
                interleaving(snapshot, title, &it.fingerprint)
            }
            Some(Status::NotReproduced) => {
                let title = format!("{}: not reproduced, replay again", it.rule.code);
                replay(snapshot, title, uri, &it.fingerprint)
            }
            Some(Status::NotReplayable) => continue,
            None => {
                let title = format!("{} race: replay", it.rule.code);
                replay(snapshot, title, uri, &it.fingerprint)
            }
        };
        res.push(CodeLens { range, command: Some(command), data: None });
    }
    res.extend(entries(snapshot, &path, uri, &mut places));
    res
}

/// "runs in 3 threads" on functions that threads run.
fn entries(snapshot: &Snapshot, path: &str, uri: &Url, places: &mut Places<'_>) -> Vec<CodeLens> {
    let Some((project, file, Some(_))) = snapshot.file(path) else { return Vec::new() };
    let mut by_line: BTreeMap<lsp::Position, (lsp::Range, String)> = BTreeMap::new();
    for entry in ftlint_analyzer::thread_entries(&snapshot.db, project, file) {
        let Some((at, range)) = places.place(&entry.location) else { continue };
        if at == *uri {
            by_line.entry(range.start).or_insert((range, entry.message));
        }
    }
    let lens = |(range, title): (lsp::Range, String)| CodeLens {
        range: lsp::Range::new(range.start, range.start),
        // Nothing happens on a click, and an empty command is how the protocol says so.
        command: Some(Command { title, command: String::new(), arguments: None }),
        data: None,
    };
    by_line.into_values().map(lens).collect()
}

/// The command that replays a finding.
pub fn replay(snapshot: &Snapshot, title: String, uri: &Url, fingerprint: &str) -> Command {
    let name = if snapshot.client.commands { "ftlint.replayFinding" } else { REPLAY };
    let argument = json!({"uri": uri, "fingerprint": fingerprint});
    Command { title, command: name.to_owned(), arguments: Some(vec![argument]) }
}

/// The command that shows the interleaving of a finding.
pub fn interleaving(snapshot: &Snapshot, title: String, fingerprint: &str) -> Command {
    let name = if snapshot.client.commands { "ftlint.showInterleaving" } else { INTERLEAVING };
    let argument = json!({"fingerprint": fingerprint});
    Command { title, command: name.to_owned(), arguments: Some(vec![argument]) }
}
