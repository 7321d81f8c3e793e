//! Files that are no Python: each line is a site. What their lines set for interpreters and for wheels becomes facts, by the
//! shape of the line alone, because such settings stand in a dozen formats. Comments set nothing.

mod gil;
mod wheels;

use std::sync::Arc;

use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{ModuleIndex, Sites};
use crate::domain::{Setting, SettingKind};

/// The index of a document.
pub(super) fn index(text: &str, settings: Vec<Setting>) -> ModuleIndex {
    let (mut sites, mut directives) = (Vec::new(), Vec::new());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begin = start + (line.len() - line.trim_start().len());
        let end = (start + line.trim_end().len()).max(begin);
        sites.push(range(begin, end));
        if let Some(at) = line.find("# ftlint:").or_else(|| line.find("#ftlint:")) {
            directives.push(range(start + at, end));
        }
        start += line.len();
    }
    let mut facts = crate::facts::nothing();
    facts.settings = settings;
    ModuleIndex {
        facts: Arc::new(facts),
        body_start: sites.iter().find(|it| !text[**it].starts_with('#')).map(Ranged::start),
        sites: Sites::new(&[sites], Vec::new()),
        problems: Vec::new(),
        directives,
    }
}

/// What a Python file sets for the interpreter that runs it, in its first line, or for those that nox starts.
pub(super) fn of_python(text: &str, runs_nox: bool) -> Vec<(TextRange, SettingKind, String)> {
    let lines = if runs_nox { usize::MAX } else { usize::from(text.starts_with("#!")) };
    let mut res = Vec::new();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate().take(lines) {
        let code = line.strip_prefix("#!").filter(|_| number == 0).unwrap_or_else(|| code_of(line));
        let kind = gil::of_line(code).or_else(|| runs_nox.then(|| wheels::old_release(code))?);
        if let Some((kind, what)) = kind {
            res.push((range(start, start + line.trim_end().len()), kind, what));
        }
        start += line.len();
    }
    res
}

/// What the lines of a configuration set.
pub(super) fn settings(path: &str, text: &str) -> Vec<Setting> {
    let mut res = Vec::new();
    if text.contains("PYTHON_GIL") || text.contains("gil=") {
        res.extend(gil::settings(path, text));
    }
    if ["313t", "3.13t", "cibuildwheel", "CIBW_"].iter().any(|it| text.contains(it)) {
        res.extend(wheels::settings(text));
    }
    res.sort_by_key(|it| it.site);
    res
}

/// A line without its comment. A `#` inside of a text is taken for one when a space is before it, which costs a setting.
fn code_of(line: &str) -> &str {
    let end = if line.trim_start().starts_with('#') { Some(0) } else { line.find(" #") };
    line.get(..end.unwrap_or(line.len())).unwrap_or_default()
}

/// Texts are shorter than four gigabytes, or the parser would not take them.
fn range(start: usize, end: usize) -> TextRange {
    let size = |it: usize| TextSize::new(u32::try_from(it).unwrap_or(u32::MAX));
    TextRange::new(size(start), size(end))
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}
