//! Runs a candidate and believes only what it says about itself.

use super::{Interpreter, OLDEST, Origin, Outcome, Version};
use crate::error::RuntimeError;
use crate::process::{Exit, Job, Outcome as Ran, run};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a candidate may take. A cold disk is slow; one that asks for input or hangs is not waited for longer.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Its answer goes to a file, for a shim may print. It must be valid for every Python 3, to be told its version.
const QUESTION: &str = r#"
import json, sys, sysconfig
answer = {
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:3]),
    "release": sys.version.split()[0],
    "executable": sys.executable,
    "prefix": sys.prefix,
    "built_without_gil": sysconfig.get_config_var("Py_GIL_DISABLED") == 1,
    "gil_enabled": getattr(sys, "_is_gil_enabled", lambda: True)(),
}
with open(sys.argv[1], "w") as file:
    file.write(json.dumps(answer) + "\n")
"#;

/// What a shim (pyenv, asdf, mise) needs to find its interpreter, beside what every child gets.
const FOR_SHIMS: &[&str] =
    &["PATH", "HOME", "PYENV_ROOT", "PYENV_VERSION", "ASDF_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR"];

#[derive(serde::Deserialize)]
struct Answer {
    implementation: String,
    version: (u32, u32, u32),
    release: String,
    executable: PathBuf,
    prefix: PathBuf,
    built_without_gil: bool,
    gil_enabled: bool,
}

/// An outcome, and what tells it from the same interpreter under another name: a virtual environment has its own
/// prefix with the executable of another.
pub(super) struct Probed {
    pub(super) outcome: Outcome,
    pub(super) identity: Option<(PathBuf, PathBuf)>,
}

/// Runs `path` with `-I -S`, so that neither variables nor the user's files have a say.
pub(super) fn probe(
    path: &Path,
    origin: Origin,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Probed, RuntimeError> {
    let mut job = Job::new(path)?;
    job.args = ["-I", "-S", "-c", QUESTION].map(OsString::from).into();
    job.args.push(job.scratch.results().into());
    job.env =
        FOR_SHIMS.iter().filter_map(|name| Some((OsString::from(name), env(name)?))).collect();
    // Shims look for a version file from here upwards.
    job.directory = std::env::current_dir().ok();
    job.limits.wall = TIME_LIMIT;
    let judged = match run(&job) {
        Ok(ran) => understand(&ran).and_then(|answer| judge(answer, origin)),
        Err(RuntimeError::Io { source, .. }) => Err(source.to_string()),
        Err(error) => return Err(error),
    };
    Ok(match judged {
        Ok((interpreter, identity)) => {
            Probed { outcome: Outcome::Usable(interpreter), identity: Some(identity) }
        }
        Err(reason) => Probed { outcome: Outcome::Rejected(reason), identity: None },
    })
}

fn understand(ran: &Ran) -> Result<Answer, String> {
    let complaint = |what: String| {
        let text = ran.stderr.text();
        let said = text.lines().map(str::trim).find(|line| !line.is_empty());
        said.map_or(what.clone(), |said| {
            format!("{what}: {}", said.chars().take(120).collect::<String>())
        })
    };
    match ran.exit {
        Exit::Code(0) => {}
        Exit::Code(code) => return Err(complaint(format!("ended with code {code}"))),
        Exit::Signal(signal) => return Err(complaint(format!("ended by signal {signal}"))),
        Exit::TimeLimit => return Err(format!("gave no answer in {} s", TIME_LIMIT.as_secs())),
        Exit::ProcessLimit => return Err("started too many processes".into()),
        Exit::Cancelled => return Err("stopped".into()),
    }
    let answer = ran.results.first().and_then(|line| serde_json::from_str(line).ok());
    answer.ok_or_else(|| complaint("is not a Python".into()))
}

fn judge(answer: Answer, origin: Origin) -> Result<(Interpreter, (PathBuf, PathBuf)), String> {
    let (major, minor, micro) = answer.version;
    let version = Version { major, minor, micro };
    if answer.implementation != "cpython" {
        return Err(format!("is {}, not CPython", answer.implementation));
    }
    if (major, minor) < OLDEST {
        return Err(format!("is CPython {version}, older than {}.{}", OLDEST.0, OLDEST.1));
    }
    if !answer.executable.is_absolute() {
        return Err("does not know its own executable".into());
    }
    let real = answer.executable.canonicalize().unwrap_or_else(|_| answer.executable.clone());
    let free_threaded = answer.built_without_gil && !answer.gil_enabled;
    let interpreter = Interpreter {
        executable: answer.executable,
        version,
        release: answer.release,
        free_threaded,
        origin,
    };
    Ok((interpreter, (real, answer.prefix)))
}
