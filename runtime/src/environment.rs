//! `ftlint runtime env`: a virtual environment of a free-threaded interpreter with what a project declares to need.
//!
//! It is in ftlint's cache, never in the project, and named by what went into it. Where packages come from is what the
//! machine's own configuration of pip says.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::error::RuntimeError;
use crate::install::{Progress, cache_directory, tool};
use crate::interpreter::Interpreter;
use crate::process::{self, Exit, Job};

const HELPER: &str = include_str!("../harness/environment.py");

/// The file that says that an environment is complete; it holds the requirements that could not be had.
const COMPLETE: &str = "ftlint-complete.json";

/// For the imports of all extension modules.
const IMPORTS: Duration = Duration::from_mins(3);

/// Files whose content decides which versions there are.
const LOCKS: [&str; 4] = ["uv.lock", "pylock.toml", "poetry.lock", "requirements.txt"];

/// Whether packages may be built, which runs their build scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builds {
    /// They may.
    Allowed,
    /// Only wheels.
    Refused,
}

/// What a project needs, and where it is or would be installed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Requirements as the project declares them.
    pub requirements: Vec<String>,
    /// The directory of the environment.
    pub directory: PathBuf,
    builds: Builds,
}

/// An environment that is there.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its interpreter, for `--python`.
    pub python: PathBuf,
    /// Requirements that could not be installed, each with the reason.
    pub missing: Vec<(String, String)>,
    /// Distributions whose import switches the GIL on.
    pub gil: Vec<String>,
}

#[derive(Deserialize)]
struct Native {
    name: String,
    gil: bool,
}

/// Reads what the project declares. Installs nothing.
pub fn wanted(
    interpreter: &Interpreter,
    project: &Path,
    builds: Builds,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Wanted, RuntimeError> {
    let no_place = "there is no place for the cache: set FTLINT_CACHE_DIR or HOME";
    let cache = cache_directory(env).ok_or_else(|| RuntimeError::Install(no_place.to_owned()))?;
    let full = project
        .canonicalize()
        .map_err(RuntimeError::io(format!("cannot read {}", project.display())))?;
    let lines = ask(&interpreter.executable, &["declared".into(), full.clone().into()])?;
    let requirements = parse::<String>(&lines)?;
    let mut hash = Sha256::new();
    hash.update(format!("{interpreter}\n{}\n{builds:?}\n", interpreter.executable.display()));
    hash.update(requirements.join("\n"));
    for name in LOCKS {
        hash.update(fs::read(full.join(name)).unwrap_or_default());
    }
    let start = hash.finalize().iter().take(8).fold(0_u64, |sum, it| sum << 8 | u64::from(*it));
    let directory = cache.join("env").join(format!("{start:016x}"));
    Ok(Wanted { requirements, directory, builds })
}

impl Wanted {
    /// The environment, when it was made before.
    pub fn made(&self) -> Option<Environment> {
        let text = fs::read(self.directory.join(COMPLETE)).ok()?;
        let (missing, gil) = serde_json::from_slice(&text).ok()?;
        let python = self.python();
        python.exists().then_some(Environment { python, missing, gil })
    }

    fn python(&self) -> PathBuf {
        self.directory.join("bin").join("python")
    }
}

/// Makes the environment. What cannot be installed is named and left out.
pub fn make(
    interpreter: &Interpreter,
    wanted: &Wanted,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Environment, RuntimeError> {
    let directory = &wanted.directory;
    let parent = directory.parent().unwrap_or(directory);
    tool::make_directory(parent)?;
    let path = parent.join(".lock");
    let cannot = || RuntimeError::io(format!("cannot lock {}", path.display()));
    let lock = fs::File::options().create(true).append(true).open(&path).map_err(cannot())?;
    lock.lock().map_err(cannot())?;
    // Another ftlint may have made it while we waited.
    if let Some(it) = wanted.made() {
        return Ok(it);
    }
    if directory.exists() {
        fs::remove_dir_all(directory)
            .map_err(RuntimeError::io("cannot remove a half environment"))?;
    }
    let log = directory.with_extension("log");
    progress(Progress::Step("making a virtual environment"));
    let mut venv = Command::new(&interpreter.executable);
    tool::must(venv.args(["-m", "venv"]).arg(directory), &log, progress)?;
    let missing = install(wanted, &log, progress)?;
    progress(Progress::Step("importing extension modules"));
    let natives = parse::<Native>(&ask(&wanted.python(), &["natives".into()])?)?;
    let gil: Vec<String> = natives.into_iter().filter(|it| it.gil).map(|it| it.name).collect();
    let text = serde_json::to_vec(&(&missing, &gil))
        .map_err(|it| RuntimeError::Harness(it.to_string()))?;
    fs::write(directory.join(COMPLETE), text)
        .map_err(RuntimeError::io("cannot finish the environment"))?;
    Ok(Environment { python: wanted.python(), missing, gil })
}

/// All at once, so that versions fit together; one by one when that fails, to learn which cannot be had.
fn install(
    wanted: &Wanted,
    log: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<(String, String)>, RuntimeError> {
    let requirements = &wanted.requirements;
    if requirements.is_empty() || pip(wanted, requirements, log, progress)? {
        return Ok(Vec::new());
    }
    let mut missing = Vec::new();
    for it in requirements {
        if !pip(wanted, std::slice::from_ref(it), log, progress)? {
            let said = tool::tail(log, 1).pop().unwrap_or_default();
            missing.push((it.clone(), said.trim_start_matches("ERROR: ").to_owned()));
        }
    }
    Ok(missing)
}

fn pip(
    wanted: &Wanted,
    requirements: &[String],
    log: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<bool, RuntimeError> {
    progress(Progress::Step(&format!("installing {}", requirements.join(", "))));
    let mut command = Command::new(wanted.python());
    command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
    if wanted.builds == Builds::Refused {
        command.args(["--only-binary", ":all:"]);
    }
    // A requirement is never an option of pip.
    command.arg("--").args(requirements);
    Ok(tool::run(&mut command, log, progress)?.success())
}

fn ask(python: &Path, question: &[OsString]) -> Result<Vec<String>, RuntimeError> {
    let mut job = Job::new(python)?;
    job.args = vec!["-c".into(), HELPER.into()];
    job.args.extend(question.iter().cloned());
    job.args.push(job.scratch.results().into());
    job.limits.wall = IMPORTS;
    let outcome = process::run(&job)?;
    if outcome.exit == Exit::Code(0) {
        return Ok(outcome.results);
    }
    let said = outcome.stderr.text();
    let last = said.trim_end().lines().last().unwrap_or_default();
    Err(RuntimeError::Install(format!("cannot read what the project declares: {last}")))
}

fn parse<T: for<'a> Deserialize<'a>>(lines: &[String]) -> Result<Vec<T>, RuntimeError> {
    let parsed = lines.iter().map(|it| serde_json::from_str(it)).collect::<Result<_, _>>();
    parsed.map_err(|it| RuntimeError::Harness(it.to_string()))
}
