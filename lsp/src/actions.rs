//! What can be done about a finding: mend it, prove it, silence it with a reason, read about it.

use std::collections::HashMap;

use ftlint_runtime::verdict::{Status, Verdict};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Position, Range, TextEdit,
    Url, WorkspaceEdit,
};

use crate::convert::{Encoding, Lines};
use crate::lenses::Commands;
use crate::shown::{FileFindings, Shown};

/// What an action is made from.
pub(crate) struct Around<'a> {
    /// The findings of the file.
    pub(crate) file: &'a FileFindings,
    /// Its text.
    pub(crate) text: &'a str,
    /// What is known of the findings.
    pub(crate) verdicts: &'a HashMap<String, Verdict>,
    /// How commands are called.
    pub(crate) commands: Commands,
    /// How columns are counted.
    pub(crate) encoding: Encoding,
}

/// All actions on the findings that the range touches, of the kinds that are asked for.
pub(crate) fn actions(around: &Around<'_>, params: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let touches = |it: &&Shown| {
        it.is_rule()
            && it.range.start.line <= params.range.end.line
            && params.range.start.line <= it.range.end.line
    };
    let wanted = |kind: &CodeActionKind| match &params.context.only {
        None => true,
        Some(only) => only.iter().any(|it| is_within(kind, it)),
    };
    let mut res = Vec::new();
    for shown in around.file.findings.iter().filter(touches) {
        for action in on(around, shown) {
            if action.kind.as_ref().is_none_or(&wanted) {
                res.push(CodeActionOrCommand::CodeAction(action));
            }
        }
    }
    res
}

/// Whether a kind is another one or a part of it: `quickfix.ftlint` is within `quickfix`.
fn is_within(kind: &CodeActionKind, whole: &CodeActionKind) -> bool {
    let (kind, whole) = (kind.as_str(), whole.as_str());
    whole.is_empty()
        || kind == whole
        || kind.strip_prefix(whole).is_some_and(|it| it.starts_with('.'))
}

fn on(around: &Around<'_>, shown: &Shown) -> Vec<CodeAction> {
    let verdict = around.verdicts.get(&shown.diagnostic.fingerprint);
    let diagnostics = Some(vec![shown.for_client(verdict)]);
    let code = shown.diagnostic.rule.code;
    let command = |title: String, command| CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: diagnostics.clone(),
        command: Some(command),
        ..CodeAction::default()
    };
    let mut res = Vec::new();
    if verdict.is_some_and(|it| it.status == Status::Confirmed) {
        let title = format!("Show the interleaving of {code}");
        res.push(command(title.clone(), around.commands.interleaving(shown, title)));
    }
    if shown.replayable {
        let title = format!("Replay {code} on a free-threaded Python");
        res.push(command(title.clone(), around.commands.replay(around.file, shown, title)));
    }
    if let Some(edit) = ignore(around, shown) {
        res.push(CodeAction {
            title: format!("Ignore {code} here, with a reason"),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: diagnostics.clone(),
            edit: Some(changes(&around.file.uri, vec![edit])),
            ..CodeAction::default()
        });
    }
    let title = format!("Explain {code}");
    res.push(command(title.clone(), around.commands.explain(shown, title)));
    res
}

/// Edits of one document.
pub(crate) fn changes(uri: &Url, edits: Vec<TextEdit>) -> WorkspaceEdit {
    WorkspaceEdit {
        changes: Some(HashMap::from([(uri.clone(), edits)])),
        ..WorkspaceEdit::default()
    }
}

/// A comment at the end of the line that the finding ends on, or another code in the one that is there.
fn ignore(around: &Around<'_>, shown: &Shown) -> Option<TextEdit> {
    let lines = Lines::new(around.text);
    let number = shown.range.end.line;
    let line = lines.line(number as usize);
    // A comment cannot follow a backslash, and not everything that ends a line ends a statement.
    if line.trim_end().ends_with('\\') {
        return None;
    }
    let code = shown.diagnostic.rule.code;
    if let Some(start) = line.find("# ftlint: ignore[")
        && let Some(close) = line[start..].find(']')
    {
        let at = column(&line[..start + close], around.encoding);
        let place = Position::new(number, at);
        return Some(TextEdit::new(Range::new(place, place), format!(", {code}")));
    }
    let kept = line.trim_end();
    let start = Position::new(number, column(kept, around.encoding));
    let end = Position::new(number, column(line, around.encoding));
    Some(TextEdit::new(Range::new(start, end), format!("  # ftlint: ignore[{code}] reason: ")))
}

fn column(text: &str, encoding: Encoding) -> u32 {
    let lines = Lines::new(text);
    lines.whole_line(0, encoding).end.character
}
