//! From the imports of a project to the extension files that they load, through installed Python packages.
//!
//! What a module imports while it is imported itself is followed: statements at the top level, in classes, and in `try`
//! and `if`, except below `TYPE_CHECKING`. Imports inside of functions of installed packages happen later or never and
//! are not followed; neither are imports by computed names.

mod finder;
mod imports;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::binary;
use crate::declaration::Declaration;
use crate::environment::Environment;
use finder::{Finder, Found};
use imports::Imported;

/// More modules than any program loads; what lies beyond is not followed.
const MODULES: usize = 50_000;

/// An extension that an import loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The dotted name of the module.
    pub module: String,
    /// The file that was read.
    pub file: PathBuf,
    /// What the file says.
    pub declaration: Declaration,
    /// From the imported module to the extension, both included.
    pub chain: Vec<String>,
    /// An import on the way stands below an `if`.
    pub conditional: bool,
}

/// Which extensions each of the imported names loads. Names that lead nowhere in the environment have no entry.
pub fn loaded(env: &Environment, names: &BTreeSet<String>) -> BTreeMap<String, Vec<Loaded>> {
    let Some(target) = env.target else { return BTreeMap::new() };
    let mut finder = Finder::new(&env.site_packages, target);
    let roots: BTreeMap<&String, Vec<String>> = names
        .iter()
        .map(|name| (name, finder.executed(name)))
        .filter(|(_, modules)| !modules.is_empty())
        .collect();
    let graph = Graph::grow(&mut finder, roots.values().flatten().cloned());
    roots.into_iter().map(|(name, modules)| (name.clone(), graph.from(&modules))).collect()
}

/// Modules and what they import.
#[derive(Default)]
struct Graph {
    modules: BTreeMap<String, Node>,
}

struct Node {
    /// Modules that are there, and whether the import stands below an `if`.
    imports: Vec<(String, bool)>,
    extension: Option<(PathBuf, Declaration)>,
}

impl Graph {
    /// Everything that is reached, one layer after another; the files of a layer are read in parallel.
    fn grow(finder: &mut Finder<'_>, roots: impl Iterator<Item = String>) -> Self {
        let mut res = Graph::default();
        let mut layer: BTreeSet<String> = roots.collect();
        while !layer.is_empty() && res.modules.len() < MODULES {
            let found: Vec<(String, Found)> = layer
                .into_iter()
                .filter_map(|name| finder.find(&name).map(|found| (name, found)))
                .collect();
            let read: Vec<(String, Read)> = found
                .into_par_iter()
                .map(|(name, found)| (name.clone(), read(&name, found)))
                .collect();
            layer = BTreeSet::new();
            for (name, read) in read {
                let mut imports = Vec::new();
                for it in read.imports {
                    for module in finder.executed(&it.name) {
                        // Its packages are being imported already.
                        if module != name && !is_above(&module, &name) {
                            imports.push((module, it.conditional));
                        }
                    }
                }
                imports.dedup();
                layer.extend(imports.iter().map(|it| it.0.clone()));
                res.modules.insert(name, Node { imports, extension: read.extension });
            }
            layer.retain(|it| !res.modules.contains_key(it));
        }
        res
    }

    /// The extensions that are reached from modules that are imported in this order, each by its shortest chain; one
    /// without conditions is preferred.
    fn from(&self, modules: &[String]) -> Vec<Loaded> {
        let mut before: BTreeMap<&str, (Option<&str>, bool)> = BTreeMap::new();
        let mut res = Vec::new();
        for allowed in [false, true] {
            let known: Vec<&str> = before.keys().copied().collect();
            let mut queue: VecDeque<&str> = known.into();
            for name in modules {
                before.entry(name).or_insert_with(|| {
                    queue.push_back(name);
                    (None, false)
                });
            }
            while let Some(name) = queue.pop_front() {
                let Some(node) = self.modules.get(name) else { continue };
                let conditional = before.get(name).is_some_and(|it| it.1);
                for (next, below_if) in node.imports.iter().filter(|it| allowed || !it.1) {
                    before.entry(next).or_insert_with(|| {
                        queue.push_back(next);
                        (Some(name), conditional || *below_if)
                    });
                }
            }
        }
        for (name, (_, conditional)) in &before {
            let Some((file, declaration)) =
                self.modules.get(*name).and_then(|it| it.extension.as_ref())
            else {
                continue;
            };
            res.push(Loaded {
                module: (*name).to_owned(),
                file: file.clone(),
                declaration: declaration.clone(),
                chain: chain(&before, name),
                conditional: *conditional,
            });
        }
        res
    }
}

fn chain(before: &BTreeMap<&str, (Option<&str>, bool)>, name: &str) -> Vec<String> {
    let mut res = vec![name.to_owned()];
    let mut at = name;
    while let Some((Some(previous), _)) = before.get(at) {
        res.push((*previous).to_owned());
        at = previous;
    }
    res.reverse();
    res
}

/// Whether a module is a package above another.
fn is_above(package: &str, module: &str) -> bool {
    module.strip_prefix(package).is_some_and(|it| it.starts_with('.'))
}

#[derive(Default)]
struct Read {
    imports: Vec<Imported>,
    extension: Option<(PathBuf, Declaration)>,
}

fn read(name: &str, found: Found) -> Read {
    match found {
        Found::Package(file) => Read { imports: of_file(&file, name, true), extension: None },
        Found::Module(file) => Read { imports: of_file(&file, name, false), extension: None },
        Found::Namespace => Read::default(),
        Found::Extension(file) => {
            let declaration = binary::read(&file).unwrap_or_else(|it| {
                Declaration::CannotTell(format!("the file cannot be read: {it}"))
            });
            Read { imports: Vec::new(), extension: Some((file, declaration)) }
        }
    }
}

fn of_file(file: &Path, name: &str, is_package: bool) -> Vec<Imported> {
    crate::environment::read(file).map_or_else(Vec::new, |it| imports::of(&it, name, is_package))
}
