//! `--entry`: one command of the user, run with all findings armed at once. Knows nothing of drivers.
//!
//! The command runs without us first, so that what we cost can be told; then with every window armed. What pytest came
//! to without threads is run again in several. A violation counts when a second run of the command shows it as well.

mod child;
mod command;

pub use command::{BadCommand, Command};

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ftlint_analyzer::diagnostic::Diagnostic;

use crate::error::RuntimeError;
use crate::interpreter::Interpreter;
use crate::plan::{self, Subject};
use crate::process::{Cancel, Exit};
use crate::verdict::{Status, Verdict};
use crate::{full, judge, protocol, strategy};
use child::{Armed, Found, Request, Seen, Told};

/// A command that is shorter is run twice without us, because the first run reads its files from the disk.
const SHORT: Duration = Duration::from_secs(5);

/// How long threads may stand in all in the run whose cost is told: a part of what the command takes without us.
const SHARE: f64 = 0.2;

/// The same in the other runs, which may take longer.
const LONG: f64 = 20.0;

/// Tests that are run in threads for one finding.
const TESTS: usize = 12;

/// How often a violation is tried to be seen again.
const REPETITIONS: u32 = 3;

/// How a command is replayed.
#[derive(Clone, Debug)]
pub struct Options {
    /// The working directory of the command.
    pub directory: PathBuf,
    /// The bound of one run.
    pub time_limit: Duration,
    /// Threads that run a test together.
    pub threads: u32,
    /// Stops it from another thread.
    pub cancel: Cancel,
}

/// What the runs of a command showed.
#[derive(Clone, Debug)]
pub struct Report {
    /// In the order of the findings; `None` for those that no window can be armed for.
    pub verdicts: Vec<Option<Verdict>>,
    /// How many windows were armed.
    pub armed: usize,
    /// Seconds of the command without us, from the start of its process to its end.
    pub plain: f64,
    /// The same with all windows armed; `None` when it did not end by itself.
    pub watched: Option<f64>,
    /// Tests that were run in several threads.
    pub tests: usize,
    /// What a reader of the verdicts should know of the command.
    pub notes: Vec<String>,
}

/// A finding with a window.
struct Suspect {
    finding: usize,
    strategy: &'static str,
    window: protocol::Window,
    seen: Seen,
    found: Option<Found>,
    confirmed: bool,
}

struct Runs<'a> {
    interpreter: &'a Interpreter,
    command: &'a Command,
    options: &'a Options,
    plain: f64,
}

/// Runs a command and gives each finding its verdict. An error is trouble of ours, never of the command.
pub fn replay(
    interpreter: &Interpreter,
    findings: &[&Diagnostic],
    command: &Command,
    options: &Options,
) -> Result<Report, RuntimeError> {
    let started = Instant::now();
    let mut suspects = suspects(findings)?;
    let mut runs = Runs { interpreter, command, options, plain: 0.0 };
    let plain = runs.plain_run()?;
    runs.plain = plain.elapsed.as_secs_f64();
    let mut notes = notes(&plain);
    let all: Vec<usize> = (0..suspects.len()).collect();
    let first = runs.armed(&suspects, &all, &[], runs.plain * SHARE)?;
    note(&mut suspects, &all, &first);
    if first.exit != plain.exit {
        notes.push(format!(
            "with the findings armed the command ended otherwise: {}",
            first.last_words
        ));
    }
    runs.longer(&mut suspects)?;
    runs.again(&mut suspects, &[])?;
    let tests = if command.is_pytest() { runs.in_threads(&mut suspects)? } else { 0 };
    let elapsed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut verdicts = vec![None; findings.len()];
    for it in &suspects {
        if let Some(verdict) = verdicts.get_mut(it.finding) {
            *verdict = Some(Verdict {
                runtime: Some(interpreter.to_string()),
                elapsed_ms: elapsed,
                ..verdict_on(it, command)
            });
        }
    }
    let watched = first.end.map(|_| first.elapsed.as_secs_f64());
    Ok(Report { verdicts, armed: suspects.len(), plain: runs.plain, watched, tests, notes })
}

fn suspects(findings: &[&Diagnostic]) -> Result<Vec<Suspect>, RuntimeError> {
    let mut res = Vec::new();
    for (finding, diagnostic) in findings.iter().enumerate() {
        let Ok(plan) = plan::plan(diagnostic) else { continue };
        let Subject::Window { window, .. } = plan.subject else { continue };
        if !strategy::stops_in_a_window(plan.strategy) {
            continue;
        }
        let mut window = *window;
        for site in [&mut window.first, &mut window.last, &mut window.other] {
            site.file = full(&site.file)?;
            site.root = full(&site.root)?;
        }
        let strategy = strategy::name(plan.strategy);
        let seen = Seen::default();
        res.push(Suspect { finding, strategy, window, seen, found: None, confirmed: false });
    }
    Ok(res)
}

fn notes(plain: &Told) -> Vec<String> {
    let mut res = Vec::new();
    let how = match plain.exit {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(format!("ends with status {code}")),
        Exit::Signal(signal) => Some(format!("is ended by signal {signal}")),
        Exit::TimeLimit | Exit::Cancelled => Some("does not end in time".to_owned()),
        Exit::ProcessLimit => Some("starts too many processes".to_owned()),
    };
    if let Some(how) = how {
        res.push(format!("the command {how} also without findings armed: {}", plain.last_words));
    }
    if plain.end.as_ref().is_some_and(|it| it.gil) {
        res.push("the GIL is on when the command ends: an import switched it on".to_owned());
    }
    res
}

/// Keeps what a run showed of the windows that were armed in it.
fn note(suspects: &mut [Suspect], armed: &[usize], told: &Told) {
    for found in &told.found {
        if let Some(it) = armed.get(found.window).and_then(|it| suspects.get_mut(*it)) {
            it.found = it.found.take().or_else(|| Some(found.clone()));
        }
    }
    let Some(end) = &told.end else { return };
    for (number, seen) in armed.iter().zip(&end.windows) {
        let Some(it) = suspects.get_mut(*number) else { continue };
        it.seen.hits += seen.hits;
        it.seen.passed += seen.passed;
        it.seen.stops += seen.stops;
        it.seen.elsewhere.clone_from(&seen.elsewhere);
        if it.seen.tests.is_empty() {
            it.seen.tests.clone_from(&seen.tests);
        }
    }
}

impl Runs<'_> {
    fn run(&self, request: &Request<'_>) -> Result<Told, RuntimeError> {
        let Options { directory, time_limit, cancel, .. } = self.options;
        child::run(self.interpreter, request, directory, *time_limit, cancel)
    }

    fn request<'a>(&'a self, windows: Vec<Armed<'a>>, tests: &'a [String]) -> Request<'a> {
        let (words, threads) = (self.command.words(), self.options.threads);
        Request { words, windows, stop_seconds: LONG, tests, threads }
    }

    fn plain_run(&self) -> Result<Told, RuntimeError> {
        let request = self.request(Vec::new(), &[]);
        let first = self.run(&request)?;
        if first.elapsed > SHORT { Ok(first) } else { self.run(&request) }
    }

    fn armed(
        &self,
        suspects: &[Suspect],
        which: &[usize],
        tests: &[String],
        stop_seconds: f64,
    ) -> Result<Told, RuntimeError> {
        let windows = which.iter().filter_map(|it| suspects.get(*it)).map(|it| Armed {
            strategy: it.strategy,
            window: &it.window,
            schedule: it.found.as_ref().map(|it| it.schedule.clone()),
        });
        self.run(&Request { stop_seconds, ..self.request(windows.collect(), tests) })
    }

    /// Another run, with more time for stops, for windows that several threads came to.
    fn longer(&self, suspects: &mut [Suspect]) -> Result<(), RuntimeError> {
        let is_open = |it: &Suspect| it.found.is_none() && it.seen.passed > 0;
        let open: Vec<usize> =
            (0..suspects.len()).filter(|it| suspects.get(*it).is_some_and(is_open)).collect();
        if !open.is_empty() {
            let told = self.armed(suspects, &open, &[], LONG)?;
            note(suspects, &open, &told);
        }
        Ok(())
    }

    /// Whether what was found is found again, with the same schedule, in another run.
    fn again(&self, suspects: &mut [Suspect], tests: &[String]) -> Result<(), RuntimeError> {
        for _ in 0..REPETITIONS {
            let open: Vec<usize> = (0..suspects.len())
                .filter(|it| {
                    suspects.get(*it).is_some_and(|it| it.found.is_some() && !it.confirmed)
                })
                .collect();
            if open.is_empty() {
                break;
            }
            let told = self.armed(suspects, &open, tests, LONG)?;
            for found in &told.found {
                if let Some(it) = open.get(found.window).and_then(|it| suspects.get_mut(*it)) {
                    it.confirmed |=
                        it.found.as_ref().is_some_and(|it| it.schedule == found.schedule);
                }
            }
        }
        Ok(())
    }

    /// Runs the tests that came to a window in several threads; how many there were.
    fn in_threads(&self, suspects: &mut [Suspect]) -> Result<usize, RuntimeError> {
        let mut open = Vec::new();
        let mut tests: Vec<String> = Vec::new();
        for (number, it) in suspects.iter().enumerate() {
            if it.found.is_none() && !it.seen.tests.is_empty() {
                open.push(number);
                tests.extend(it.seen.tests.iter().take(TESTS).cloned());
            }
        }
        tests.sort();
        tests.dedup();
        if tests.is_empty() {
            return Ok(0);
        }
        let told = self.armed(suspects, &open, &tests, LONG)?;
        note(suspects, &open, &told);
        self.again(suspects, &tests)?;
        Ok(tests.len())
    }
}

fn verdict_on(suspect: &Suspect, command: &Command) -> Verdict {
    let seen = &suspect.seen;
    let mut res = judge::blank(Status::NotReproduced);
    res.strategy = Some(suspect.strategy.to_owned());
    res.evidence = (seen.stops > 0).then(|| command.level());
    if let Some(found) = &suspect.found {
        res.evidence = Some(command.level());
        let place = if found.test.is_empty() { command.text() } else { &found.test };
        if suspect.confirmed {
            res.status = Status::Confirmed;
            res.violation = Some(found.violation.clone());
            res.witness = judge::witness(&suspect.window, &found.steps);
            res.reason =
                Some(format!("seen in two runs of `{place}`, stopped as {}", found.schedule));
        } else {
            res.reason = Some(format!(
                "a violation was seen once in `{place}` and not again: {}",
                found.violation
            ));
        }
        return res;
    }
    let text = command.text();
    res.reason = Some(if seen.stops > 0 {
        let stops = seen.stops;
        format!("`{text}` ran, a thread was stopped in the window {stops} times, and nothing broke")
    } else {
        res.status = Status::NotReplayable;
        match (seen.hits, seen.passed) {
            (0, _) if !seen.elsewhere.is_empty() => format!(
                "`{text}` imports `{}` from {}, which is not the source that was analysed; install the project in place (`pip install -e .`)",
                suspect.window.last.module, seen.elsewhere
            ),
            (0, _) => format!("`{text}` does not come to the window"),
            (_, 0) => format!("`{text}` comes to the window with one thread only"),
            _ => format!("`{text}` comes to the window, but no thread could be stopped there"),
        }
    });
    res
}
