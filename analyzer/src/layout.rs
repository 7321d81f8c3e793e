//! Which directory each file is imported from, and under which dotted name.
//!
//! Pure: the list of files is all there is to know. A directory is a package when an `__init__.py` (or `.pyi`) in it
//! is listed; the root of a file is the first directory upward that is none. `src/` layouts come out right by
//! themselves, and a namespace package is its own root, as it is when its files are run as scripts.

use std::collections::HashSet;

/// How one file is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Directory that has to be on `sys.path`; `.` for a bare file name.
    pub root: String,
    /// Dotted module name below the root. A file whose name is no identifier still gets one, after its name.
    pub module: String,
}

/// The placement of each of `paths`, in the same order.
pub fn layout<'a>(paths: impl IntoIterator<Item = &'a str> + Clone) -> Vec<Placement> {
    let packages: HashSet<&str> = paths
        .clone()
        .into_iter()
        .map(split)
        .filter(|(_, name)| stem(name) == "__init__")
        .map(|(directory, _)| directory)
        .collect();
    paths.into_iter().map(|it| place(it, &packages)).collect()
}

fn place(path: &str, packages: &HashSet<&str>) -> Placement {
    let (mut directory, name) = split(path);
    let mut parts = match stem(name) {
        "__init__" => Vec::new(),
        stem => vec![stem],
    };
    while packages.contains(directory) {
        let (above, package) = split(directory);
        if matches!(package, "" | "." | "..") {
            break;
        }
        parts.push(package);
        directory = above;
    }
    if parts.is_empty() {
        parts.push("__init__");
    }
    parts.reverse();
    let root = if directory.is_empty() { "." } else { directory };
    Placement { root: root.to_owned(), module: parts.join(".") }
}

/// Directory and last component; the directory of `/a` is `/`, that of `a` is empty.
fn split(path: &str) -> (&str, &str) {
    match path.rfind(std::path::is_separator) {
        None => ("", path),
        Some(0) => (&path[..1], &path[1..]),
        Some(at) => (&path[..at], &path[at + 1..]),
    }
}

fn stem(name: &str) -> &str {
    name.strip_suffix(".py").or_else(|| name.strip_suffix(".pyi")).unwrap_or(name)
}

/// Whether a module is test code, or an example, by its dotted name and the name of its root directory. The directories
/// above the root do not count: a project may well live below one that is called `tests`.
pub fn is_test(root: &str, module: &str) -> bool {
    let folder =
        |it: &str| matches!(it, "test" | "tests" | "testing" | "benchmarks" | "examples" | "docs");
    let last = root.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut parts = module.split('.').rev();
    let file = parts.next().unwrap_or_default();
    let own = file.starts_with("test_")
        || file.ends_with("_test")
        || matches!(file, "conftest" | "setup");
    own || folder(file) || parts.any(folder) || folder(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str], expected: &[(&str, &str)]) {
        let got = layout(paths.iter().copied());
        let got: Vec<_> = got.iter().map(|it| (it.root.as_str(), it.module.as_str())).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn packages_go_up_to_the_first_directory_that_is_none() {
        check(
            &[
                "/p/src/app/__init__.py",
                "/p/src/app/db/__init__.py",
                "/p/src/app/db/pool.py",
                "/p/setup.py",
            ],
            &[("/p/src", "app"), ("/p/src", "app.db"), ("/p/src", "app.db.pool"), ("/p", "setup")],
        );
    }

    #[test]
    fn namespace_packages_are_roots() {
        check(&["/p/ns/app/__init__.pyi", "/p/ns/tool.py"], &[("/p/ns", "app"), ("/p/ns", "tool")]);
    }

    #[test]
    fn a_gap_in_the_chain_ends_the_package() {
        check(
            &["/p/a/__init__.py", "/p/a/b/c/__init__.py", "/p/a/b/c/d.py"],
            &[("/p", "a"), ("/p/a/b", "c"), ("/p/a/b", "c.d")],
        );
    }

    #[test]
    fn odd_names_and_bare_names_are_modules_too() {
        check(
            &["my-script.py", "__init__.py", "/__init__.py", "/x.py", "run.cgi"],
            &[
                (".", "my-script"),
                (".", "__init__"),
                ("/", "__init__"),
                ("/", "x"),
                (".", "run.cgi"),
            ],
        );
    }
}
