//! The command line, as clap sees it. Only words and types; what they do is elsewhere.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ftlint_analyzer::rule::Confidence;
use ftlint_analyzer::settings::{OutputFormat, TargetVersion};
use ftlint_runtime::entry::Command as Entry;
use ftlint_runtime::pinned::Pinned;

use crate::extensions::ExtensionsArgs;
use crate::readiness::ReadinessArgs;

/// Finds data races in Python that appear without the GIL, and proves them by replay.
#[derive(Debug, Parser)]
#[command(
    name = "ftlint",
    version,
    override_usage = "ftlint [check] [OPTIONS] [PATH]...\n       ftlint rule|extensions|readiness|runtime|server ...",
    after_help = "`check` may be left out: `ftlint src/` is `ftlint check src/`; `ftlint check --help` has the options.\n\
                  Exit status: 0 nothing found, 1 findings, 2 wrong usage, configuration or unreadable input."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look for races in files and directories (the default)
    Check(Box<CheckArgs>),
    /// Explain a rule
    Rule(RuleArgs),
    /// Show what extension files declare about the GIL: in an environment, files or wheels
    Extensions(ExtensionsArgs),
    /// Say what stands between a project and a free-threaded interpreter
    Readiness(Box<ReadinessArgs>),
    /// Find or install the free-threaded Python that --replay runs on
    Runtime(RuntimeArgs),
    /// Speak the language server protocol on standard input and output
    Server,
}

/// Options of `check`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags are independent of each other")]
pub(crate) struct CheckArgs {
    /// Files and directories; `-` is standard input
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// RUN THE CODE behind each finding, to see whether it breaks
    ///
    /// This executes your code: the modules of the finding are imported and their functions called, in a child process
    /// of a free-threaded Python with limits on time, memory, processes and output, an empty home directory and a clean
    /// environment. On Linux it writes files only in a temporary directory and has no network; it can read what you
    /// can. Elsewhere there is no sandbox: do not replay code that you would not run.
    #[arg(long)]
    pub(crate) replay: bool,

    /// Mend what can be mended without a change for one thread
    #[arg(long, conflicts_with_all = ["replay", "diff"], help_heading = "Fixes")]
    pub(crate) fix: bool,

    /// With --fix or --diff: also edits that a person has to look at
    #[arg(long, help_heading = "Fixes")]
    pub(crate) unsafe_fixes: bool,

    /// Show the edits that --fix would make, and write nothing
    #[arg(long, conflicts_with = "replay", help_heading = "Fixes")]
    pub(crate) diff: bool,

    /// So many replays run at once; the number of processors if nothing is said
    #[arg(long, requires = "replay", value_name = "N", help_heading = "Replay")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Neither show nor keep verdicts of earlier runs
    #[arg(long, env = "FTLINT_NO_CACHE", value_parser = clap::builder::FalseyValueParser::new(), help_heading = "Replay")]
    pub(crate) no_cache: bool,

    /// Replay without a sandbox, for code that needs sockets or writes elsewhere
    #[arg(long, requires = "replay", help_heading = "Replay")]
    pub(crate) no_sandbox: bool,

    /// Repeat one schedule, as printed with a confirmed finding
    #[arg(long, requires = "replay", value_name = "SCHEDULE", help_heading = "Replay")]
    pub(crate) schedule: Option<Pinned>,

    /// Run this command with all findings armed, instead of each finding by itself: `python -m app`, `pytest -q`
    #[arg(
        long,
        requires = "replay",
        conflicts_with = "schedule",
        value_name = "COMMAND",
        help_heading = "Replay"
    )]
    pub(crate) entry: Option<Entry>,

    /// Interpreter to replay on; its packages are taken for the installed ones
    #[arg(long, value_name = "PATH", help_heading = "Replay")]
    pub(crate) python: Option<PathBuf>,

    /// Install a free-threaded Python without asking when there is none
    #[arg(long, help_heading = "Replay")]
    pub(crate) yes: bool,

    /// Rules to report: codes, prefixes (`FTL1`), names, or `ALL`; instead of the configured ones
    #[arg(long, value_delimiter = ',', value_name = "RULE", help_heading = "Rules")]
    pub(crate) select: Vec<String>,

    /// Rules not to report; instead of the configured ones
    #[arg(long, value_delimiter = ',', value_name = "RULE", help_heading = "Rules")]
    pub(crate) ignore: Vec<String>,

    /// Report only findings that are at least this sure [default: medium]
    #[arg(long, value_name = "LEVEL", help_heading = "Rules")]
    pub(crate) min_confidence: Option<MinConfidence>,

    /// The free-threaded Python that the code is for; what is atomic differs [default: 3.14t]
    #[arg(long, value_name = "VERSION", help_heading = "Rules")]
    pub(crate) target_version: Option<Target>,

    /// How to print findings [default: full]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output_format: Option<Format>,

    /// Write an HTML page of the findings, with the interleavings drawn
    #[arg(long, value_name = "FILE.html", value_parser = page, help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,

    /// When to use colours; `auto` is a terminal without `NO_COLOR`
    #[arg(long, default_value = "auto", value_name = "WHEN", help_heading = "Output")]
    pub(crate) color: Color,

    /// Exit with 0 in spite of findings
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_zero: bool,

    /// Read no configuration files
    #[arg(long, help_heading = "Input")]
    pub(crate) isolated: bool,

    /// Leave out excluded files even when they are named
    #[arg(long, help_heading = "Input")]
    pub(crate) force_exclude: bool,

    /// The path that standard input stands for; says `-` by itself
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(crate) stdin_filename: Option<PathBuf>,
}

impl CheckArgs {
    /// Whether standard input is what to check, or a part of it.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.stdin_filename.is_some() || self.paths.iter().any(|it| it.as_os_str() == "-")
    }
}

/// Options of `rule`.
#[derive(Args, Debug)]
pub(crate) struct RuleArgs {
    /// Code or name
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "CODE")]
    pub(crate) rule: Option<String>,
    /// All rules
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print
    #[arg(long, default_value = "markdown", value_name = "FORMAT")]
    pub(crate) output_format: RuleFormat,
}

/// Options of `runtime`.
#[derive(Args, Debug)]
pub(crate) struct RuntimeArgs {
    /// What to do with interpreters.
    #[command(subcommand)]
    pub(crate) command: RuntimeCommand,
}

/// What to do with interpreters.
#[derive(Debug, Subcommand)]
pub(crate) enum RuntimeCommand {
    /// Show the interpreters that were found, and which one --replay takes
    List {
        /// As in `check`
        #[arg(long, value_name = "PATH")]
        python: Option<PathBuf>,
    },
    /// Put a free-threaded Python into ftlint's own cache
    Install {
        /// `3.14` or `3.14.5`, for example
        version: Option<String>,
        /// Source tarball to build from
        #[arg(long, value_name = "FILE|URL")]
        source: Option<String>,
        /// Accepted for scripts that say it; nothing is asked here
        #[arg(long, short)]
        yes: bool,
    },
    /// Make an environment with the dependencies that a project declares, and print its interpreter
    Env(EnvArgs),
}

/// Options of `runtime env`.
#[derive(Args, Debug)]
pub(crate) struct EnvArgs {
    /// The directory with `pyproject.toml` or `requirements.txt`
    #[arg(default_value = ".", value_name = "PROJECT")]
    pub(crate) project: PathBuf,
    /// As in `check`
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// Build what has no wheel, which runs the code of its build
    #[arg(long)]
    pub(crate) allow_builds: bool,
    /// Install without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// A level of confidence.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MinConfidence {
    /// Shared only if a user of the library shares it
    Low,
    /// The code shows the intent to be used from several threads
    Medium,
    /// Both threads are started by the analysed program
    High,
}

impl From<MinConfidence> for Confidence {
    fn from(it: MinConfidence) -> Self {
        match it {
            MinConfidence::Low => Confidence::Low,
            MinConfidence::Medium => Confidence::Medium,
            MinConfidence::High => Confidence::High,
        }
    }
}

/// A free-threaded Python.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Target {
    /// `CPython` 3.13, free-threaded
    #[value(name = "3.13t")]
    Py313t,
    /// `CPython` 3.14, free-threaded
    #[value(name = "3.14t")]
    Py314t,
    /// `CPython` 3.15, free-threaded
    #[value(name = "3.15t")]
    Py315t,
}

impl From<Target> for TargetVersion {
    fn from(it: Target) -> Self {
        match it {
            Target::Py313t => TargetVersion::Py313t,
            Target::Py314t => TargetVersion::Py314t,
            Target::Py315t => TargetVersion::Py315t,
        }
    }
}

/// A format of findings.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// One line for each finding
    Concise,
    /// With the code and the interleaving
    Full,
    /// One JSON list
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// `JUnit` XML
    Junit,
}

impl From<Format> for OutputFormat {
    fn from(it: Format) -> Self {
        match it {
            Format::Concise => OutputFormat::Concise,
            Format::Full => OutputFormat::Full,
            Format::Json => OutputFormat::Json,
            Format::Sarif => OutputFormat::Sarif,
            Format::Github => OutputFormat::Github,
            Format::Junit => OutputFormat::Junit,
        }
    }
}

/// A format of rule pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleFormat {
    /// The page
    Markdown,
    /// The page and its metadata
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A page is written over what is there, so a slip of the fingers must not name a source file.
fn page(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(OsStr::to_str) {
        Some("html" | "htm") => Ok(path),
        _ => Err("a report is a file that ends in .html".to_owned()),
    }
}

/// The arguments of this process, with the word `check` put in where it was left out.
pub(crate) fn with_default_command(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut res: Vec<OsString> = args.into_iter().collect();
    let words = [
        "check",
        "rule",
        "extensions",
        "readiness",
        "runtime",
        "server",
        "help",
        "-h",
        "--help",
        "-V",
        "--version",
    ]
    .map(OsStr::new);
    if !res.get(1).is_some_and(|it| words.contains(&it.as_os_str())) {
        res.insert(res.len().min(1), "check".into());
    }
    res
}
