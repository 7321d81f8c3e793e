//! A schedule with a pin: the finding, the interpreter's minor version and the source that it was found with.
//!
//! `v1:driver.0:A@act,B>act,A*/3.14/0123456789abcdef/89abcdef` reads: the schedule, CPython 3.14, the fingerprint of
//! the finding, the start of the hash of the files that the finding names. A schedule means instructions of one piece of
//! code on one kind of interpreter; on anything else it is refused instead of giving an answer about something else.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::str::FromStr;

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::evidence::Evidence;
use sha2::{Digest as _, Sha256};

use crate::error::RuntimeError;
use crate::interpreter::Interpreter;
use crate::schedule::{BadSchedule, Schedule};

/// What a schedule belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Major and minor version: `3.14`.
    pub python: String,
    /// [`Diagnostic::fingerprint`].
    pub fingerprint: String,
    /// Eight hexadecimal digits of the hash of the files.
    pub source: String,
}

/// A schedule as it is printed and as it is read. One that a person wrote has no pin and runs on what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The order of the threads.
    pub schedule: Schedule,
    /// What it belongs to.
    pub pin: Option<Pin>,
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.schedule)?;
        match &self.pin {
            Some(it) => write!(f, "/{}/{}/{}", it.python, it.fingerprint, it.source),
            None => Ok(()),
        }
    }
}

impl FromStr for Pinned {
    type Err = BadSchedule;

    fn from_str(text: &str) -> Result<Self, BadSchedule> {
        let bad = || BadSchedule(text.to_owned());
        let mut parts = text.split('/');
        let schedule = parts.next().unwrap_or_default().parse().map_err(|_| bad())?;
        let rest: Vec<_> = parts.collect();
        let pin = match rest[..] {
            [] => None,
            [python, fingerprint, source]
                if is_version(python) && is_hex(fingerprint, 16) && is_hex(source, 8) =>
            {
                let [python, fingerprint, source] =
                    [python, fingerprint, source].map(str::to_owned);
                Some(Pin { python, fingerprint, source })
            }
            _ => return Err(bad()),
        };
        Ok(Self { schedule, pin })
    }
}

fn is_version(text: &str) -> bool {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    text.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|it| it.is_ascii_hexdigit())
}

/// The text of a schedule that was found, with the pin of what it was found on; a finding without a fingerprint gets none.
pub(crate) fn with_pin(
    text: &str,
    interpreter: &Interpreter,
    diagnostic: &Diagnostic,
) -> Result<String, RuntimeError> {
    let schedule = text.parse().map_err(|it: BadSchedule| RuntimeError::Harness(it.to_string()))?;
    // A finding without a name of its own cannot be found again, so there is nothing to pin to.
    if !is_hex(&diagnostic.fingerprint, 16) {
        return Ok(Pinned { schedule, pin: None }.to_string());
    }
    let pin = Pin {
        python: minor(interpreter),
        fingerprint: diagnostic.fingerprint.clone(),
        source: source(diagnostic)?,
    };
    Ok(Pinned { schedule, pin: Some(pin) }.to_string())
}

/// Which of the findings a schedule belongs to: all of them without a pin, else the one that it was made for. An error
/// says why there is none.
pub fn choose(
    pinned: &Pinned,
    interpreter: &Interpreter,
    diagnostics: &[&Diagnostic],
) -> Result<Vec<usize>, RuntimeError> {
    let Some(pin) = &pinned.pin else { return Ok((0..diagnostics.len()).collect()) };
    let refused = |why: String| Err(RuntimeError::Refused(why));
    if pin.python != minor(interpreter) {
        return refused(format!(
            "the schedule was found on CPython {}, and this is {interpreter}: the two do not run the same instructions; \
             name another interpreter with --python, or search again without --schedule",
            pin.python
        ));
    }
    let is_same = |it: &&Diagnostic| it.fingerprint == pin.fingerprint;
    let Some(index) = diagnostics.iter().position(is_same) else {
        return refused(
            "the schedule belongs to a finding that is not among these: another file or rule was named, or the source \
             has changed; search again without --schedule"
                .to_owned(),
        );
    };
    if pin.source != source(diagnostics[index])? {
        return refused(format!(
            "the source has changed since the schedule was found ({}): search again without --schedule",
            Vec::from_iter(files(diagnostics[index])).join(", ")
        ));
    }
    Ok(vec![index])
}

fn minor(interpreter: &Interpreter) -> String {
    format!("{}.{}", interpreter.version.major, interpreter.version.minor)
}

/// The files whose code a schedule steps through. What they import may change: a repetition that fails says so.
fn files(diagnostic: &Diagnostic) -> BTreeSet<String> {
    let mut res = BTreeSet::from([diagnostic.location.file.to_string()]);
    if let Evidence::Window(window) = &diagnostic.evidence {
        for access in [&window.first, &window.last, &window.other] {
            res.insert(access.site.file.to_string());
        }
        res.extend(window.program.clone());
    }
    res
}

/// The names of files stay out of it, so that a schedule holds in another checkout of the same text.
fn source(diagnostic: &Diagnostic) -> Result<String, RuntimeError> {
    let mut contents = BTreeSet::new();
    for file in files(diagnostic) {
        let bytes = fs::read(&file)
            .map_err(RuntimeError::io(format!("cannot read `{file}` for its schedule")))?;
        contents.insert(Sha256::digest(bytes).to_vec());
    }
    let mut hash = Sha256::new();
    for content in &contents {
        hash.update(content);
    }
    let digest = hash.finalize();
    let start = digest.iter().take(4).fold(0_u32, |sum, it| sum << 8 | u32::from(*it));
    Ok(format!("{start:08x}"))
}
