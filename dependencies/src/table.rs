//! What is known of packages whose files do not tell: `knowledge/packages.toml`, with the source of each row.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::LazyLock;

use pep440_rs::Version;
use serde::Deserialize;

/// The day on which the table was made, for messages.
pub const MADE: &str = "2026-11-20";

/// What a source says of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// It runs without the GIL from a version on.
    Supported,
    /// Its free-threaded wheels switch the GIL on.
    Gil,
    /// It has no free-threaded wheel.
    None,
    /// It has none, and works without its extension.
    Pure,
}

/// One row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// As PEP 503 normalises it.
    pub name: String,
    /// What is known.
    pub status: Known,
    /// The first version for which it holds.
    pub since: Option<String>,
    /// The first version for which it no longer holds.
    pub fixed: Option<String>,
    /// The last version of which it is known: later ones may be otherwise.
    pub seen: Option<String>,
    /// The names it is imported by, where these are not its own.
    #[serde(default)]
    pub modules: Vec<String>,
    /// A variable of the environment with which it leaves its extensions out.
    pub switch: Option<String>,
    /// More for a reader.
    pub note: Option<String>,
    /// Where it can be read.
    pub source: String,
}

#[derive(Deserialize)]
struct Table {
    package: Vec<Row>,
}

static ROWS: LazyLock<BTreeMap<String, Row>> = LazyLock::new(|| {
    let parsed = toml::from_str::<Table>(include_str!("../knowledge/packages.toml"));
    // A test reads the table; a row that is lost at run time costs a piece of advice and nothing else.
    let rows = parsed.map(|it| it.package).unwrap_or_default();
    rows.into_iter().map(|it| (it.name.clone(), it)).collect()
});

/// The row of a package, by its normalised name.
pub fn row(name: &str) -> Option<&'static Row> {
    ROWS.get(name)
}

/// The variables of the environment with which packages leave their extensions out.
pub fn switches() -> impl Iterator<Item = &'static str> {
    ROWS.values().filter_map(|it| it.switch.as_deref())
}

impl Row {
    /// Whether the row speaks of a version; of any when it names none, or the version cannot be read.
    pub fn covers(&self, version: &str) -> bool {
        let Ok(version) = Version::from_str(version) else { return true };
        let bound = |text: &Option<String>| Version::from_str(text.as_deref()?).ok();
        bound(&self.since).is_none_or(|it| version >= it)
            && bound(&self.fixed).is_none_or(|it| version < it)
            && bound(&self.seen).is_none_or(|it| version <= it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read() {
        let table: Table = toml::from_str(include_str!("../knowledge/packages.toml")).unwrap();
        assert!(table.package.len() > 100);
        assert_eq!(ROWS.len(), table.package.len(), "a name is there twice");
        for row in &table.package {
            assert_eq!(row.name, crate::environment::normalised(&row.name));
            assert!(!row.source.is_empty(), "{} has no source", row.name);
            for version in [&row.since, &row.fixed, &row.seen].into_iter().flatten() {
                Version::from_str(version).unwrap();
            }
            assert!(row.status != Known::Supported || row.since.is_some(), "{}", row.name);
        }
    }

    #[test]
    fn versions_are_compared_as_versions() {
        let numpy = row("numpy").unwrap();
        assert!(!numpy.covers("2.0.2") && numpy.covers("2.1.0") && numpy.covers("2.10"));
        let sqlalchemy = row("sqlalchemy").unwrap();
        assert!(
            !sqlalchemy.covers("2.0.44")
                && sqlalchemy.covers("2.0.51")
                && !sqlalchemy.covers("2.0.54")
        );
    }
}
