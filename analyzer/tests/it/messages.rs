//! The wording of rules and findings: lower case, no full stop, never empty.

use std::collections::BTreeSet;

use ftlint_analyzer::rules::RULES;
use ftlint_analyzer::testing::{fixtures_dir, load_fixtures};

#[test]
fn summaries_are_worded_alike() {
    for rule in RULES {
        assert_eq!(wording(rule.summary), None, "summary of {}", rule.code);
        assert!(rule.summary.chars().count() <= 100, "summary of {} is too long", rule.code);
        assert!(
            rule.name.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-'),
            "name of {}",
            rule.code
        );
    }
}

#[test]
fn messages_are_worded_alike() {
    let mut wrong = BTreeSet::new();
    for diagnostic in
        load_fixtures(&fixtures_dir()).iter().flat_map(ftlint_analyzer::testing::Fixture::check)
    {
        let related = diagnostic.related.iter().map(|it| &it.message);
        for message in std::iter::once(&diagnostic.message).chain(related) {
            if let Some(problem) = wording(message) {
                wrong.insert(format!("{}: {problem}: {message}", diagnostic.rule.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Fingerprints tell the findings of one run apart.
#[test]
fn fingerprints_differ() {
    for fixture in load_fixtures(&fixtures_dir()) {
        let mut seen = BTreeSet::new();
        for it in fixture.check() {
            let hexadecimal =
                it.fingerprint.len() == 16 && it.fingerprint.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(hexadecimal, "{}: fingerprint {:?}", fixture.name, it.fingerprint);
            assert!(
                seen.insert(it.fingerprint.clone()),
                "{}: {} twice",
                fixture.name,
                it.fingerprint
            );
        }
    }
}

/// A message may start with the Python name it is about, in backticks; otherwise with a small letter.
fn wording(message: &str) -> Option<&'static str> {
    match (message.chars().next(), message.chars().last()) {
        (None, _) | (_, None) => Some("empty"),
        (Some(first), _) if first.is_uppercase() => Some("starts with a capital letter"),
        (_, Some('.')) => Some("ends with a full stop"),
        _ if message.contains('\n') => Some("has several lines"),
        _ => None,
    }
}
