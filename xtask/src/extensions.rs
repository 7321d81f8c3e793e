//! Compares the table of packages with what the index has now. pip is asked, with its own configuration: which release it would
//! install for a free-threaded interpreter, and from which wheel. Nothing is installed and nothing is written: a row changes
//! when a person has read the source that it names.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const TABLE: &str = "dependencies/knowledge/packages.toml";

/// What pip is asked for, from the most to the least wanted.
const ASKED: [(&str, &[&str]); 2] = [
    ("free-threaded", &["--implementation", "cp", "--python-version", "3.14", "--abi", "cp314t"]),
    (
        "with the GIL",
        &["--implementation", "cp", "--python-version", "3.14", "--abi", "cp314", "--abi", "abi3"],
    ),
];

const PLATFORMS: [&str; 6] = [
    "manylinux1_x86_64",
    "manylinux2010_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_34_x86_64",
];

/// What pip would install.
struct Found {
    version: String,
    file: String,
    classifier: Option<String>,
}

/// Asks about these packages of the table, and prints what is otherwise than the table says.
pub fn run(root: &Path, names: &[&str]) -> Result<Vec<String>> {
    let path = root.join(TABLE);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {TABLE}"))?;
    let table: toml::Table = text.parse().with_context(|| format!("{TABLE} is no TOML"))?;
    let rows = table.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let of = |row: &toml::Value, key: &str| row.get(key)?.as_str().map(str::to_owned);
    let rows: BTreeMap<String, &toml::Value> =
        rows.filter_map(|row| Some((of(row, "name")?, row))).collect();
    // Each is two requests to an index that belongs to others.
    ensure!(!names.is_empty(), "name some of the {} packages of {TABLE}", rows.len());
    for name in names {
        ensure!(rows.contains_key(*name), "{TABLE} has no row for `{name}`");
    }
    println!("{}", text.lines().next().unwrap_or_default().trim_start_matches("# "));
    println!("Asked on {}.", today()?);
    let mut res = Vec::new();
    for (name, row) in rows.iter().filter(|it| names.contains(&it.0.as_str())) {
        let (free, gil) = (ask(name, ASKED[0].1)?, ask(name, ASKED[1].1)?);
        let status = of(row, "status").unwrap_or_default();
        let bound = of(row, "since").or_else(|| of(row, "seen")).unwrap_or_default();
        println!(
            "{name}: {status} {bound}; {}; {}",
            told(ASKED[0].0, free.as_ref()),
            told(ASKED[1].0, gil.as_ref())
        );
        res.extend(
            difference(&status, of(row, "seen").as_deref(), free.as_ref())
                .map(|it| format!("{name}: {it}")),
        );
    }
    Ok(res)
}

/// What a person should look at.
fn difference(status: &str, seen: Option<&str>, found: Option<&Found>) -> Option<String> {
    let tag = found.is_some_and(|it| it.file.contains("t-manylinux") || it.file.contains("abi3t"));
    match (status, found) {
        ("none" | "pure", Some(it)) if tag => {
            Some(format!("the table knows no free-threaded wheel, and there is {}", it.file))
        }
        ("supported", None) => {
            Some("support is stated, and there is no free-threaded wheel".to_owned())
        }
        ("gil", Some(it)) if seen.is_some_and(|seen| seen != it.version) => Some(format!(
            "last seen is {}, and there is {}: read its files with `ftlint extensions`",
            seen.unwrap_or_default(),
            it.version
        )),
        _ => None,
    }
}

fn told(what: &str, found: Option<&Found>) -> String {
    match found {
        None => format!("{what}: no wheel"),
        Some(it) => {
            let says = it.classifier.as_ref().map_or_else(String::new, |it| format!(" ({it})"));
            format!("{what}: {}{says}", it.file)
        }
    }
}

/// The newest release that pip takes for an interpreter; `None` when it takes none.
fn ask(name: &str, interpreter: &[&str]) -> Result<Option<Found>> {
    let platforms = PLATFORMS.iter().flat_map(|it| ["--platform", *it]);
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:", "--report", "-"])
        .args(["--target", "unused"])
        .args(interpreter)
        .args(platforms)
        .arg(name)
        .output()
        .context("cannot run pip")?;
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr);
        // Anything else is no answer.
        ensure!(problem.contains("No matching distribution"), "pip failed for {name}: {problem}");
        return Ok(None);
    }
    let report: Value =
        serde_json::from_slice(&output.stdout).context("pip's report is no JSON")?;
    let item = &report["install"][0];
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let url = text(&item["download_info"]["url"]);
    let classifiers = item["metadata"]["classifier"].as_array().into_iter().flatten();
    let prefix = "Programming Language :: Python :: Free Threading :: ";
    Ok(Some(Found {
        version: text(&item["metadata"]["version"]),
        file: url.rsplit('/').next().unwrap_or_default().to_owned(),
        classifier: classifiers
            .filter_map(|it| it.as_str()?.strip_prefix(prefix))
            .next_back()
            .map(str::to_owned),
    }))
}

fn today() -> Result<String> {
    let output = Command::new("date").arg("+%F").output().context("cannot run date")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_should_look_at() {
        let found = |file: &str, version: &str| Found {
            version: version.to_owned(),
            file: file.to_owned(),
            classifier: None,
        };
        let wheel = found("brotli-2-cp314-cp314t-manylinux_2_17_x86_64.whl", "2");
        let pure = found("black-26-py3-none-any.whl", "26");
        assert!(difference("none", None, Some(&wheel)).unwrap().contains("brotli-2"));
        assert_eq!(difference("pure", None, Some(&pure)), None);
        assert!(difference("supported", None, None).is_some());
        assert_eq!(difference("supported", None, Some(&wheel)), None);
        assert!(difference("gil", Some("1"), Some(&wheel)).unwrap().contains("last seen is 1"));
        assert_eq!(difference("gil", Some("2"), Some(&wheel)), None);
    }
}
