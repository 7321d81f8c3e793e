//! What the tests of all crates share: the expectation comments of `fixtures/README.md`, and the loader of that folder.
//!
//! The only module of the analyzer that reads files, and only with the feature `testing`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ruff_python_ast::PySourceType;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::Ranged;

use crate::check_project;
use crate::db::{Database, Project, SourceFile};
use crate::diagnostic::Diagnostic;
use crate::evidence::Evidence;
use crate::rule::{Confidence, Rule};

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
    /// Comments that look like expectations and cannot be read.
    pub problems: Vec<String>,
}

impl Expectations {
    /// Reads the comments of a Python text. Strings are no comments, and broken syntax does not matter.
    pub fn parse(text: &str) -> Expectations {
        let mut res = Expectations {
            items: Vec::new(),
            facts: Vec::new(),
            min_confidence: Confidence::Medium,
            installed: BTreeMap::new(),
            problems: Vec::new(),
        };
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
    let expectations = Expectations::parse(text);
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

/// One file of a fixture.
#[derive(Clone, Debug)]
pub struct FixtureFile {
    /// The file.
    pub path: PathBuf,
    /// Dotted module name below the fixture's root.
    pub module: String,
    /// Its text.
    pub text: String,
}

/// Files that are analysed together.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Path below `fixtures/`, for messages.
    pub name: String,
    /// What has to be on `sys.path`.
    pub root: PathBuf,
    /// At least one.
    pub files: Vec<FixtureFile>,
}

impl Fixture {
    /// A fixture of one text that is in no file.
    pub fn of_text(name: &str, text: &str) -> Fixture {
        let path = PathBuf::from(format!("{name}.py"));
        Fixture {
            name: name.to_owned(),
            root: PathBuf::from("."),
            files: vec![FixtureFile { path, module: name.to_owned(), text: text.to_owned() }],
        }
    }

    /// Fills a database with the fixture's files.
    pub fn project(&self, db: &Database) -> Project {
        let root: Arc<str> = self.root.to_string_lossy().into();
        let mut installed = BTreeMap::new();
        let mut files = Vec::new();
        for it in &self.files {
            installed.extend(Expectations::parse(&it.text).installed);
            let path: Arc<str> = it.path.to_string_lossy().into();
            files.push(SourceFile::new(
                db,
                path,
                root.clone(),
                it.module.as_str().into(),
                it.text.as_str().into(),
            ));
        }
        Project::new(db, files.into(), Arc::new(installed), None)
    }

    /// Analyses the fixture in a database of its own.
    pub fn check(&self) -> Vec<Diagnostic> {
        let db = Database::new();
        let project = self.project(&db);
        check_project(&db, project, &|_| true)
    }

    /// The mismatches of all files, each with the file's path.
    pub fn mismatches(&self) -> Vec<String> {
        let diagnostics = self.check();
        let mut res = Vec::new();
        for file in &self.files {
            let path = file.path.to_string_lossy();
            let own: Vec<_> =
                diagnostics.iter().filter(|it| *it.location.file == *path).cloned().collect();
            res.extend(
                check_expectations(&file.text, &own).into_iter().map(|it| format!("{path}: {it}")),
            );
        }
        res
    }
}

/// The fixtures of this repository.
pub fn fixtures_dir() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    dir.canonicalize().unwrap_or(dir)
}

/// All fixtures below a folder, sorted by name: each file for itself, except below `projects/<name>/` and `demo/`.
pub fn load_fixtures(dir: &Path) -> Vec<Fixture> {
    let mut by_root: BTreeMap<String, Fixture> = BTreeMap::new();
    let mut paths = Vec::new();
    python_files(dir, &mut paths);
    for path in paths {
        let below = path.strip_prefix(dir).unwrap_or(&path).to_path_buf();
        let parts: Vec<String> = below.iter().map(|it| it.to_string_lossy().into_owned()).collect();
        let n_root = match parts.first().map(String::as_str) {
            Some("projects") => 2,
            Some("demo") => 1,
            _ => parts.len().saturating_sub(1),
        };
        let root = dir.join(parts[..n_root].join("/"));
        let name = if n_root + 1 < parts.len() || matches!(parts[0].as_str(), "projects" | "demo") {
            parts[..n_root].join("/")
        } else {
            parts.join("/")
        };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let module = module_name(&parts[n_root..]);
        let fixture =
            by_root.entry(name.clone()).or_insert(Fixture { name, root, files: Vec::new() });
        fixture.files.push(FixtureFile { path, module, text });
    }
    by_root.into_values().collect()
}

/// Adds the Python files below a folder, sorted.
pub fn python_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|it| it.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            python_files(&path, out);
        } else if path.extension().is_some_and(|it| it == "py") {
            out.push(path);
        }
    }
}

fn module_name(parts: &[String]) -> String {
    let dotted = parts.join(".");
    let name = dotted.strip_suffix(".py").unwrap_or(&dotted);
    name.strip_suffix(".__init__").unwrap_or(name).to_owned()
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
