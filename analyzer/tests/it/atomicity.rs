//! The tables of `knowledge/atomicity.toml`: rows are sorted, unique, say where the fact is from, and name real proofs.

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
fn rows_have_evidence_and_their_proof_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (table, rows) in rows() {
        for row in &rows {
            assert!(!text(row, "evidence").is_empty(), "{table}: {row} has no evidence");
            let proof = text(row, "proof");
            assert!(proof.is_empty() || root.join(proof).is_file(), "{table}: no file {proof}");
        }
    }
}
