//! The settings of a project: `[tool.ftlint]` of `pyproject.toml`, or the same keys at the top of `ftlint.toml`.
//!
//! Text in, settings or one [`ConfigProblem`] out; nothing here looks for files. Unknown keys are errors, because a
//! setting that is silently ignored is worse than a run that stops.

mod paths;
mod reader;
mod selector;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::rule::{Confidence, Rule, Severity};

pub use crate::knowledge::Knowledge;
pub use paths::PathPatterns;
pub use selector::Selector;

/// What is wrong with a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters.
    pub column: u32,
    /// Lower case, no full stop.
    pub message: String,
}

/// Which file the text is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Keys below `[tool.ftlint]`.
    Pyproject,
    /// Keys at the top level.
    FtlintToml,
}

/// The free-threaded interpreter the code is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetVersion {
    /// `3.13t`.
    Py313t,
    /// `3.14t`.
    Py314t,
    /// `3.15t`.
    Py315t,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// One line each.
    Concise,
    /// With the code around it.
    Full,
    /// One JSON list.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// `JUnit` XML.
    Junit,
}

/// The settings of one project.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rules to run; `None` for all but those of severity info.
    pub select: Option<Vec<Selector>>,
    /// Rules to leave out; against `select` the longer selector wins.
    pub ignore: Vec<Selector>,
    /// Findings below it are not shown.
    pub min_confidence: Confidence,
    /// Paths that are not analysed.
    pub exclude: PathPatterns,
    /// The interpreter of which the facts are used; 3.14t when it is not named.
    pub target_version: Option<TargetVersion>,
    /// The format when the command line names none.
    pub output_format: Option<OutputFormat>,
    /// Rules to leave out in some files.
    pub per_file_ignores: Vec<(PathPatterns, Vec<Selector>)>,
    /// The tables of knowledge with the project's own rows, when it has any.
    pub knowledge: Option<Arc<Knowledge>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            select: None,
            ignore: Vec::new(),
            min_confidence: Confidence::Medium,
            exclude: PathPatterns::default(),
            target_version: None,
            output_format: None,
            per_file_ignores: Vec::new(),
            knowledge: None,
        }
    }
}

impl Settings {
    /// Reads a configuration. `base` is the directory of its file: patterns are relative to it. `None` when a
    /// `pyproject.toml` has no `[tool.ftlint]`.
    pub fn parse(
        text: &str,
        source: Source,
        base: &str,
        rules: &[&'static Rule],
    ) -> Result<Option<Self>, ConfigProblem> {
        reader::read(text, source, base, rules)
    }

    /// Whether this finding is to be shown. Syntax errors always are.
    pub fn keeps(&self, diagnostic: &Diagnostic) -> bool {
        let code = diagnostic.rule.code;
        if !code.starts_with("FTL") {
            return true;
        }
        let ignored_here = || {
            self.per_file_ignores.iter().any(|(paths, selectors)| {
                selector::strength(selectors, code).is_some()
                    && paths.matches(&diagnostic.location.file)
            })
        };
        diagnostic.confidence >= self.min_confidence
            && self.selects(diagnostic.rule)
            && !ignored_here()
    }

    /// Whether a rule runs at all. Rules of severity info are for who asks for them.
    pub fn selects(&self, rule: &Rule) -> bool {
        let code = rule.code;
        let selected = match &self.select {
            None => (rule.severity > Severity::Info).then_some(0),
            Some(selectors) => selector::strength(selectors, code),
        };
        let ignored = selector::strength(&self.ignore, code);
        selected.is_some_and(|it| ignored.is_none_or(|ignored| ignored < it))
    }
}

/// Of `known`, the word that is closest to `word`, if it is close enough to be a typing mistake.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.into_iter().map(|it| (edit_distance(word, it), it));
    let (distance, best) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + word.chars().count() / 4).then_some(best)
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
