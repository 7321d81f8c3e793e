//! The rules, their files, their registry lines and their fixtures belong together.

use std::collections::BTreeSet;

use ftlint_analyzer::rules::RULES;

use super::SourceText;
use crate::file_stem;

/// Complaints about the registry.
pub(crate) fn check(files: &[SourceText]) -> Vec<String> {
    let mut res = Vec::new();
    for pair in RULES.windows(2) {
        if pair[0].code >= pair[1].code {
            res.push(format!("RULES: {} stands before {}", pair[0].code, pair[1].code));
        }
    }
    let stems: BTreeSet<String> = RULES.iter().map(|it| file_stem(it.code, it.name)).collect();
    res.extend(stems.iter().flat_map(|it| rule_problems(files, it)));
    let mut orphans = BTreeSet::new();
    for file in files {
        for folder in ["analyzer/src/rules/", "fixtures/"] {
            let stem = file.path.strip_prefix(folder).and_then(|it| it.split(['/', '.']).next());
            if let Some(stem) = stem.filter(|it| it.starts_with("ftl") && !stems.contains(*it)) {
                orphans.insert(format!("{folder}{stem}: of no rule in RULES"));
            }
        }
    }
    res.extend(orphans);
    res
}

fn rule_problems(files: &[SourceText], stem: &str) -> Vec<String> {
    let mut res = Vec::new();
    let source = format!("analyzer/src/rules/{stem}.rs");
    if !files.iter().any(|it| it.path == source) {
        res.push(format!("{source}: missing, `{stem}` is in RULES"));
    }
    let folder = format!("fixtures/{stem}/");
    let fixtures: Vec<&SourceText> =
        files.iter().filter(|it| it.path.starts_with(&folder)).collect();
    if !fixtures.iter().any(|it| it.path.contains("_ok.")) {
        res.push(format!("{folder}: no file that must be clean (`…_ok.py`)"));
    }
    if !fixtures.iter().any(|it| it.text.contains("# error: ")) {
        res.push(format!("{folder}: no file with an `# error:`"));
    }
    res
}
