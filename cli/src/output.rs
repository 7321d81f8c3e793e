//! Findings on standard output, in one of six formats, and as a page. A format is a function of findings and nothing else.

pub(crate) mod concise;
pub(crate) mod full;
pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod junit;
mod lanes;
pub(crate) mod markup;
pub(crate) mod page;
pub(crate) mod repeat;
pub(crate) mod sarif;
mod story;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_reports;
mod words;

use std::sync::Arc;

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::fix::Fix;
use ftlint_runtime::verdict::{Status, Verdict};

use ftlint_project::paths::Short;

/// A finding and what its replay gave.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) diagnostic: Diagnostic,
    /// `None` when it was not replayed.
    pub(crate) verdict: Option<Verdict>,
}

/// What a format needs besides the findings.
pub(crate) struct View<'a> {
    pub(crate) short: &'a Short,
    /// The text of a file of the project.
    pub(crate) text: &'a dyn Fn(&str) -> Option<Arc<str>>,
    /// What would mend a finding, the best way first.
    pub(crate) fixes: &'a dyn Fn(&Diagnostic) -> Vec<Fix>,
    pub(crate) color: bool,
    /// Options of this run that a repetition needs as well, each with a space in front.
    pub(crate) options: &'a str,
}

/// The last line: "Found 3 findings (2 confirmed, 1 not reproduced)."
pub(crate) fn summary(findings: &[Finding]) -> String {
    let total = match findings.len() {
        0 => return "No findings.".to_owned(),
        1 => "Found 1 finding".to_owned(),
        n => format!("Found {n} findings"),
    };
    let statuses = [Status::Confirmed, Status::NotReproduced, Status::NotReplayable];
    let counts: Vec<_> = statuses
        .into_iter()
        .map(|it| {
            (
                findings
                    .iter()
                    .filter(|f| f.verdict.as_ref().is_some_and(|v| v.status == it))
                    .count(),
                it,
            )
        })
        .filter(|(n, _)| *n > 0)
        .map(|(n, it)| format!("{n} {}", words::status(it).replace('-', " ")))
        .collect();
    let old = findings.iter().filter(|it| it.verdict.as_ref().is_some_and(|it| it.cached)).count();
    let old = match old {
        0 => String::new(),
        1 => "; 1 verdict is from an earlier run".to_owned(),
        n => format!("; {n} verdicts are from earlier runs"),
    };
    if counts.is_empty() {
        format!("{total}.")
    } else {
        format!("{total} ({}{old}).", counts.join(", "))
    }
}
