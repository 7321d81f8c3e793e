//! Packages whose extensions switch the GIL on. The one table of packages is that of the crate `dependencies`; here only its
//! rows with the status `gil` matter.

use std::sync::LazyLock;

use serde::Deserialize;

use super::ExtensionRow;

#[derive(Deserialize)]
struct Table {
    package: Vec<Row>,
}

/// The columns that matter here.
#[derive(Deserialize)]
struct Row {
    name: String,
    status: String,
    #[serde(default)]
    modules: Vec<String>,
    since: Option<String>,
    fixed: Option<String>,
    seen: Option<String>,
    source: String,
}

static ROWS: LazyLock<Vec<ExtensionRow>> = LazyLock::new(|| {
    let text = include_str!("../../../dependencies/knowledge/packages.toml");
    // A test of the other crate reads each row; one that is lost here costs a finding and nothing else.
    let rows = toml::from_str::<Table>(text).map(|it| it.package).unwrap_or_default();
    rows.iter().filter(|it| it.status == "gil").flat_map(of_modules).collect()
});

/// The embedded rows. They are read when somebody first asks, which projects without an environment never do.
pub(crate) fn rows() -> &'static [ExtensionRow] {
    &ROWS
}

fn of_modules(row: &Row) -> Vec<ExtensionRow> {
    let own = vec![row.name.replace('-', "_")];
    let modules = if row.modules.is_empty() { own } else { row.modules.clone() };
    let one = |module: String| ExtensionRow {
        module,
        distribution: row.name.clone(),
        since: row.since.clone(),
        fixed: row.fixed.clone(),
        seen: row.seen.clone(),
        evidence: row.source.clone(),
    };
    modules.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_are_found_in_the_table_of_packages() {
        let of = |module: &str| super::rows().iter().find(|it| it.module == module);
        let sqlalchemy = of("sqlalchemy").unwrap();
        assert_eq!(sqlalchemy.fixed.as_deref(), Some("2.0.54"));
        assert_eq!(of("fontTools").unwrap().distribution, "fonttools");
        assert!(of("numpy").is_none());
    }
}
