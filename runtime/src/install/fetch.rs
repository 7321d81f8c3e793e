//! Gets a source release, from a file or over the network, and lets none pass whose checksum is not pinned.
//!
//! Downloads are left to the tools that know the machine's proxies and certificates: curl, wget or Python. It does not
//! matter whom the bytes come from: only the checksum decides.

use super::pins::{PINS, Pin};
use super::tool;
use super::{Progress, Wanted};
use crate::error::RuntimeError;
use crate::interpreter::Env;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where releases are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The project's own site.
    PythonOrg,
    /// A package repository that this machine's apt uses, as a URL.
    AptMirror(String),
}

/// Printed to people, so without the URL: it may hold a password.
impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Base::PythonOrg => "python.org",
            Base::AptMirror(_) => "this machine's package mirror",
        })
    }
}

/// A download that brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// The other side answered, and has no such file.
    Refused,
    /// Nobody answered; it is no use to ask there again.
    Unreachable,
}

/// A tarball that is one of [`PINS`].
pub(super) type Tarball = (PathBuf, &'static Pin);

/// From `--source`, a file or a URL. Its checksum says which version it is.
pub(super) fn given(
    source: &str,
    wanted: &Wanted,
    workspace: &Path,
    env: Env<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Tarball, RuntimeError> {
    let file = if source.contains("://") {
        progress(Progress::Step("downloading the given source"));
        let file = workspace.join("source.tar.xz");
        let log = workspace.join("download.log");
        download(source, &file, &log, env, progress)?.map_err(|_| {
            RuntimeError::Install(format!("cannot download the given source: {}", last_words(&log)))
        })?;
        file
    } else {
        PathBuf::from(source)
    };
    let sum = checksum(&file)?;
    let Some(pin) = PINS.iter().find(|pin| pin.sha256 == sum) else {
        let known = super::offered().join(", ");
        return Err(RuntimeError::Install(format!(
            "the given source has the SHA-256 {sum}, which is not that of a known release ({known}, each as .tar.xz)"
        )));
    };
    if !wanted.fits(pin.version) {
        return Err(RuntimeError::Install(format!(
            "the given source is CPython {}, not {wanted}",
            pin.text
        )));
    }
    Ok((file, pin))
}

/// The first wanted release that can be had.
pub(super) fn first(
    wanted: &Wanted,
    workspace: &Path,
    env: Env<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Tarball, RuntimeError> {
    let mut bases = vec![Base::PythonOrg];
    bases.extend(apt_mirrors(env));
    let mut tried = Vec::new();
    for pin in PINS.iter().filter(|pin| wanted.fits(pin.version)) {
        for base in bases.clone() {
            progress(Progress::Step(&format!("downloading CPython {} from {base}", pin.text)));
            let file = workspace.join(format!("Python-{}.tar.xz", pin.text));
            let got =
                download(&pin.url(&base), &file, &workspace.join("download.log"), env, progress)?;
            let what = match got {
                Ok(()) if checksum(&file)? == pin.sha256 => return Ok((file, pin)),
                Ok(()) => "has another checksum than the release",
                Err(Failure::Refused) => "is not there",
                Err(Failure::Unreachable) => {
                    bases.retain(|it| *it != base);
                    "cannot be reached"
                }
            };
            tried.push(format!("\n  {} from {base}: {what}", pin.text));
        }
    }
    Err(RuntimeError::Install(format!(
        "no source release of CPython can be had{}\ngive one with --source FILE or --source URL",
        tried.concat()
    )))
}

/// The repositories of this machine's apt; none where there is no apt.
fn apt_mirrors(env: Env<'_>) -> Vec<Base> {
    let Some(apt) = tool::locate("apt-get", env) else { return Vec::new() };
    let asked = Command::new(apt)
        .args(["indextargets", "--format", "$(REPO_URI)"])
        .stdin(Stdio::null())
        .output();
    let mut mirrors = Vec::new();
    for line in String::from_utf8_lossy(&asked.map(|it| it.stdout).unwrap_or_default()).lines() {
        let base = Base::AptMirror(line.trim().to_owned());
        if line.starts_with("http") && !mirrors.contains(&base) {
            mirrors.push(base);
        }
    }
    mirrors
}

/// Without a proxy or a certificate of our own; each tool gives up when nothing comes for a while.
fn download(
    url: &str,
    file: &Path,
    log: &Path,
    env: Env<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Result<(), Failure>, RuntimeError> {
    const PYTHON: &str = "
import shutil, sys, urllib.error, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], timeout=20) as answer, open(sys.argv[2], 'wb') as file:
        shutil.copyfileobj(answer, file)
except urllib.error.HTTPError as error:
    sys.exit(8)
";
    // The exit code with which each tool says that the other side answered with an error.
    let (mut command, refused) = if let Some(curl) = tool::locate("curl", env) {
        let mut curl = Command::new(curl);
        curl.args([
            "-fsSL",
            "--connect-timeout",
            "10",
            "--speed-limit",
            "1000",
            "--speed-time",
            "30",
            "-o",
        ]);
        curl.arg(file).arg("--").arg(url);
        (curl, 22)
    } else if let Some(wget) = tool::locate("wget", env) {
        let mut wget = Command::new(wget);
        wget.args(["-nv", "--timeout=20", "--tries=1", "-O"]).arg(file).arg("--").arg(url);
        (wget, 8)
    } else if let Some(python) = tool::locate("python3", env) {
        let mut python = Command::new(python);
        python.args(["-I", "-c", PYTHON]).arg(url).arg(file);
        (python, 8)
    } else {
        return Err(RuntimeError::MissingTool(
            "a download needs curl, wget or python3: install one of them".into(),
        ));
    };
    let status = tool::run(&mut command, log, progress)?;
    Ok(match status.code() {
        Some(0) => Ok(()),
        Some(code) if code == refused => Err(Failure::Refused),
        _ => Err(Failure::Unreachable),
    })
}

fn last_words(log: &Path) -> String {
    tool::tail(log, 1).pop().unwrap_or_else(|| "no reason was given".into())
}

/// SHA-256 in lower-case hexadecimal.
pub(super) fn checksum(path: &Path) -> Result<String, RuntimeError> {
    let cannot = || RuntimeError::io(format!("cannot read {}", path.display()));
    let mut file = File::open(path).map_err(cannot())?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(cannot()(error)),
        }
    }
    Ok(hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
