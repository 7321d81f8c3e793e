//! `ftlint readiness`: one page for the person who decides whether a project can move to a free-threaded interpreter. What
//! its dependencies do there, what was found in its own code, and what remains to be done. Nothing is run or fetched.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Parser as _, ValueEnum};
use ftlint_analyzer::rule::Confidence;
use ftlint_dependencies::ready::{Judged, Question, Status};
use ftlint_dependencies::survey::Survey;
use ftlint_dependencies::tags::{Platform, System};
use ftlint_project::installed::environment;
use ftlint_project::paths::{Short, absolute};
use ftlint_project::surroundings;
use ftlint_runtime::verdict;
use serde::Serialize;

use crate::FAILED;
use crate::args::{self, Cli, Command};
use crate::check;
use crate::console::Console;
use crate::output::Finding;

mod collected;
mod markdown;
mod page;
mod text;

/// Something stands in the way.
const REMAINS: u8 = 1;

/// Options of `readiness`.
#[derive(Args, Debug)]
pub(crate) struct ReadinessArgs {
    /// Directory of the project
    #[arg(default_value = ".", value_name = "PATH")]
    path: PathBuf,

    /// Release to move to
    #[arg(long, value_enum, value_name = "VERSION")]
    target_version: Option<args::Target>,

    /// Platform that wheels have to be for; this machine's if nothing is said
    #[arg(long, value_enum, value_name = "PLATFORM")]
    platform: Option<Machine>,

    /// Interpreter or directory of the environment to read
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,

    /// Format of the report
    #[arg(long, value_enum, default_value_t = Shape::Text, value_name = "FORMAT")]
    output_format: Shape,

    /// Write the report to a file instead
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// End with status 0 also when something remains to be done
    #[arg(long)]
    exit_zero: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Machine {
    LinuxX86_64,
    LinuxArm64,
    MacosX86_64,
    MacosArm64,
    WindowsX86_64,
    WindowsArm64,
}

impl From<Machine> for Platform {
    fn from(it: Machine) -> Self {
        let (system, is_arm) = match it {
            Machine::LinuxX86_64 => (System::Linux, false),
            Machine::LinuxArm64 => (System::Linux, true),
            Machine::MacosX86_64 => (System::Macos, false),
            Machine::MacosArm64 => (System::Macos, true),
            Machine::WindowsX86_64 => (System::Windows, false),
            Machine::WindowsArm64 => (System::Windows, true),
        };
        Platform { system, is_arm }
    }
}

/// A format of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// For people at a terminal
    Text,
    /// One object
    Json,
    /// For a pull request or a wiki
    Markdown,
    /// One page that needs nothing else
    Html,
}

/// All that the page says. The order of the fields is that of the JSON output.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Of ftlint.
    version: &'static str,
    /// `3.14t`.
    target: String,
    platform: String,
    /// The manifests and lock files that were read, and the environment.
    sources: Vec<String>,
    /// What holds for the project as a whole.
    notes: Vec<String>,
    dependencies: Vec<Dependency>,
    findings: Vec<RuleCount>,
    /// What to do, most urgent first.
    remaining: Vec<String>,
}

/// One dependency.
#[derive(Debug, Serialize)]
struct Dependency {
    name: String,
    version: Option<String>,
    status: &'static str,
    why: String,
    advice: String,
    /// `uv.lock:12`.
    place: String,
    /// How it comes into the project.
    chain: Vec<String>,
    #[serde(skip)]
    class: Status,
}

/// The findings of one rule.
#[derive(Debug, Default, Serialize)]
struct RuleCount {
    code: &'static str,
    name: &'static str,
    high: usize,
    medium: usize,
    low: usize,
    /// By a replay, of this run's code.
    confirmed: usize,
    not_reproduced: usize,
    /// Not replayed, or not replayable.
    open: usize,
}

/// Runs the command.
pub(crate) fn run(args: &ReadinessArgs) -> anyhow::Result<u8> {
    let console = Console::default();
    let cwd = std::env::current_dir().context("the working directory cannot be read")?;
    let path = absolute(&cwd, &args.path);
    anyhow::ensure!(path.is_dir(), "{} is no directory", args.path.display());
    let checked = check::quietly(&check_args(&path, args)?)?;
    let asked = args.target_version.map(Into::into).or(checked.settings.target_version);
    // The release that a migration aims at today.
    let target = surroundings::target(asked);
    let short = Short::new(cwd);
    let environment = environment(&checked.project, args.python.as_deref());
    let platform = args.platform.map_or_else(Platform::here, Into::into);
    let question = Question { target, platform, environment: environment.as_ref() };
    let mut problems = checked.problems;
    let places = if checked.project == path { vec![path] } else { vec![path, checked.project] };
    let survey = Survey::of(&places, &question);
    problems.extend(survey.problems.iter().map(ToString::to_string));
    let report = collected::report(survey, &question, &checked.findings, &short);
    for problem in &problems {
        console.error(problem);
    }
    let told = match args.output_format {
        Shape::Text => text::render(&report),
        Shape::Json => serde_json::to_string_pretty(&report)? + "\n",
        Shape::Markdown => markdown::render(&report),
        Shape::Html => page::render(&report),
    };
    match &args.output {
        Some(file) => std::fs::write(file, told)
            .with_context(|| format!("the report {} cannot be written", file.display()))?,
        None => io::stdout().lock().write_all(told.as_bytes())?,
    }
    let remains = report.dependencies.iter().any(|it| it.class < Status::Slow)
        || !report.findings.is_empty()
        || !report.notes.is_empty();
    Ok(match (problems.is_empty(), remains && !args.exit_zero) {
        (false, _) => FAILED,
        (true, remains) => u8::from(remains) * REMAINS,
    })
}

/// The options with which `ftlint check PATH` would run.
fn check_args(path: &Path, args: &ReadinessArgs) -> anyhow::Result<args::CheckArgs> {
    let mut words = vec!["ftlint".into(), "check".into(), path.as_os_str().to_owned()];
    if let Some(python) = &args.python {
        words.extend(["--python".into(), python.as_os_str().to_owned()]);
    }
    match Cli::try_parse_from(words)?.command {
        Command::Check(mut it) => {
            it.target_version = args.target_version;
            Ok(*it)
        }
        _ => anyhow::bail!("`check` is another command"),
    }
}

fn counts<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<RuleCount> {
    let mut res: BTreeMap<&str, RuleCount> = BTreeMap::new();
    for it in findings {
        let rule = it.diagnostic.rule;
        let count = res.entry(rule.code).or_default();
        (count.code, count.name) = (rule.code, rule.name);
        *match it.diagnostic.confidence {
            Confidence::High => &mut count.high,
            Confidence::Medium => &mut count.medium,
            Confidence::Low => &mut count.low,
        } += 1;
        *match it.verdict.as_ref().map(|it| it.status) {
            Some(verdict::Status::Confirmed) => &mut count.confirmed,
            Some(verdict::Status::NotReproduced) => &mut count.not_reproduced,
            _ => &mut count.open,
        } += 1;
    }
    res.into_values().collect()
}

/// What to do, most urgent first, one line for each thing.
fn remaining(judged: &[Judged], counts: &[RuleCount]) -> Vec<String> {
    let mut res = Vec::new();
    for it in judged.iter().filter(|it| it.status < Status::Slow) {
        let version = it.version.as_ref().map_or_else(String::new, |it| format!(" {it}"));
        res.push(format!("{}{version} ({}): {}", it.name, it.status.words(), it.advice));
    }
    let n_unknown = judged.iter().filter(|it| it.status == Status::Unknown).count();
    if n_unknown > 0 {
        res.push(format!(
            "{n_unknown} {}: install into a free-threaded environment, and ask again with --python",
            if n_unknown == 1 { "dependency is unknown" } else { "dependencies are unknown" }
        ));
    }
    let sum = |count: fn(&RuleCount) -> usize| counts.iter().map(count).sum::<usize>();
    let confirmed = sum(|it| it.confirmed);
    if confirmed > 0 {
        res.push(format!("{} confirmed by a replay: mend first", races(confirmed)));
    }
    let rest = sum(|it| it.open + it.not_reproduced);
    if rest > 0 {
        res.push(format!(
            "{} without a confirmation: read them, or run `ftlint check --replay`",
            races(rest)
        ));
    }
    res
}

fn races(n: usize) -> String {
    if n == 1 { "1 finding".to_owned() } else { format!("{n} findings") }
}

impl Report {
    /// How many dependencies have a status.
    fn count(&self, status: Status) -> usize {
        self.dependencies.iter().filter(|it| it.class == status).count()
    }

    /// One sentence that says how it stands.
    fn headline(&self) -> String {
        let blocked = self.dependencies.iter().filter(|it| it.class < Status::Slow).count();
        let findings: usize = self.findings.iter().map(|it| it.high + it.medium + it.low).sum();
        match (blocked, findings, self.notes.is_empty()) {
            (0, 0, true) => format!(
                "Nothing is known to stand in the way of {}. That is no proof.",
                self.target
            ),
            (0, 0, false) => format!("The project is not declared for {}.", self.target),
            (0, _, _) => {
                format!("The dependencies are in no one's way; {} in the code.", races(findings))
            }
            (n, _, _) => format!(
                "{n} {} in the way of {}; {} in the code.",
                if n == 1 { "dependency stands" } else { "dependencies stand" },
                self.target,
                races(findings)
            ),
        }
    }
}

/// All that a dependency can be, from the worst to the best.
const STATUSES: [Status; 6] =
    [Status::Gil, Status::NoWheel, Status::TooOld, Status::Slow, Status::Unknown, Status::Ready];
