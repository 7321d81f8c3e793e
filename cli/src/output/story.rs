//! The verdict of a replay as a person reads it: who did what in which order, one column for each thread.

use std::fmt::Write as _;

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_runtime::verdict::{Contention, Status, Verdict, WitnessStep};

use crate::output::{View, repeat, words};

/// Characters of a value.
const LONGEST_VALUE: usize = 24;

/// Columns are not made narrower than this.
const NARROWEST: usize = 24;

/// The lines below a snippet, indented by three.
pub(super) fn told(diagnostic: &Diagnostic, verdict: &Verdict, view: &View<'_>) -> String {
    let mut res = String::new();
    match verdict.status {
        Status::Confirmed => confirmed(&mut res, diagnostic, verdict, view),
        Status::NotReproduced => {
            line(
                &mut res,
                &format!(
                    "not reproduced{}, which does not mean safe{}",
                    ran(verdict),
                    because(verdict)
                ),
            );
        }
        Status::NotReplayable => line(&mut res, &format!("not replayable{}", because(verdict))),
    }
    if let Some(contention) = &verdict.contention {
        line(&mut res, &contended(contention));
    }
    res
}

fn confirmed(res: &mut String, diagnostic: &Diagnostic, verdict: &Verdict, view: &View<'_>) {
    let violation = verdict.violation.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
    line(res, &format!("confirmed{}{violation}", ran(verdict)));
    interleaving(res, &verdict.witness, view);
    if let Some(command) = repeat::command(diagnostic, verdict, view) {
        line(res, &format!("repeat: {command}"));
    }
    if let Some(reason) = &verdict.reason {
        line(res, &format!("remark: {reason}"));
    }
}

/// Which interpreter, which evidence, which strategy.
pub(super) fn ran(verdict: &Verdict) -> String {
    let mut res = String::new();
    if let Some(runtime) = &verdict.runtime {
        let _ = write!(res, " on {runtime}");
    }
    let how: Vec<_> =
        verdict.evidence.map(words::level).into_iter().chain(verdict.strategy.as_deref()).collect();
    if !how.is_empty() {
        let _ = write!(res, " ({})", how.join(", "));
    }
    res
}

fn because(verdict: &Verdict) -> String {
    verdict.reason.as_ref().map(|it| format!(": {it}")).unwrap_or_default()
}

pub(super) fn contended(it: &Contention) -> String {
    let Contention { threads, rounds, seen, expected, observed } = it;
    match seen {
        0 => format!("contention: {threads} threads without control, not seen in {rounds} rounds"),
        _ => format!(
            "contention: {threads} threads without control, seen in {seen} of {rounds} rounds: expected {expected}, \
             observed {observed}"
        ),
    }
}

/// The numbered table, with a column for each thread that does something.
fn interleaving(res: &mut String, steps: &[WitnessStep], view: &View<'_>) {
    if steps.is_empty() {
        return;
    }
    let mut lanes: Vec<u32> = steps.iter().map(|it| it.thread).collect();
    lanes.sort_unstable();
    lanes.dedup();
    let titles: Vec<_> = lanes.iter().map(|it| title(*it, steps)).collect();
    let cells: Vec<_> = steps.iter().map(|it| cell(it, view)).collect();
    let mut columns = Vec::new();
    for (lane, title) in lanes.iter().zip(&titles) {
        let own = steps.iter().zip(&cells).filter(|(step, _)| step.thread == *lane);
        let widths =
            own.map(|(_, text)| text.chars().count()).chain([title.chars().count(), NARROWEST]);
        columns.push((*lane, widths.max().unwrap_or(NARROWEST)));
    }
    let header: Vec<_> =
        titles.iter().zip(&columns).map(|(it, (_, width))| format!("{it:width$}")).collect();
    line(res, &format!("  #  {}", header.join("  ")));
    for (number, (step, text)) in (1..).zip(steps.iter().zip(&cells)) {
        let left = columns.iter().take_while(|(lane, _)| *lane != step.thread);
        let indent: usize = left.map(|(_, width)| width + 2).sum();
        line(res, &format!("{number:>3}  {:indent$}{text}", ""));
    }
}

pub(super) fn title(lane: u32, steps: &[WitnessStep]) -> String {
    let name = steps.iter().find(|it| it.thread == lane).map_or("", |it| it.thread_name.as_str());
    if name.is_empty() { format!("thread {lane}") } else { format!("thread {lane} ({name})") }
}

/// "app.py:12 reads self.hits = 0".
fn cell(step: &WitnessStep, view: &View<'_>) -> String {
    let value = step.value.as_ref().map(|it| format!(" = {}", cut(it))).unwrap_or_default();
    let file = view.short.path(&step.file);
    let name = file.rsplit(std::path::is_separator).next().unwrap_or(&file);
    format!("{name}:{} {}{value}", step.line, step.what)
}

/// Long values would push the other threads off the screen; the JSON has them whole.
fn cut(value: &str) -> String {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}...", value[..end].trim_end_matches('.')),
        None => value.to_owned(),
    }
}

fn line(res: &mut String, text: &str) {
    res.push_str("   ");
    res.push_str(text);
    res.truncate(res.trim_end().len());
    res.push('\n');
}
