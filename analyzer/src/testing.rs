//! What the tests of all crates share: the expectation comments of `fixtures/README.md`, and the loader of that folder.
//!
//! The only module of the analyzer that reads files, and only with the feature `testing`.

mod fixtures;

use std::collections::BTreeMap;
use std::fmt;

use ruff_python_ast::PySourceType;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::Ranged;

pub use fixtures::{Fixture, FixtureFile, fixtures_dir, load_fixtures, python_files};

use crate::diagnostic::Diagnostic;
use crate::evidence::Evidence;
use crate::rule::{Confidence, Rule};
use crate::surroundings::{Anchor, Dependency, Trouble};

/// What a comment says about its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectationKind {
    /// The finding is there.
    Error,
    /// The finding should be there and is not.
    Todo,
    /// The finding is there and should not be.
    False,
    /// A finding elsewhere in the file names this line as one of the same cause.
    Also,
}

/// One expectation comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What it says.
    pub kind: ExpectationKind,
    /// 1-based line of the comment.
    pub line: u32,
    /// 1-based column at which the finding has to start, if given.
    pub column: Option<u32>,
    /// The rule's code; `None` for a bare `# error`.
    pub code: Option<String>,
    /// A part of the message, if given.
    pub message: Option<String>,
    /// What `# replay:` says of this finding: `confirmed`, `not-reproduced`, `not-replayable`.
    pub replay: Option<String>,
}

/// All comments of one file that the tests understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// In the order of the text.
    pub items: Vec<Expectation>,
    /// `# fact:` comments with their line.
    pub facts: Vec<(u32, String)>,
    /// Findings below this level do not count.
    pub min_confidence: Confidence,
    /// `# installed:` lines: distribution to version.
    pub installed: BTreeMap<String, String>,
    /// `# requires-python: 3.9`: the second number.
    pub oldest: Option<u8>,
    /// `# locked:` lines that name a trouble.
    pub locked: Vec<Dependency>,
    /// Comments that look like expectations and cannot be read.
    pub problems: Vec<String>,
}

impl Expectations {
    /// Reads the comments of a Python text. Strings are no comments, and broken syntax does not matter.
    pub fn parse(text: &str) -> Expectations {
        let mut res = Expectations::none();
        let parsed = ruff_python_parser::parse_unchecked_source(text, PySourceType::Python);
        let (mut line, mut counted) = (1, 0);
        for token in parsed.tokens().iter().filter(|it| it.kind() == TokenKind::Comment) {
            let start = token.start().to_usize();
            line += text[counted..start].matches('\n').count();
            counted = start;
            for part in split_comment(&text[token.range()]) {
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                if let Err(problem) = res.read_part(line, part) {
                    res.problems.push(format!("line {line}: {problem}: `# {part}`"));
                }
            }
        }
        res
    }

    /// Reads the comments of a file that is no Python: what follows a `#` at the beginning of a line or behind a space.
    pub fn of_document(text: &str) -> Expectations {
        let mut res = Expectations::none();
        for (number, line) in (1u32..).zip(text.lines()) {
            let comment = if line.starts_with('#') { Some(0) } else { line.find(" #") };
            for part in comment.into_iter().flat_map(|it| split_comment(&line[it..])) {
                if let Err(problem) = res.read_part(number, part) {
                    res.problems.push(format!("line {number}: {problem}: `# {part}`"));
                }
            }
        }
        res
    }

    fn none() -> Expectations {
        Expectations {
            items: Vec::new(),
            facts: Vec::new(),
            min_confidence: Confidence::Medium,
            installed: BTreeMap::new(),
            oldest: None,
            locked: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Reads one comment without its `#`.
    fn read_part(&mut self, line: u32, part: &str) -> Result<(), &'static str> {
        if part == "error" {
            self.items.push(Expectation::bare(line));
            return Ok(());
        }
        let Some((word, rest)) = part.split_once(':') else { return Ok(()) };
        let rest = rest.trim();
        match word {
            "error" => self.items.push(Expectation::read(ExpectationKind::Error, line, rest)?),
            "todo" => self.items.push(Expectation::read(ExpectationKind::Todo, line, rest)?),
            "false" => self.items.push(Expectation::read(ExpectationKind::False, line, rest)?),
            "also" => self.items.push(Expectation::read(ExpectationKind::Also, line, rest)?),
            "replay" => self.read_replay(line, rest)?,
            "fact" => self.facts.push((line, rest.to_owned())),
            "min-confidence" => self.min_confidence = confidence(rest)?,
            "installed" => {
                let (name, version) = rest.split_once(' ').ok_or("needs a name and a version")?;
                self.installed.insert(name.to_owned(), version.trim().to_owned());
            }
            "requires-python" => {
                let minor = rest.strip_prefix("3.").and_then(|it| it.parse().ok());
                self.oldest = Some(minor.ok_or("needs a release of Python 3")?);
            }
            "locked" => self.locked.extend(locked(rest)?),
            _ => {}
        }
        Ok(())
    }

    fn read_replay(&mut self, line: u32, rest: &str) -> Result<(), &'static str> {
        if !["confirmed", "not-reproduced", "not-replayable"].contains(&rest) {
            return Err("unknown verdict");
        }
        let last = self
            .items
            .last_mut()
            .filter(|it| it.line == line)
            .ok_or("no finding before it on the line")?;
        last.replay = Some(rest.to_owned());
        Ok(())
    }
}

impl Expectation {
    fn bare(line: u32) -> Expectation {
        Expectation {
            kind: ExpectationKind::Error,
            line,
            column: None,
            code: None,
            message: None,
            replay: None,
        }
    }

    /// Reads `9 [FTL101] "text"`, where the column and the text may be left out. After `todo` and `false` follows a
    /// reason, which is for people.
    fn read(kind: ExpectationKind, line: u32, rest: &str) -> Result<Expectation, &'static str> {
        let (before, rest) = rest.split_once('[').ok_or("needs a rule code in brackets")?;
        let (code, after) = rest.split_once(']').ok_or("the bracket is not closed")?;
        let column = match before.trim() {
            "" => None,
            digits => Some(digits.parse().map_err(|_| "the column is no number")?),
        };
        let message = match (kind, after.trim()) {
            (ExpectationKind::Error, "") | (ExpectationKind::Also, _) => None,
            (ExpectationKind::Error, quoted) => {
                Some(unquote(quoted).ok_or("the message is not in double quotes")?)
            }
            (ExpectationKind::Todo | ExpectationKind::False, "") => return Err("needs a reason"),
            (ExpectationKind::Todo | ExpectationKind::False, _) => None,
        };
        Ok(Expectation { kind, line, column, code: Some(code.to_owned()), message, replay: None })
    }

    fn names(&self, diagnostic: &Diagnostic) -> bool {
        let also = match &diagnostic.evidence {
            Evidence::Window(window) => window.also.as_slice(),
            _ => &[],
        };
        self.code.as_deref() == Some(diagnostic.rule.code)
            && also.iter().any(|it| it.site.start.line == self.line)
    }

    fn matches(&self, page: Option<&Rule>, diagnostic: &Diagnostic) -> bool {
        let code = self.code.as_deref().or(page.map(|it| it.code));
        self.line == diagnostic.location.start.line
            && code == Some(diagnostic.rule.code)
            && self.column.is_none_or(|it| it == diagnostic.location.start.column)
            && self.message.as_ref().is_none_or(|it| diagnostic.message.contains(it))
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error:")?;
        if let Some(column) = self.column {
            write!(f, " {column}")?;
        }
        write!(f, " [{}]", self.code.as_deref().unwrap_or("this rule"))?;
        if let Some(message) = &self.message {
            write!(f, " \"{message}\"")?;
        }
        Ok(())
    }
}

/// How the diagnostics of a text differ from what its comments say; empty when they agree.
pub fn check_expectations(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    check_expectations_of(None, text, diagnostics)
}

/// The same where a bare `# error` means a finding of `page`.
pub fn check_expectations_of(
    page: Option<&Rule>,
    text: &str,
    diagnostics: &[Diagnostic],
) -> Vec<String> {
    compare(page, Expectations::parse(text), diagnostics)
}

/// The same for a file that is no Python.
pub fn check_document(page: Option<&Rule>, text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    compare(page, Expectations::of_document(text), diagnostics)
}

fn compare(
    page: Option<&Rule>,
    expectations: Expectations,
    diagnostics: &[Diagnostic],
) -> Vec<String> {
    let mut left: Vec<&Diagnostic> =
        diagnostics.iter().filter(|it| it.confidence >= expectations.min_confidence).collect();
    let mut res = expectations.problems;
    for expectation in &expectations.items {
        let line = expectation.line;
        if expectation.kind == ExpectationKind::Also {
            if !diagnostics.iter().any(|it| expectation.names(it)) {
                let code = expectation.code.as_deref().unwrap_or_default();
                res.push(format!("line {line}: no [{code}] names it as the same cause"));
            }
            continue;
        }
        let found =
            left.iter().position(|it| expectation.matches(page, it)).map(|it| left.remove(it));
        match (expectation.kind, found) {
            (ExpectationKind::Error, None) => {
                res.push(format!("line {line}: missing {expectation}"));
            }
            (ExpectationKind::Todo, Some(_)) => {
                res.push(format!("line {line}: found, so `todo` may become {expectation}"));
            }
            (ExpectationKind::False, None) => {
                res.push(format!("line {line}: not found any more, delete the `false`"));
            }
            _ => {}
        }
    }
    for it in left {
        let (at, code) = (it.location.start, it.rule.code);
        res.push(format!(
            "line {}: unexpected error: {} [{code}] \"{}\"",
            at.line, at.column, it.message
        ));
    }
    res
}

/// `orjson 3.11.9 no-wheel`, or without the last word.
fn locked(text: &str) -> Result<Option<Dependency>, &'static str> {
    let mut words = text.split_whitespace();
    let (Some(name), Some(version)) = (words.next(), words.next()) else {
        return Err("needs a name and a version");
    };
    let trouble = match words.next() {
        None => return Ok(None),
        Some("no-wheel") => Trouble::NoWheel,
        Some("abi3-only") => Trouble::StableAbiOnly,
        Some("fallback") => Trouble::Fallback,
        Some("too-old") => Trouble::TooOld,
        Some("gil-in-wheel") => Trouble::GilInWheel,
        Some("undeclared") => Trouble::Undeclared,
        Some(_) => return Err("unknown trouble"),
    };
    Ok(Some(Dependency {
        trouble,
        distribution: name.to_owned(),
        version: version.to_owned(),
        target: "3.14t".to_owned(),
        supported: "a later version".to_owned(),
        known: String::new(),
        advice: String::new(),
        chain: vec![name.to_owned()],
        modules: vec![name.replace('-', "_")],
        lines: Vec::new(),
        confidence: Confidence::High,
        anchor: Anchor::ImportOrLine,
    }))
}

fn confidence(text: &str) -> Result<Confidence, &'static str> {
    match text {
        "low" => Ok(Confidence::Low),
        "medium" => Ok(Confidence::Medium),
        "high" => Ok(Confidence::High),
        _ => Err("unknown confidence"),
    }
}

fn unquote(text: &str) -> Option<String> {
    Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// `# a  # b "x # y"` in parts, without `#` and space.
fn split_comment(comment: &str) -> Vec<&str> {
    let mut res = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, c) in comment.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => {
                res.push(comment[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    res.push(comment[start..].trim());
    res.retain(|it| !it.is_empty());
    res
}
