//! How long files and functions may be. What is longer stands in `xtask/ratchet.txt` with its length, which may shrink
//! and never grow.

use std::collections::BTreeMap;

use super::SourceText;

const MAX_FILE: usize = 400;
const MAX_RULE_FILE: usize = 200;
const MAX_FUNCTION: usize = 60;
const MAX_FIXTURE: usize = 60;
const MAX_TYPESCRIPT: usize = 1500;

/// Complaints about everything that is too long.
pub(crate) fn check(files: &[SourceText], ratchet: &str) -> Vec<String> {
    let mut too_long = BTreeMap::new();
    let mut res = Vec::new();
    for file in files {
        let n_lines = file.text.lines().count();
        let limit = limit_of(file);
        if limit.is_some_and(|it| n_lines > it) {
            too_long.insert(file.path.clone(), n_lines);
        }
        if file.is_a("rs") {
            for (name, n_lines) in functions(&file.text) {
                if n_lines > MAX_FUNCTION {
                    too_long.insert(format!("{}::{name}", file.path), n_lines);
                }
            }
            if !file.text.starts_with("//!") {
                res.push(format!("{}: does not open with `//!`", file.path));
            }
        }
    }
    res.extend(compare(&too_long, ratchet));
    let typescript =
        files.iter().filter(|it| it.path.starts_with("vscode-extension/src/") && it.is_a("ts"));
    let n_typescript: usize = typescript.map(|it| it.text.lines().count()).sum();
    if n_typescript > MAX_TYPESCRIPT {
        res.push(format!(
            "vscode-extension/src: {n_typescript} lines, the budget is {MAX_TYPESCRIPT}"
        ));
    }
    res
}

fn limit_of(file: &SourceText) -> Option<usize> {
    if file.path.starts_with("fixtures/") && file.is_a("py") {
        return Some(MAX_FIXTURE);
    }
    if file.path.starts_with("analyzer/src/rules/") {
        return Some(MAX_RULE_FILE);
    }
    ["rs", "ts", "py"].iter().any(|it| file.is_a(it)).then_some(MAX_FILE)
}

/// The list and the repository have to agree exactly, so that the list shrinks with them.
fn compare(too_long: &BTreeMap<String, usize>, ratchet: &str) -> Vec<String> {
    let mut res = Vec::new();
    let mut allowed = BTreeMap::new();
    for line in ratchet.lines().filter(|it| !it.is_empty() && !it.starts_with('#')) {
        match line.split_once(' ').map(|(length, name)| (length.parse::<usize>(), name)) {
            Some((Ok(length), name)) => {
                allowed.insert(name.to_owned(), length);
            }
            _ => res.push(format!("xtask/ratchet.txt: cannot read `{line}`")),
        }
    }
    for (name, n_lines) in too_long {
        match allowed.remove(name) {
            None => res.push(format!("{name}: {n_lines} lines are too many")),
            Some(before) if *n_lines > before => {
                res.push(format!("{name}: grew from {before} to {n_lines} lines"));
            }
            Some(before) if *n_lines < before => {
                res.push(format!(
                    "{name}: shrank to {n_lines} lines, lower it in xtask/ratchet.txt"
                ));
            }
            Some(_) => {}
        }
    }
    res.extend(
        allowed
            .keys()
            .map(|it| format!("{it}: not too long any more, delete it from xtask/ratchet.txt")),
    );
    res
}

/// Names and lengths of the functions of a file that rustfmt has formatted: one ends at the first line that has its
/// indentation and a closing brace.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut res = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        if line.ends_with('}') || line.ends_with(';') {
            continue;
        }
        let indentation = &line[..line.len() - line.trim_start().len()];
        let ends = |it: &&str| {
            it.strip_prefix(indentation).is_some_and(|rest| rest == "}" || rest.ends_with(';'))
                && !it[indentation.len()..].starts_with(' ')
        };
        if let Some(n_after) = lines[start + 1..].iter().position(ends) {
            res.push((name.to_owned(), n_after + 2));
        }
    }
    res
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let qualifiers = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe"];
    if !before.split_whitespace().all(|it| qualifiers.contains(&it)) {
        return None;
    }
    after.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured() {
        let text = "fn a() {}\n\nimpl B {\n    pub(crate) fn c(\n        &self,\n    ) {\n        d();\n    }\n}\n// the fn of it\n";
        assert_eq!(functions(text), [("c".to_owned(), 5)]);
    }

    #[test]
    fn list_shrinks_with_the_code() {
        let now =
            BTreeMap::from([("a".to_owned(), 500), ("b".to_owned(), 500), ("c".to_owned(), 450)]);
        assert_eq!(
            compare(&now, "# remark\n500 a\n499 b\n460 c\n410 d\n"),
            [
                "b: grew from 499 to 500 lines",
                "c: shrank to 450 lines, lower it in xtask/ratchet.txt",
                "d: not too long any more, delete it from xtask/ratchet.txt",
            ]
        );
    }
}
