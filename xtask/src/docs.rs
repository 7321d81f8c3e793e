//! Writes `docs/rules/` from the rules: one page each, and the table of all. Generated files are committed, so that
//! they can be read without building; `check` keeps them fresh.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ftlint_analyzer::rule::{Replay, Rule, Severity, Strategy};
use ftlint_analyzer::rules::RULES;

const FOLDER: &str = "docs/rules";
const REMARK: &str = "<!-- Written by `cargo xtask docs` from the rule's source; do not edit. -->";

/// Writes all files and deletes the pages of rules that are gone.
pub fn write(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    for path in stale(root) {
        std::fs::remove_file(&path).with_context(|| format!("cannot delete {}", path.display()))?;
    }
    for (name, text) in files() {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// What differs from what would be written.
pub fn check(root: &Path) -> Vec<String> {
    let mut res: Vec<String> =
        stale(root).iter().map(|it| format!("{}: of no rule", it.display())).collect();
    for (name, text) in files() {
        let path = root.join(FOLDER).join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|it| it == text) {
            continue;
        }
        res.push(format!("{FOLDER}/{name}: out of date, run `cargo xtask docs`"));
    }
    res
}

fn files() -> Vec<(String, String)> {
    let pages = RULES.iter().map(|it| (page_name(it), page(it)));
    pages.chain([("README.md".to_owned(), table())]).collect()
}

fn stale(root: &Path) -> Vec<PathBuf> {
    let wanted: BTreeSet<String> = files().into_iter().map(|it| it.0).collect();
    let entries = std::fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
    let mut res: Vec<PathBuf> = entries
        .filter(|it| !wanted.contains(&*it.file_name().to_string_lossy()))
        .map(|it| it.path())
        .collect();
    res.sort();
    res
}

fn page_name(rule: &Rule) -> String {
    format!("{}-{}.md", rule.code.to_ascii_lowercase(), rule.name)
}

fn page(rule: &Rule) -> String {
    let mut res =
        format!("{REMARK}\n# {} {}\n\n{}.\n\n", rule.code, rule.name, capitalised(rule.summary));
    let shown = if rule.severity == Severity::Info { ", reported when it is selected" } else { "" };
    let (severity, replay) = (severity(rule.severity), replay(rule.replay));
    let _ = writeln!(res, "Severity: {severity}{shown}. Replay: {replay}. Since {}.\n", rule.since);
    for line in rule.doc.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        res.push_str(line);
        res.push('\n');
    }
    res
}

fn table() -> String {
    let mut res =
        format!("{REMARK}\n# Rules\n\n| code | name | what it reports | severity | replay |\n");
    res.push_str("| --- | --- | --- | --- | --- |\n");
    for rule in RULES {
        let (severity, replay) = (severity(rule.severity), replay(rule.replay));
        let link = format!("[{}]({})", rule.code, page_name(rule));
        let _ =
            writeln!(res, "| {link} | {} | {} | {severity} | {replay} |", rule.name, rule.summary);
    }
    res
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn replay(replay: Replay) -> String {
    let strategy = match replay {
        Replay::Never(reason) => return format!("never ({reason})"),
        Replay::With(strategy) => strategy,
        Replay::ByPattern => return "the strategy of its pattern".to_owned(),
    };
    let name = match strategy {
        Strategy::SplitUpdate => "split_update",
        Strategy::CheckThenAct => "check_then_act",
        Strategy::InitOnce => "init_once",
        Strategy::TestAndSet => "test_and_set",
        Strategy::Iterate => "iterate",
        Strategy::CopyThenClear => "copy_then_clear",
        Strategy::Register => "register",
        Strategy::Interleave => "interleave",
        Strategy::Contend => "contend",
        Strategy::Reacquire => "reacquire",
        Strategy::LockOrder => "lock_order",
        Strategy::GilFlip => "gil_flip",
    };
    format!("`{name}`")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
