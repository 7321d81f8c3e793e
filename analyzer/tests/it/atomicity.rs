//! The tables of `knowledge/atomicity.toml`: rows are sorted, unique, say where the fact is from, and the programs of
//! `fixtures/atomicity/` are their proofs.

use std::collections::BTreeSet;
use std::path::Path;

fn rows() -> Vec<(String, Vec<toml::Table>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("knowledge/atomicity.toml")).expect("the table");
    let all: toml::Table = text.parse().expect("TOML");
    all.into_iter()
        .map(|(table, rows)| {
            let rows = rows.as_array().expect("a list of rows").iter();
            (table, rows.map(|it| it.as_table().expect("a row").clone()).collect())
        })
        .collect()
}

fn text<'a>(row: &'a toml::Table, column: &str) -> &'a str {
    row.get(column).and_then(toml::Value::as_str).unwrap_or_default()
}

#[test]
fn tables_are_read() {
    assert_eq!(ftlint_analyzer::knowledge_problems(), [] as [String; 0]);
    assert!(rows().len() >= 8);
}

#[test]
fn rows_are_sorted_and_unique() {
    for (table, rows) in rows() {
        let keys: Vec<_> = rows
            .iter()
            .map(|it| (text(it, "type"), text(it, "operation"), text(it, "name")))
            .collect();
        for pair in keys.windows(2) {
            assert!(pair[0] < pair[1], "{table}: {:?} stands before {:?}", pair[0], pair[1]);
        }
    }
}

#[test]
fn rows_have_evidence() {
    for (table, rows) in rows() {
        for row in &rows {
            assert!(!text(row, "evidence").is_empty(), "{table}: {row} has no evidence");
        }
    }
}

#[test]
fn proofs_exist_and_prove_something() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/atomicity");
    let files = std::fs::read_dir(folder).expect("the folder").map(|it| it.expect("an entry"));
    let files: BTreeSet<_> = files
        .map(|it| format!("fixtures/atomicity/{}", it.file_name().to_string_lossy()))
        .filter(|it| Path::new(it).extension().is_some_and(|it| it == "py"))
        .collect();
    let all = rows();
    let named: BTreeSet<_> = all
        .iter()
        .flat_map(|it| &it.1)
        .map(|it| text(it, "proof").to_owned())
        .filter(|it| !it.is_empty())
        .collect();
    assert_eq!(named, files);
}
