//! `--replay`: runs the code behind each finding and keeps what came of it, as many at once as there are processors.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

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
use crate::verdicts::Known;
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
    known: &Known<'_>,
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
    let cancel = interruptible(console);
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
    let conditions = known.conditions(&interpreter, sandbox);
    if options.schedule.is_none() {
        known.look_up(&mut res.findings, Some(&conditions));
    }
    each(&mut res, &interpreter, &options, jobs(args), short, console);
    if options.schedule.is_none() {
        known.keep(&res.findings, &conditions);
    }
    res.interrupted = options.cancel.is_cancelled();
    res
}

/// Ctrl-C ends the replays, and what is known is printed all the same.
fn interruptible(console: Console) -> Cancel {
    let cancel = Cancel::default();
    let switch = cancel.clone();
    if let Err(error) = ctrlc::set_handler(move || switch.cancel()) {
        console.warning(&format!("Ctrl-C will not wait for the report: {error}"));
    }
    cancel
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

/// How many replays run at once.
fn jobs(args: &CheckArgs) -> usize {
    let here = || std::thread::available_parallelism().map_or(1, usize::from);
    args.jobs.map_or_else(here, usize::from)
}

/// Workers take the next finding that is open. What went wrong is told in the order of the findings.
fn each(
    res: &mut Replayed,
    interpreter: &Interpreter,
    options: &Options,
    jobs: usize,
    short: &Short,
    console: Console,
) {
    let open: Vec<usize> =
        (0..res.findings.len()).filter(|it| res.findings.get(*it).is_some_and(is_open)).collect();
    let bar = progress(open.len());
    let place = |finding: &Finding| {
        let location = &finding.diagnostic.location;
        let code = finding.diagnostic.rule.code;
        format!("{}:{}: {code}", short.path(&*location.file), location.start.line)
    };
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    let findings = &res.findings;
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(open.len()) {
            scope.spawn(|| {
                while let Some(number) = open.get(next.fetch_add(1, Ordering::Relaxed))
                    && let Some(finding) = findings.get(*number)
                    && !options.cancel.is_cancelled()
                {
                    bar.set_message(place(finding));
                    let result = ftlint_runtime::replay(interpreter, &finding.diagnostic, options);
                    bar.inc(1);
                    results.lock().unwrap_or_else(PoisonError::into_inner).insert(*number, result);
                }
            });
        }
    });
    bar.finish_and_clear();
    // What a killed child leaves behind says nothing about the code.
    if options.cancel.is_cancelled() {
        results.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, it| is_whole(it));
    }
    for (number, result) in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let Some(finding) = res.findings.get_mut(number) else { continue };
        match result {
            Ok(verdict) => finding.verdict = Some(verdict),
            Err(error) => {
                console.error(&format!("{}: {error}", place(finding)));
                res.failed = true;
            }
        }
    }
}

/// Whether a replay came to its end before the run was stopped: only then it has seen something.
fn is_whole(result: &Result<Verdict, ReplayError>) -> bool {
    result.as_ref().is_ok_and(|it| it.status == Status::Confirmed)
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
        cached: false,
    })
}
