//! `--replay`: runs the code behind each finding and keeps what came of it.
//!
//! One at a time, because a replay under contention wants the processors for itself.

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::rule::Replay;
use ftlint_runtime::interpreter::Interpreter;
use ftlint_runtime::pinned::{self, Pinned};
use ftlint_runtime::process::{Cancel, Enforced, Sandbox};
use ftlint_runtime::verdict::{Status, Verdict};
use ftlint_runtime::{Options, ReplayError};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::CheckArgs;
use crate::console::Console;
use crate::entry;
use crate::interpreter::choose;
use crate::output::Finding;
use ftlint_project::paths::Short;

/// What is known after the replays.
pub(crate) struct Replayed {
    pub(crate) findings: Vec<Finding>,
    /// A replay had trouble of its own; the message is on standard error already.
    pub(crate) failed: bool,
    /// Ctrl-C.
    pub(crate) interrupted: bool,
}

impl Replayed {
    /// Findings that were not replayed.
    pub(crate) fn without(diagnostics: Vec<Diagnostic>) -> Self {
        let findings =
            diagnostics.into_iter().map(|diagnostic| Finding { diagnostic, verdict: None });
        Self { findings: findings.collect(), failed: false, interrupted: false }
    }
}

/// Replays every finding that can be.
pub(crate) fn replay(
    args: &CheckArgs,
    diagnostics: Vec<Diagnostic>,
    short: &Short,
    console: Console,
) -> Replayed {
    let mut res = Replayed::without(diagnostics);
    for finding in &mut res.findings {
        finding.verdict = never(&finding.diagnostic);
    }
    if !res.findings.iter().any(is_open) {
        if args.schedule.as_ref().is_some_and(|it| it.pin.is_some()) {
            console.error("the finding of the schedule is not here: other code, or nothing to run");
            res.failed = true;
        }
        return res;
    }
    let interpreter = match choose(args, console) {
        Ok(it) => it,
        Err(error) => {
            console.error(&format!("{error:#}"));
            return Replayed { failed: true, ..res };
        }
    };
    if let Some(pinned) = &args.schedule
        && let Err(error) = keep_only(&mut res, pinned, &interpreter)
    {
        console.error(&error.to_string());
        return Replayed { failed: true, ..res };
    }
    let cancel = Cancel::default();
    let switch = cancel.clone();
    if let Err(error) = ctrlc::set_handler(move || switch.cancel()) {
        console.warning(&format!("Ctrl-C will not wait for the report: {error}"));
    }
    if let Some(command) = &args.entry {
        Console::line("sandbox: none, the command runs as you would run it");
        if let Err(error) = entry::run(&mut res.findings, command, &interpreter, &cancel, console) {
            console.error(&format!("{error:#}"));
            res.failed = true;
        }
        res.interrupted = cancel.is_cancelled();
        return res;
    }
    let sandbox = if args.no_sandbox { Sandbox::Off } else { Sandbox::On };
    Console::line(&match sandbox {
        Sandbox::On => format!("sandbox: {}", Enforced::here()),
        Sandbox::Off => "sandbox: switched off, only limits".to_owned(),
    });
    let schedule = args.schedule.as_ref().map(|it| it.schedule.clone());
    let options = Options { schedule, sandbox, cancel, ..Options::default() };
    each(&mut res, &interpreter, &options, short, console);
    res.interrupted = options.cancel.is_cancelled();
    res
}

/// A schedule with a pin is about one finding: the others are neither run nor shown.
fn keep_only(
    res: &mut Replayed,
    pinned: &Pinned,
    interpreter: &Interpreter,
) -> Result<(), ReplayError> {
    if pinned.pin.is_none() {
        return Ok(());
    }
    let diagnostics: Vec<_> = res.findings.iter().map(|it| &it.diagnostic).collect();
    let kept = pinned::choose(pinned, interpreter, &diagnostics)?;
    let findings = std::mem::take(&mut res.findings);
    let chosen = findings.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
    res.findings = chosen.map(|(_, it)| it).collect();
    Ok(())
}

fn each(
    res: &mut Replayed,
    interpreter: &Interpreter,
    options: &Options,
    short: &Short,
    console: Console,
) {
    let bar = progress(res.findings.len());
    for finding in &mut res.findings {
        if options.cancel.is_cancelled() {
            break;
        }
        let location = &finding.diagnostic.location;
        let place = format!("{}:{}", short.path(&*location.file), location.start.line);
        bar.set_message(format!("{} {place}", finding.diagnostic.rule.code));
        if is_open(finding) {
            match ftlint_runtime::replay(interpreter, &finding.diagnostic, options) {
                // What a killed child leaves behind says nothing about the code.
                _ if options.cancel.is_cancelled() => {}
                Ok(verdict) => finding.verdict = Some(verdict),
                Err(error) => {
                    let message = format!("{place}: {}: {error}", finding.diagnostic.rule.code);
                    bar.suspend(|| console.error(&message));
                    res.failed = true;
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
}

/// On standard error, and only on a terminal.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    match ProgressStyle::with_template("replaying {bar:20} {pos}/{len} {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Whether a replay may still say something. Syntax errors have nothing to run and no verdict.
fn is_open(finding: &Finding) -> bool {
    finding.verdict.is_none() && finding.diagnostic.rule.code.starts_with("FTL")
}

/// The verdict on findings of rules that are never replayed.
fn never(diagnostic: &Diagnostic) -> Option<Verdict> {
    let Replay::Never(why) = diagnostic.rule.replay else { return None };
    if !diagnostic.rule.code.starts_with("FTL") {
        return None;
    }
    Some(Verdict {
        status: Status::NotReplayable,
        evidence: None,
        strategy: None,
        runtime: None,
        schedule: None,
        witness: Vec::new(),
        violation: None,
        contention: None,
        reason: Some(why.to_owned()),
        elapsed_ms: 0,
    })
}
