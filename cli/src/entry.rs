//! `--entry`: a command of the user instead of one replay for each finding.

use std::time::Duration;

use anyhow::Context as _;
use ftlint_runtime::entry::{self, Command, Options, Report};
use ftlint_runtime::interpreter::Interpreter;
use ftlint_runtime::process::Cancel;

use crate::console::Console;
use crate::output::Finding;

/// The bound of one run of the command.
const TIME_LIMIT: Duration = Duration::from_mins(30);

/// Threads that run a test together; more than cores, as a test spends much of its time elsewhere.
const THREADS: u32 = 4;

/// Runs the command with all open findings armed, and gives them their verdicts.
pub(crate) fn run(
    findings: &mut [Finding],
    command: &Command,
    interpreter: &Interpreter,
    cancel: &Cancel,
    console: Console,
) -> anyhow::Result<()> {
    let directory = std::env::current_dir().context("the working directory cannot be read")?;
    let options =
        Options { directory, time_limit: TIME_LIMIT, threads: THREADS, cancel: cancel.clone() };
    let open: Vec<usize> =
        (0..findings.len()).filter(|it| findings[*it].verdict.is_none()).collect();
    let diagnostics: Vec<_> = open.iter().map(|it| &findings[*it].diagnostic).collect();
    let report = entry::replay(interpreter, &diagnostics, command, &options)?;
    tell(&report, command, console);
    for (number, verdict) in open.into_iter().zip(report.verdicts) {
        if let Some(finding) = findings.get_mut(number) {
            finding.verdict = verdict;
        }
    }
    Ok(())
}

fn tell(report: &Report, command: &Command, console: Console) {
    let Report { armed, plain, watched, tests, notes, .. } = report;
    for note in notes {
        console.warning(note);
    }
    let text = command.text();
    let with = match watched {
        Some(it) if *plain > 0.0 => format!("{it:.2} s ({:.2} times)", it / plain),
        Some(it) => format!("{it:.2} s"),
        None => "no end by itself".to_owned(),
    };
    Console::line(&format!("`{text}`: {plain:.2} s as it is, with {armed} findings armed {with}"));
    if *tests > 0 {
        Console::line(&format!(
            "{tests} tests that come to a finding were run again in {THREADS} threads"
        ));
    }
}
