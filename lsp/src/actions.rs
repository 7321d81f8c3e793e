//! Code actions: what can be done about a finding.

use std::collections::HashMap;

use ftlint_analyzer::diagnostic::{Diagnostic, Location};
use ftlint_analyzer::fix::{Applicability, Edit, Fix, fixes};
use ftlint_runtime::verdict::Status;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Command, TextEdit, Url,
    WorkspaceEdit,
};

use crate::convert::{Places, diagnostic, is_rule, replayable};
use crate::lenses::{interleaving, replay};
use crate::protocol::EXPLAIN;
use crate::snapshot::Snapshot;
use crate::text::Lines;

/// The kind of the action that mends a whole file.
pub const FIX_ALL: &str = "source.fixAll.ftlint";

/// The actions for a range, of the kinds that the client asks for.
pub fn actions(snapshot: &Snapshot, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let uri = &params.text_document.uri;
    let wanted = |kind: &CodeActionKind| {
        let covers = |it: &CodeActionKind| {
            it.as_str().is_empty()
                || kind == it
                || kind.as_str().strip_prefix(it.as_str()).is_some_and(|it| it.starts_with('.'))
        };
        params.context.only.as_ref().is_none_or(|only| only.iter().any(covers))
    };
    let (path, _) = snapshot.documents.locate(uri);
    let mut places = Places::new(snapshot);
    let mut res: Vec<CodeAction> = Vec::new();
    // Mending all is a request of its own: it would stand below every finding otherwise.
    if params.context.only.is_some() && wanted(&CodeActionKind::new(FIX_ALL)) {
        res.extend(fix_all(snapshot, &mut places, uri, &path));
    }
    if !wanted(&CodeActionKind::QUICKFIX) {
        return res.into_iter().map(CodeActionOrCommand::CodeAction).collect();
    }
    for it in snapshot.check(&path).iter().filter(|it| is_rule(it)) {
        let Some((at, range)) = places.place(&it.location) else { continue };
        if at != *uri || range.end < params.range.start || params.range.end < range.start {
            continue;
        }
        let shown = diagnostic(snapshot, &mut places, it, range);
        let one = Finding { snapshot, uri, it, shown };
        res.extend(one.fixes(&mut places));
        res.extend(one.commands());
        res.extend(one.ignore(range));
    }
    res.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

/// A finding that actions are made for.
struct Finding<'a> {
    snapshot: &'a Snapshot,
    uri: &'a Url,
    it: &'a Diagnostic,
    shown: lsp::Diagnostic,
}

impl Finding<'_> {
    fn action(&self, title: String) -> CodeAction {
        CodeAction {
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![self.shown.clone()]),
            ..CodeAction::default()
        }
    }

    fn commands(&self) -> Vec<CodeAction> {
        let (rule, fingerprint) = (self.it.rule, &self.it.fingerprint);
        let mut commands = Vec::new();
        let verdict = self.snapshot.verdicts.of(self.snapshot, self.it);
        if verdict.is_some_and(|it| it.status == Status::Confirmed) {
            let title = format!("Show the interleaving of {}", rule.code);
            commands.push(interleaving(self.snapshot, title, fingerprint));
        }
        if replayable(self.snapshot, self.it) {
            let title = format!("Replay {}: run the code and see whether it breaks", rule.code);
            commands.push(replay(self.snapshot, title, self.uri, fingerprint));
        }
        let name = if self.snapshot.client.commands { "ftlint.explainRule" } else { EXPLAIN };
        commands.push(Command {
            title: format!("Explain {} ({})", rule.code, rule.name),
            command: name.to_owned(),
            arguments: Some(vec![json!({"rule": rule.code})]),
        });
        let action = |command: Command| CodeAction {
            command: Some(command.clone()),
            ..self.action(command.title)
        };
        commands.into_iter().map(action).collect()
    }

    /// The edits that mend the finding, the safe ones first.
    fn fixes(&self, places: &mut Places<'_>) -> Vec<CodeAction> {
        let Some((_, file, _)) = self.snapshot.file(&self.it.location.file) else {
            return Vec::new();
        };
        let mut fixes = fixes(&self.snapshot.db, file, self.it);
        fixes.sort_by_key(|it| std::cmp::Reverse(it.applicability));
        let later = self.snapshot.client.resolves;
        let mut action = |(index, fix): (usize, Fix)| {
            let is_safe = fix.applicability == Applicability::Safe;
            let title = if is_safe { fix.title.clone() } else { format!("{} (unsafe)", fix.title) };
            let of = Deferred::Fix {
                uri: self.uri.clone(),
                fingerprint: self.it.fingerprint.clone(),
                title: fix.title.clone(),
            };
            let edit = if later { None } else { Some(edit(places, self.it, &fix)?) };
            Some(CodeAction {
                // Of several safe ones the first is what an editor may apply by one key.
                is_preferred: (is_safe && index == 0).then_some(true),
                edit,
                data: later.then(|| serde_json::to_value(of).unwrap_or_default()),
                ..self.action(title)
            })
        };
        fixes.into_iter().enumerate().filter_map(&mut action).collect()
    }

    /// A comment at the end of the line on which the finding ends, with a reason to be filled in.
    fn ignore(&self, range: lsp::Range) -> Option<CodeAction> {
        let (path, first) = self.snapshot.documents.locate(self.uri);
        let text = self.snapshot.text(&path)?;
        let lines = Lines::new(&text);
        let line = lines.line(&text, (first + range.end.line) as usize);
        // Behind a backslash no comment is possible.
        if line.trim_end().ends_with('\\') {
            return None;
        }
        let encoding = self.snapshot.client.encoding;
        let column = crate::text::cut(encoding.length(line));
        let at = lsp::Position::new(range.end.line, column);
        let edit = TextEdit::new(
            lsp::Range::new(at, at),
            format!("  # ftlint: ignore[{}] reason", self.it.rule.code),
        );
        Some(CodeAction {
            edit: Some(changes(HashMap::from([(self.uri.clone(), vec![edit])]))),
            ..self.action(format!("Ignore {} on this line, with a reason", self.it.rule.code))
        })
    }
}

/// What the client sends back when it wants the edit of an action.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
enum Deferred {
    /// One fix of one finding.
    Fix { uri: Url, fingerprint: String, title: String },
    /// All safe fixes of a document.
    All { uri: Url },
}

/// The action with its edit; `None` when the text has changed so that there is none.
pub fn resolve(snapshot: &Snapshot, action: &CodeAction) -> Option<CodeAction> {
    let Some(data) = &action.data else { return Some(action.clone()) };
    let mut places = Places::new(snapshot);
    let edit = match serde_json::from_value(data.clone()).ok()? {
        Deferred::Fix { uri, fingerprint, title } => {
            let (path, _) = snapshot.documents.locate(&uri);
            let (_, file, _) = snapshot.file(&path)?;
            let found = snapshot.check(&path);
            let it = found.iter().find(|it| it.fingerprint == fingerprint)?;
            let all = fixes(&snapshot.db, file, it);
            edit(&mut places, it, all.iter().find(|it| it.title == title)?)?
        }
        Deferred::All { uri } => {
            let (path, _) = snapshot.documents.locate(&uri);
            all_edits(snapshot, &mut places, &path).unwrap_or_default()
        }
    };
    Some(CodeAction { edit: Some(edit), ..action.clone() })
}

/// All safe fixes of a file that do not touch each other, as one action. Looking for them parses the file once for each
/// finding, so a client that can wait gets them when it applies the action.
fn fix_all(
    snapshot: &Snapshot,
    places: &mut Places<'_>,
    uri: &Url,
    path: &str,
) -> Option<CodeAction> {
    let later = snapshot.client.resolves && snapshot.check(path).iter().any(is_rule);
    let edit = if later { None } else { Some(all_edits(snapshot, places, path)?) };
    let of = Deferred::All { uri: uri.clone() };
    Some(CodeAction {
        title: "Fix all races that can be fixed safely".to_owned(),
        kind: Some(CodeActionKind::new(FIX_ALL)),
        edit,
        data: later.then(|| serde_json::to_value(of).unwrap_or_default()),
        ..CodeAction::default()
    })
}

fn all_edits(snapshot: &Snapshot, places: &mut Places<'_>, path: &str) -> Option<WorkspaceEdit> {
    let (_, file, _) = snapshot.file(path)?;
    let mut kept: Vec<Edit> = Vec::new();
    let mut res = Vec::new();
    for it in snapshot.check(path) {
        let all = fixes(&snapshot.db, file, &it);
        let Some(fix) = all.into_iter().find(|it| it.applicability == Applicability::Safe) else {
            continue;
        };
        let touches = |a: &Edit| kept.iter().any(|b| a.start <= b.end && b.start <= a.end);
        if !fix.edits.iter().any(touches)
            && let Some(made) = edits(places, &it, &fix.edits)
        {
            res.extend(made);
            kept.extend(fix.edits);
        }
    }
    (!res.is_empty()).then(|| changes(by_document(res)))
}

/// A fix as the client applies it.
fn edit(places: &mut Places<'_>, it: &Diagnostic, fix: &Fix) -> Option<WorkspaceEdit> {
    Some(changes(by_document(edits(places, it, &fix.edits)?)))
}

/// Edits as the client has its documents; nothing when one of them has no place there.
fn edits(places: &mut Places<'_>, it: &Diagnostic, edits: &[Edit]) -> Option<Vec<(Url, TextEdit)>> {
    let mut res = Vec::new();
    for edit in edits {
        let file = edit.file.clone();
        let at = Location { file, start: edit.start, end: edit.end, ..it.location.clone() };
        let (uri, range) = places.place(&at)?;
        res.push((uri, TextEdit::new(range, edit.text.clone())));
    }
    Some(res)
}

fn by_document(edits: Vec<(Url, TextEdit)>) -> HashMap<Url, Vec<TextEdit>> {
    let mut res: HashMap<Url, Vec<TextEdit>> = HashMap::new();
    for (uri, edit) in edits {
        res.entry(uri).or_default().push(edit);
    }
    res
}

fn changes(changes: HashMap<Url, Vec<TextEdit>>) -> WorkspaceEdit {
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}
