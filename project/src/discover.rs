//! Which files are analysed, and on which of them findings are reported.
//!
//! A race has two sides, often in two files. So a file that is named alone is analysed with its whole project as
//! context, and a directory inside a package with its whole package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ftlint_analyzer::settings::Settings;
use ignore::{DirEntry, WalkBuilder, WalkState};

/// Directories that are never entered, unless they or something inside are named; ruff's list.
const EXCLUDED: &[&str] = &[
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
];

/// What makes a directory the root of a project.
const MARKERS: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg", ".git"];

/// A path that was named, with the settings that hold there.
pub struct Target {
    /// Absolute.
    pub path: PathBuf,
    /// What is there.
    pub kind: Kind,
    /// What holds there.
    pub settings: Arc<Settings>,
}

/// What was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One file.
    File,
    /// All Python files below it.
    Directory,
}

/// All files, sorted; those to report on with their settings.
pub type Files = BTreeMap<PathBuf, Option<Arc<Settings>>>;

/// How a directory is searched. Ordered, so that each search is done once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Files,
    Tree,
}

/// Finds the files of all targets and their context.
pub fn discover(targets: &[Target], home: Option<&Path>) -> Files {
    let mut res = Files::new();
    let mut seen = BTreeSet::new();
    for target in targets {
        let (root, depth) = context(target, home);
        // A directory that is its own context is searched once, below.
        if root != target.path && seen.insert((root.clone(), depth)) {
            for path in walk(&root, depth, &target.settings) {
                res.entry(path).or_default();
            }
        }
        match target.kind {
            Kind::File => {
                res.insert(target.path.clone(), Some(Arc::clone(&target.settings)));
            }
            Kind::Directory => {
                for path in walk(&target.path, Depth::Tree, &target.settings) {
                    res.insert(path, Some(Arc::clone(&target.settings)));
                }
            }
        }
    }
    res
}

/// The directory whose files lend context to a target.
fn context(target: &Target, home: Option<&Path>) -> (PathBuf, Depth) {
    let directory = match target.kind {
        Kind::Directory => return (package_root(&target.path), Depth::Tree),
        Kind::File => target.path.parent().unwrap_or(&target.path),
    };
    // An installed package is not a part of the project that its environment lies in.
    let holds = |root: &&Path| {
        let mut between = directory.strip_prefix(root).into_iter().flat_map(Path::components);
        !between.any(|it| is_excluded_name(it.as_os_str()))
    };
    match project_root(directory, home).filter(holds) {
        Some(root) => (root.to_owned(), Depth::Tree),
        // A script outside of any project: what lies beside it can be imported, what lies below is not its business.
        None if !is_package(directory) => (directory.to_owned(), Depth::Files),
        None => (package_root(directory), Depth::Tree),
    }
}

/// The nearest directory upward that is marked as a project; never the home directory or the root.
pub fn project_root<'a>(directory: &'a Path, home: Option<&Path>) -> Option<&'a Path> {
    directory
        .ancestors()
        .take_while(|it| Some(*it) != home && it.parent().is_some())
        .find(|it| MARKERS.iter().any(|marker| it.join(marker).exists()))
}

/// The topmost package around a directory, or the directory itself.
fn package_root(directory: &Path) -> PathBuf {
    directory.ancestors().take_while(|it| is_package(it)).last().unwrap_or(directory).to_owned()
}

fn is_package(directory: &Path) -> bool {
    ["__init__.py", "__init__.pyi"].iter().any(|it| directory.join(it).is_file())
}

/// The Python files below a directory that neither git nor the settings leave out.
fn walk(root: &Path, depth: Depth, settings: &Arc<Settings>) -> Vec<PathBuf> {
    let exclude = Arc::clone(settings);
    let mut builder = WalkBuilder::new(root);
    builder
        .hidden(false)
        // Named on purpose, though a `.gitignore` above would leave it out.
        .parents(!root.components().any(|it| is_excluded_name(it.as_os_str())))
        .max_depth((depth == Depth::Files).then_some(1))
        .threads(std::thread::available_parallelism().map_or(1, usize::from))
        .filter_entry(move |it| it.depth() == 0 || !is_excluded(it, &exclude));
    let found = Mutex::new(Vec::new());
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            // What cannot be entered has nothing to report; a file that cannot be read is told of when it is read.
            if let Ok(entry) = entry
                && is_python(entry.path())
                && is_file(&entry)
                && let Ok(mut found) = found.lock()
            {
                found.push(entry.into_path());
            }
            WalkState::Continue
        })
    });
    found.into_inner().unwrap_or_default()
}

/// A file or a link to one. Editors lock with links that lead nowhere, and a pipe would be read for ever.
fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|it| it.is_file() || (it.is_symlink() && entry.path().is_file()))
}

/// Whether a file is named as Python source.
pub fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "py" || it == "pyi")
}

fn is_excluded(entry: &DirEntry, settings: &Settings) -> bool {
    let is_directory = entry.file_type().is_some_and(|it| it.is_dir());
    (is_directory
        && (is_excluded_name(entry.file_name()) || entry.path().join("pyvenv.cfg").is_file()))
        || settings.exclude.matches(&entry.path().to_string_lossy())
}

fn is_excluded_name(name: &std::ffi::OsStr) -> bool {
    EXCLUDED.iter().any(|it| name == *it)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with these files, removed at the end.
    fn tree(name: &str, files: &[&str]) -> PathBuf {
        let root =
            std::env::temp_dir().join(format!("ftlint-discover-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        for file in files {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        root
    }

    /// The files found for one target; `!` marks those that are reported.
    fn found(root: &Path, path: &str, kind: Kind) -> Vec<String> {
        let target = Target { path: root.join(path), kind, settings: Arc::default() };
        let files = discover(&[target], None);
        let res = files.iter().map(|(path, reported)| {
            let path = path.strip_prefix(root).unwrap().display();
            format!("{}{path}", if reported.is_some() { "!" } else { "" })
        });
        res.collect()
    }

    #[test]
    fn a_file_has_its_project_as_context() {
        let root = tree(
            "file",
            &["p/pyproject.toml", "p/src/a/__init__.py", "p/src/a/b.py", "p/tests/t.py", "q/x.py"],
        );
        assert_eq!(
            found(&root, "p/src/a/b.py", Kind::File),
            ["p/src/a/__init__.py", "!p/src/a/b.py", "p/tests/t.py"]
        );
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_script_without_project_has_its_neighbours() {
        // The temporary directory is below no project.
        let root = tree("script", &["d/a.py", "d/b.py", "d/deep/c.py"]);
        assert_eq!(found(&root, "d/a.py", Kind::File), ["!d/a.py", "d/b.py"]);
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_directory_in_a_package_has_the_package() {
        let root =
            tree("package", &["a/__init__.py", "a/b/__init__.py", "a/b/c.py", "a/d.pyi", "e.py"]);
        assert_eq!(
            found(&root, "a/b", Kind::Directory),
            ["a/__init__.py", "!a/b/__init__.py", "!a/b/c.py", "a/d.pyi"]
        );
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn environments_are_left_out_unless_named() {
        let root =
            tree("venv", &["a.py", ".venv/lib/x.py", "env/pyvenv.cfg", "env/lib/y.py", "b.txt"]);
        std::fs::write(root.join(".venv/.gitignore"), "*").unwrap();
        assert_eq!(found(&root, "", Kind::Directory), ["!a.py"]);
        assert_eq!(found(&root, ".venv/lib", Kind::Directory), ["!.venv/lib/x.py"]);
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn installed_packages_are_left_out_unless_named() {
        let root = tree(
            "site",
            &[
                "pyproject.toml",
                "a.py",
                "lib/site-packages/p/__init__.py",
                "lib/site-packages/p/b.py",
                "lib/site-packages/q.py",
            ],
        );
        assert_eq!(found(&root, "", Kind::Directory), ["!a.py"]);
        assert_eq!(
            found(&root, "lib/site-packages/p", Kind::Directory),
            ["!lib/site-packages/p/__init__.py", "!lib/site-packages/p/b.py"]
        );
        assert_eq!(
            found(&root, "lib/site-packages", Kind::Directory),
            [
                "!lib/site-packages/p/__init__.py",
                "!lib/site-packages/p/b.py",
                "!lib/site-packages/q.py"
            ]
        );
        assert_eq!(
            found(&root, "lib/site-packages/p/b.py", Kind::File),
            ["lib/site-packages/p/__init__.py", "!lib/site-packages/p/b.py"]
        );
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn odd_entries_do_not_stop_the_search() {
        let root = tree("odd", &["a.py", "dir.py/b.py"]);
        std::os::unix::fs::symlink(&root, root.join("loop")).unwrap();
        std::os::unix::fs::symlink("self.py", root.join("self.py")).unwrap();
        std::os::unix::fs::symlink("gone", root.join("gone.py")).unwrap();
        std::os::unix::fs::symlink("dir.py", root.join("linked.py")).unwrap();
        std::os::unix::fs::symlink("a.py", root.join("alias.py")).unwrap();
        assert_eq!(found(&root, "", Kind::Directory), ["!a.py", "!alias.py", "!dir.py/b.py"]);
        std::fs::remove_dir_all(root).unwrap();
    }
}
