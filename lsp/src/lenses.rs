//! Lines above functions with findings, and guards between the code.

use std::collections::{BTreeMap, HashMap};

use ftlint_analyzer::evidence::Evidence;
use ftlint_runtime::verdict::{Status, Verdict};
use lsp_types::{CodeLens, Command, InlayHint, InlayHintLabel, InlayHintTooltip, Position, Range};
use serde_json::json;

use crate::shown::{FileFindings, Shown};

/// The names of commands: those of our extension when it is the client, else the server's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commands {
    /// Whether the client has commands of its own.
    pub(crate) of_client: bool,
}

impl Commands {
    /// Replay a finding.
    pub(crate) fn replay(self, file: &FileFindings, shown: &Shown, title: String) -> Command {
        let name = if self.of_client { "ftlint.replayFinding" } else { "ftlint.server.replay" };
        let argument = json!({"uri": file.uri, "fingerprint": shown.diagnostic.fingerprint});
        Command::new(title, name.to_owned(), Some(vec![argument]))
    }

    /// Show what a replay has seen.
    pub(crate) fn interleaving(self, shown: &Shown, title: String) -> Command {
        let name =
            if self.of_client { "ftlint.showInterleaving" } else { "ftlint.server.interleaving" };
        let argument = json!({"fingerprint": shown.diagnostic.fingerprint});
        Command::new(title, name.to_owned(), Some(vec![argument]))
    }

    /// Show the page of a rule.
    pub(crate) fn explain(self, shown: &Shown, title: String) -> Command {
        let name = if self.of_client { "ftlint.explainRule" } else { "ftlint.server.explain" };
        let argument = json!({"rule": shown.diagnostic.rule.code});
        Command::new(title, name.to_owned(), Some(vec![argument]))
    }
}

/// One lens for each function with findings: to prove the first of them that is open, or to see what was proved.
pub(crate) fn lenses(
    file: &FileFindings,
    verdicts: &HashMap<String, Verdict>,
    commands: Commands,
) -> Vec<CodeLens> {
    let mut by_function: BTreeMap<u32, Vec<&Shown>> = BTreeMap::new();
    for it in file.findings.iter().filter(|it| it.is_rule()) {
        by_function.entry(it.function_line).or_default().push(it);
    }
    by_function
        .into_iter()
        .flat_map(|(line, found)| above(line, &found, file, verdicts, commands))
        .collect()
}

fn above(
    line: u32,
    found: &[&Shown],
    file: &FileFindings,
    verdicts: &HashMap<String, Verdict>,
    commands: Commands,
) -> Vec<CodeLens> {
    let range = Range::new(Position::new(line, 0), Position::new(line, 0));
    let lens = |command| CodeLens { range, command: Some(command), data: None };
    let verdict = |it: &Shown| verdicts.get(&it.diagnostic.fingerprint);
    let confirmed = |it: &&&Shown| verdict(it).is_some_and(|it| it.status == Status::Confirmed);
    let mut res = Vec::new();
    let proved: Vec<_> = found.iter().filter(confirmed).collect();
    if let Some(first) = proved.first() {
        let count = if proved.len() == 1 { String::new() } else { format!("{} ", proved.len()) };
        let title = format!("{count}confirmed: show interleaving");
        res.push(lens(commands.interleaving(first, title)));
    }
    let open: Vec<_> = found.iter().filter(|it| it.replayable && verdict(it).is_none()).collect();
    if let Some(first) = open.first() {
        let title = match open.len() {
            1 => "race: replay".to_owned(),
            count => format!("{count} races: replay the first"),
        };
        res.push(lens(commands.replay(file, first, title)));
    }
    if res.is_empty()
        && let Some(first) = found.iter().find(|it| it.replayable)
    {
        let title = match verdict(first).map(|it| it.status) {
            Some(Status::NotReproduced) => "race: not reproduced, replay again",
            _ => "race: not replayable, try again",
        };
        res.push(lens(commands.replay(file, first, title.to_owned())));
    }
    res
}

/// The lock that guards a place elsewhere, at each finding that lacks it.
pub(crate) fn hints(file: &FileFindings, range: Range) -> Vec<InlayHint> {
    let inside = |it: &&Shown| it.range.start >= range.start && it.range.end <= range.end;
    let hint = |it: &Shown| {
        let Evidence::Window(window) = &it.diagnostic.evidence else { return None };
        let guard = window.guard.as_ref()?;
        let counted =
            format!("`{}` is held in {} of {} accesses", guard.lock, guard.held, guard.total);
        Some(InlayHint {
            position: it.range.end,
            label: InlayHintLabel::String(format!("guarded elsewhere by {}", guard.lock)),
            kind: None,
            text_edits: None,
            tooltip: Some(InlayHintTooltip::String(counted)),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        })
    };
    file.findings.iter().filter(inside).filter_map(hint).collect()
}
