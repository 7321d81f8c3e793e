//! From what the children told to a verdict. Pure, except that a witness shows lines of source files.
//!
//! `Confirmed` is only said when the same schedule gave a violation in two children; everything else says what was
//! seen instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::harness::Observation;
use crate::plan::{ReplayPlan, Subject};
use crate::protocol::{self, Attempt, Found, Line};
use crate::strategy;
use crate::verdict::{Contention, EvidenceLevel, Status, Verdict, WitnessStep};

/// The verdict on a plan after these observations: the search, and, when it found something, the repetition.
pub fn judge(plan: &ReplayPlan, observations: &[Observation]) -> Verdict {
    let mut verdict = blank(Status::NotReproduced);
    verdict.strategy = Some(strategy::name(plan.strategy).to_owned());
    match &plan.subject {
        Subject::Import { module, .. } => judge_import(module, observations, &mut verdict),
        Subject::Window { window, .. } => judge_window(window, observations, &mut verdict),
    }
    verdict
}

/// A verdict with a status and nothing else.
pub(crate) fn blank(status: Status) -> Verdict {
    Verdict {
        status,
        evidence: None,
        strategy: None,
        runtime: None,
        schedule: None,
        witness: Vec::new(),
        violation: None,
        contention: None,
        reason: None,
        elapsed_ms: 0,
        cached: false,
    }
}

/// The violation of an observation, if there is one.
pub(crate) fn found(observation: &Observation) -> Option<&Found> {
    observation
        .lines
        .iter()
        .find_map(|it| if let Line::Found(found) = it { Some(found) } else { None })
}

fn attempts(observation: &Observation) -> impl Iterator<Item = &Attempt> {
    observation
        .lines
        .iter()
        .filter_map(|it| if let Line::Attempt(attempt) = it { Some(attempt) } else { None })
}

fn judge_window(window: &protocol::Window, observations: &[Observation], verdict: &mut Verdict) {
    let repeated = match observations {
        [first, second, ..] => {
            found(first).zip(found(second)).filter(|it| it.0.schedule == it.1.schedule)
        }
        _ => None,
    };
    if let Some((first, _)) = repeated {
        return confirm(window, first, observations, verdict);
    }
    let tried = observations
        .iter()
        .flat_map(attempts)
        .filter(|it| it.role == "directed")
        .collect::<Vec<_>>();
    verdict.evidence = tried.iter().find(|it| it.stopped).map(|it| level(&it.schedule));
    if let Some(found) = observations.iter().find_map(found) {
        verdict.evidence = Some(level(&found.schedule));
        verdict.reason = Some(format!(
            "a violation was seen once with the schedule {} and not again: {}",
            found.schedule, found.violation
        ));
        return;
    }
    let (status, reason) = why_not(&tried);
    verdict.status = status;
    verdict.reason = Some(reason);
}

fn confirm(
    window: &protocol::Window,
    found: &Found,
    observations: &[Observation],
    verdict: &mut Verdict,
) {
    verdict.status = Status::Confirmed;
    verdict.evidence = Some(level(&found.schedule));
    verdict.schedule = Some(found.schedule.clone());
    verdict.violation = Some(found.violation.clone());
    verdict.witness = witness(window, &found.steps);
    let mut remarks = found.notes.clone();
    let in_program = |it: &Attempt| level(&it.schedule) == EvidenceLevel::Program;
    if verdict.evidence == Some(EvidenceLevel::Driver)
        && observations.iter().flat_map(attempts).any(in_program)
    {
        remarks.push("the program itself did not show it; a driver that lets two threads share the object did".to_owned());
    }
    if verdict.evidence == Some(EvidenceLevel::Slice) {
        remarks.push("this proves the statement, not the program".to_owned());
        let whole = observations.iter().flat_map(attempts).find(|it| driven(it));
        remarks.extend(whole.map(unable).filter(|it| !it.is_empty()));
    }
    let told = observations
        .iter()
        .flat_map(|it| &it.lines)
        .find_map(|it| if let Line::Contention(contention) = it { Some(contention) } else { None });
    match told {
        Some(it) if it.tried => {
            verdict.contention = Some(Contention {
                threads: it.threads,
                rounds: it.rounds,
                seen: it.seen,
                expected: it.expected.clone(),
                observed: it.observed.clone(),
            });
        }
        Some(it) => remarks.push(format!("real contention was not tried: {}", it.why)),
        None => {}
    }
    verdict.reason = (!remarks.is_empty()).then(|| remarks.join("; "));
}

/// Whether whole functions were to be called.
fn driven(attempt: &Attempt) -> bool {
    level(&attempt.schedule) == EvidenceLevel::Driver
}

fn level(schedule: &str) -> EvidenceLevel {
    if schedule.starts_with("v1:program") {
        EvidenceLevel::Program
    } else if schedule.starts_with("v1:slice") {
        EvidenceLevel::Slice
    } else {
        EvidenceLevel::Driver
    }
}

/// The most telling reason of all attempts, a lock first.
fn why_not(tried: &[&Attempt]) -> (Status, String) {
    let n_tried = tried.iter().filter(|it| it.stopped).count();
    let waiting =
        tried.iter().filter(|it| it.stopped && !it.hung).filter_map(|it| it.blocked.as_ref());
    if let Some(it) = waiting.clone().find(|it| it.lock && it.proceeded) {
        let reason = format!(
            "the other thread waits for a lock that the parked thread holds: `{}` at {}:{}",
            it.source, it.file, it.line
        );
        return (Status::NotReproduced, reason);
    }
    if let Some(it) = waiting.clone().next() {
        let reason = format!(
            "the other thread waits at `{}` ({}:{}) while the first stands in the window",
            it.source, it.file, it.line
        );
        return (Status::NotReproduced, reason);
    }
    let finished = || tried.iter().filter(|it| it.stopped && it.outcome == "finished");
    if let Some(it) = finished().find(|it| !it.detail.is_empty()) {
        return (Status::NotReproduced, it.detail.clone());
    }
    if finished().next().is_some() {
        let times = if n_tried == 1 { "once".to_owned() } else { format!("{n_tried} times") };
        let reason = format!(
            "a thread was stopped in the window {times}, another one ran meanwhile, and nothing broke"
        );
        return (Status::NotReproduced, reason);
    }
    if let Some(it) = tried.iter().find(|it| it.outcome == "nobody_came") {
        let mut words =
            "no other thread came to the same place while one was stopped in the window".to_owned();
        if !it.detail.is_empty() {
            words = format!("{words}: {}", it.detail);
        }
        let driver =
            tried.iter().find(|it| it.schedule.starts_with("v1:driver")).map(|it| unable(it));
        let reason = driver.map_or_else(|| words.clone(), |it| format!("{words}; {it}"));
        return (Status::NotReproduced, reason);
    }
    let mut reasons: Vec<String> = Vec::new();
    for level in [EvidenceLevel::Driver, EvidenceLevel::Slice] {
        let mut of_level = tried.iter().filter(|it| self::level(&it.schedule) == level);
        reasons.extend(of_level.next_back().map(|it| unable(it)));
    }
    let reason = if reasons.is_empty() {
        tried.last().map_or_else(|| "nothing could be run".to_owned(), |it| unable(it))
    } else {
        reasons.join("; ")
    };
    (Status::NotReplayable, reason)
}

/// Why an attempt did not get as far as the window.
fn unable(attempt: &Attempt) -> String {
    let detail = &attempt.detail;
    match attempt.outcome.as_str() {
        "import_error" => format!(
            "{detail}; install what it needs for the chosen interpreter, or choose another one with --python"
        ),
        "not_drivable" if level(&attempt.schedule) == EvidenceLevel::Slice => {
            format!("no piece can be cut out: {detail}")
        }
        "not_drivable" => format!("a driver cannot call it: {detail}"),
        "not_reached" if detail.is_empty() && level(&attempt.schedule) == EvidenceLevel::Slice => {
            "a piece of the function did not come to the window with the values that were tried"
                .to_owned()
        }
        "not_reached" if attempt.schedule.starts_with("v1:program") => {
            "the program did not come to the window with more than one thread running".to_owned()
        }
        "not_reached" if detail.is_empty() => {
            "the driver called the function, but the code did not come to the window with the arguments that were tried"
                .to_owned()
        }
        "waits" => match &attempt.blocked {
            Some(it) => format!("the driver's call waits at line {} (`{}`) before it comes to the window", it.line, it.source),
            None => "the driver's call waits before it comes to the window".to_owned(),
        },
        "timeout" => "the code did not come to an end within the time limit".to_owned(),
        _ => detail.clone(),
    }
}

fn judge_import(module: &str, observations: &[Observation], verdict: &mut Verdict) {
    let told = observations
        .iter()
        .flat_map(|it| &it.lines)
        .filter_map(|it| if let Line::Gil(gil) = it { Some(gil) } else { None })
        .collect::<Vec<_>>();
    let flipped = |it: &&protocol::Gil| !it.before && it.after;
    let (whole, parts): (Vec<_>, Vec<_>) = told.into_iter().partition(|it| it.module.is_empty());
    match whole.as_slice() {
        [first, ..] if first.before => {
            verdict.status = Status::NotReplayable;
            verdict.reason = Some("the interpreter runs with the GIL from the start".to_owned());
        }
        [first, second, ..] if flipped(first) && flipped(second) => {
            verdict.status = Status::Confirmed;
            verdict.violation =
                Some(format!("the GIL was off before `import {module}` and on after it"));
            verdict.reason = (!first.warning.is_empty()).then(|| first.warning.clone());
            // Only the first of several is in the warning.
            let culprits: BTreeSet<&str> =
                parts.iter().filter(|it| flipped(it)).map(|it| it.module.as_str()).collect();
            if culprits.len() > 1 {
                let names = Vec::from_iter(culprits).join("`, `");
                let all = format!("each of these does so by itself: `{names}`");
                verdict.reason =
                    Some(verdict.reason.take().map_or(all.clone(), |it| format!("{it}; {all}")));
            }
        }
        [first, ..] if !first.error.is_empty() => {
            verdict.status = Status::NotReplayable;
            verdict.reason = Some(format!("`import {module}` failed with {}", first.error));
        }
        [first, ..] if !first.outcome.is_empty() => {
            verdict.status = Status::NotReplayable;
            verdict.reason = Some(first.detail.clone());
        }
        [_, ..] => verdict.reason = Some(format!("the GIL stays off after `import {module}`")),
        [] => verdict.status = Status::NotReplayable,
    }
}

pub(crate) fn witness(window: &protocol::Window, steps: &[protocol::Step]) -> Vec<WitnessStep> {
    let mut sources = BTreeMap::new();
    steps
        .iter()
        .map(|it| {
            let text = sources
                .entry(&it.file)
                .or_insert_with(|| fs::read_to_string(&it.file).unwrap_or_default());
            let line =
                text.lines().nth(it.line.saturating_sub(1) as usize).unwrap_or_default().trim();
            WitnessStep {
                thread: it.thread,
                thread_name: it.name.clone(),
                file: it.file.clone(),
                line: it.line,
                source: line.to_owned(),
                what: what(window, it),
                value: if matches!(it.kind.as_str(), "raise" | "takes" | "blocked") {
                    None
                } else {
                    it.value.clone()
                },
            }
        })
        .collect()
}

fn what(window: &protocol::Window, step: &protocol::Step) -> String {
    let place = &window.place.text;
    match step.kind.as_str() {
        "read" => format!("reads {place}"),
        "wait" => format!("is stopped here, before line {}", window.last.line),
        "resume" => "goes on".to_owned(),
        "recheck" if step.holds == Some(false) => {
            "goes on, although its test would fail now".to_owned()
        }
        "recheck" => "goes on; its test still holds".to_owned(),
        "raise" => format!("raises {}", step.value.as_deref().unwrap_or("an exception")),
        "act" if window.last.kind == "call" => {
            format!("calls {}() on the object", window.last.method)
        }
        "act" if matches!(window.last.kind.as_str(), "delete" | "del_item") => {
            format!("deletes {place}")
        }
        "act" if window.last.kind == "get_item" => format!("reads {place} again"),
        "other" => format!("gets to {place} elsewhere"),
        "takes" => format!("takes {}", step.value.as_deref().unwrap_or(place)),
        "blocked" => format!("waits for {}", step.value.as_deref().unwrap_or(place)),
        _ => format!("writes {place}"),
    }
}
