//! Finds modules on a path as `importlib` does: a package before a module, an extension before Python text.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::binary::{Tag, module_name};
use crate::environment::entries;
use crate::target::Target;

/// What a dotted name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Its `__init__.py`.
    Package(PathBuf),
    Module(PathBuf),
    Extension(PathBuf),
    /// A directory without `__init__.py`.
    Namespace,
}

/// Names of a directory, by what comes before the first dot.
type Listing = HashMap<String, Vec<PathBuf>>;

/// Remembers directories and names.
pub(super) struct Finder<'a> {
    path: &'a [PathBuf],
    target: Target,
    listings: HashMap<PathBuf, Arc<Listing>>,
    found: HashMap<String, Option<(Found, Vec<PathBuf>)>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(path: &'a [PathBuf], target: Target) -> Self {
        Finder { path, target, listings: HashMap::new(), found: HashMap::new() }
    }

    /// What a module is, if it is there.
    pub(super) fn find(&mut self, name: &str) -> Option<Found> {
        self.search(name).map(|it| it.0)
    }

    /// The modules that run when a name is imported, in order: packages above it, then itself. The last part of the name
    /// may be an attribute, as in `from package import name`.
    pub(super) fn executed(&mut self, name: &str) -> Vec<String> {
        let ends = name.match_indices('.').map(|it| it.0).chain([name.len()]);
        let mut res = Vec::new();
        for end in ends {
            let Some(module) = name.get(..end) else { break };
            match self.find(module) {
                Some(Found::Namespace) => {}
                Some(_) => res.push(module.to_owned()),
                None => break,
            }
        }
        res
    }

    /// The module, and where its submodules are looked for.
    fn search(&mut self, name: &str) -> Option<(Found, Vec<PathBuf>)> {
        if let Some(it) = self.found.get(name) {
            return it.clone();
        }
        let (directories, last) = match name.rsplit_once('.') {
            Some((package, last)) => {
                (self.search(package).map(|it| it.1).unwrap_or_default(), last)
            }
            None => (self.path.to_vec(), name),
        };
        let mut spaces = Vec::new();
        let mut res = None;
        for directory in &directories {
            match self.look(directory, last) {
                Some((Found::Namespace, below)) => spaces.extend(below),
                None => {}
                it => {
                    res = it;
                    break;
                }
            }
        }
        if res.is_none() && !spaces.is_empty() {
            res = Some((Found::Namespace, spaces));
        }
        self.found.insert(name.to_owned(), res.clone());
        res
    }

    fn look(&mut self, directory: &Path, name: &str) -> Option<(Found, Vec<PathBuf>)> {
        if name.is_empty() {
            return None;
        }
        let listing = self.listing(directory);
        let candidates = listing.get(name)?;
        let below = directory.join(name);
        if candidates.contains(&below) && below.is_dir() {
            let inside = self.listing(&below);
            let init = inside.get("__init__").map_or(&[][..], Vec::as_slice);
            if let Some(it) = self.extension(init) {
                return Some((Found::Extension(it), vec![below]));
            }
            let python = below.join("__init__.py");
            if init.contains(&python) {
                return Some((Found::Package(python), vec![below]));
            }
        }
        if let Some(it) = self.extension(candidates) {
            return Some((Found::Extension(it), Vec::new()));
        }
        let python = directory.join(format!("{name}.py"));
        if candidates.contains(&python) {
            return Some((Found::Module(python), Vec::new()));
        }
        (candidates.contains(&below) && below.is_dir()).then(|| (Found::Namespace, vec![below]))
    }

    /// The file that the target loads; one with a tag is preferred.
    fn extension(&self, files: &[PathBuf]) -> Option<PathBuf> {
        let with = |tag: Tag| {
            files.iter().find(|it| {
                module_name(it).is_some_and(|found| found.1 == tag) && self.is_for_target(it)
            })
        };
        with(Tag::FreeThreaded).or_else(|| with(Tag::None)).cloned()
    }

    /// A file that is made for another version is not loaded.
    fn is_for_target(&self, file: &Path) -> bool {
        let name = file.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        let version = format!("3{}t", self.target.minor);
        match module_name(file) {
            Some((_, Tag::FreeThreaded)) if name.contains(".abi3t.") => self.target.minor >= 15,
            Some((_, Tag::FreeThreaded)) => {
                name.contains(&format!("cpython-{version}-"))
                    || name.contains(&format!("cp{version}-"))
            }
            it => it.is_some(),
        }
    }

    fn listing(&mut self, directory: &Path) -> Arc<Listing> {
        if let Some(it) = self.listings.get(directory) {
            return Arc::clone(it);
        }
        let mut res = Listing::new();
        for path in entries(directory) {
            let name = path.file_name().and_then(|it| it.to_str());
            let stem = name.and_then(|it| it.split('.').next()).unwrap_or_default().to_owned();
            res.entry(stem).or_default().push(path);
        }
        let res = Arc::new(res);
        self.listings.insert(directory.to_owned(), Arc::clone(&res));
        res
    }
}
