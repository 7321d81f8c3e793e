//! Which hosts the repository may name. Package registries and their mirrors are the business of each machine's own
//! configuration, so no file names one.

use super::SourceText;

/// Hosts that addresses in the repository may have. A new one is a decision, not an accident.
const ALLOWED: &[&str] = &[
    "127.0.0.1",
    "bugs.python.org",
    "code.visualstudio.com",
    "docs.oasis-open.org",
    "docs.python.org",
    "docs.rs",
    "example.com",
    "ftlint.dev",
    "github.com",
    "json-schema.org",
    "json.schemastore.org",
    "localhost",
    "microsoft.github.io",
    "opensource.org",
    "peps.python.org",
    "raw.githubusercontent.com",
    "rust-lang.github.io",
    "rustup.rs",
    "sh.rustup.rs",
    "www.python.org",
    "www.w3.org",
];

/// Registries, in halves: this file must not name them either.
const FORBIDDEN: &[[&str; 2]] = &[
    ["pypi", ".org"],
    ["pythonhosted", ".org"],
    ["crates", ".io"],
    ["npmjs", ".org"],
    ["npmjs", ".com"],
    ["yarnpkg", ".com"],
    ["anaconda", ".org"],
    ["proxy.golang", ".org"],
];

const CARGO_INDEX: &str = "source = \"registry+https://github.com/";

/// Complaints about addresses and host names.
pub(crate) fn check(files: &[SourceText]) -> Vec<String> {
    let mut res = Vec::new();
    for file in files {
        for (n, line) in file.text.lines().enumerate() {
            if file.path == "Cargo.lock" {
                if line.starts_with("source = ") && !line.starts_with(CARGO_INDEX) {
                    res.push(format!("Cargo.lock:{}: a package of an unusual source", n + 1));
                }
                continue;
            }
            let at = format!("{}:{}", file.path, n + 1);
            for [name, end] in FORBIDDEN {
                if line.contains(&[*name, *end].concat()) {
                    res.push(format!("{at}: names the host of a package registry"));
                }
            }
            if file.path.ends_with("package-lock.json") {
                if line.trim_start().starts_with("\"resolved\":") {
                    res.push(format!("{at}: a package has an address of its own"));
                }
                // The rest is what packages say about themselves, such as where to donate.
                continue;
            }
            let unknown = hosts(line).filter(|it| {
                !ALLOWED.contains(it)
                    && ![".example", ".invalid"].iter().any(|end| it.ends_with(end))
            });
            res.extend(
                unknown
                    .map(|it| format!("{at}: the host `{it}` is not in xtask/src/tidy/hosts.rs")),
            );
        }
    }
    res
}

/// The hosts of the web addresses in a line, without port. Names with placeholders in them do not count.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    let after_scheme =
        line.match_indices("://").map(|(at, mark)| (&line[..at], &line[at + mark.len()..]));
    let web =
        after_scheme.filter(|(before, _)| before.ends_with("http") || before.ends_with("https"));
    let host = |rest: &'_ str| {
        rest.find(|it: char| !it.is_ascii_alphanumeric() && !".-".contains(it))
            .unwrap_or(rest.len())
    };
    web.map(move |(_, rest)| &rest[..host(rest)]).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_hosts_are_named() {
        let registry = ["https:", "//crates", ".io/me"].concat();
        let mirror = ["http:", "//mirror.internal:80/x"].concat();
        let text = format!("see https://github.com/a/b, {mirror}\nfile:///tmp {registry}\n");
        let found = check(&[SourceText { path: "a.md".to_owned(), text }]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(
            found[0],
            "a.md:1: the host `mirror.internal` is not in xtask/src/tidy/hosts.rs"
        );
    }

    #[test]
    fn a_lock_of_npm_has_no_addresses_of_packages() {
        let address = ["\"https:", "//mirror.internal/x.tgz\""].concat();
        let text = format!("  \"url\": {address}\n  \"resolved\": {address},\n");
        let found = check(&[SourceText { path: "a/package-lock.json".to_owned(), text }]);
        assert_eq!(found, ["a/package-lock.json:2: a package has an address of its own"]);
    }
}
