//! The habits of ARCHITECTURE.md and CONTRIBUTING.md that a machine can see. Each check reads files and returns
//! complaints; none of them changes anything.

mod hosts;
mod rules;
mod sizes;
mod walls;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A text file of the repository.
pub(crate) struct SourceText {
    /// Path below the root, with `/`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl SourceText {
    /// Whether the path has this extension.
    pub(crate) fn is_a(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|it| it == extension)
    }
}

/// All complaints, sorted by check.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let files = repository_files(root)?;
    let ratchet = std::fs::read_to_string(root.join("xtask/ratchet.txt"))
        .context("cannot read xtask/ratchet.txt")?;
    let mut res = Vec::new();
    res.extend(sizes::check(&files, &ratchet));
    res.extend(walls::check(&files));
    res.extend(hosts::check(&files));
    res.extend(rules::check(&files));
    res.extend(
        files.iter().filter(|it| it.path.starts_with("analyzer/knowledge/")).flat_map(knowledge),
    );
    Ok(res)
}

/// What git knows or would add; files that are no UTF-8 are left out.
fn repository_files(root: &Path) -> Result<Vec<SourceText>> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("cannot run git")?;
    ensure!(
        listed.status.success(),
        "`git ls-files` failed: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let mut paths: Vec<String> =
        String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    let read = |path: String| {
        let text = std::fs::read_to_string(root.join(&path)).ok()?;
        Some(SourceText { path, text })
    };
    Ok(paths.into_iter().filter_map(read).collect())
}

/// Each row of a table says where its fact comes from.
fn knowledge(file: &SourceText) -> Vec<String> {
    if !file.is_a("toml") {
        return Vec::new();
    }
    let table: toml::Table = match file.text.parse() {
        Ok(table) => table,
        Err(error) => return vec![format!("{}: {error}", file.path)],
    };
    let mut res = Vec::new();
    for (name, rows) in table {
        for (n, row) in rows.as_array().into_iter().flatten().enumerate() {
            let evidence = row.get("evidence").and_then(toml::Value::as_str).unwrap_or_default();
            if evidence.trim().is_empty() {
                res.push(format!("{}: row {} of `{name}` has no `evidence`", file.path, n + 1));
            }
        }
    }
    res
}
