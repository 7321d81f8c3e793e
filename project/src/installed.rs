//! What the project's environment has, for the analyzer: its distributions, and the extensions that imports load.
//!
//! No interpreter is started: this runs on every check.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use ftlint_analyzer::db::{Database, Project};
use ftlint_analyzer::extensions::{Extensions, Imported, Suspect};
use ftlint_analyzer::imported_names;
use ftlint_dependencies::chain::{Loaded, loaded};
use ftlint_dependencies::declaration::Declaration;
use ftlint_dependencies::environment;

pub use ftlint_dependencies::environment::Environment;

/// The environment of a project. `python` is an interpreter or the directory of an environment.
pub fn environment(project: &Path, python: Option<&Path>) -> Option<Environment> {
    environment::load(project, python)
}

/// Normalised name to version. `python` is an interpreter or the directory of an environment.
pub fn installed(project: &Path, python: Option<&Path>) -> BTreeMap<String, String> {
    environment(project, python).as_ref().map(versions).unwrap_or_default()
}

/// Normalised name to version.
pub fn versions(env: &Environment) -> BTreeMap<String, String> {
    env.distributions.values().map(|it| (it.name.clone(), it.version.clone())).collect()
}

/// What the imports of a project load in an environment. Nothing where its interpreter has the GIL: what a file declares
/// there says nothing about the build for free-threaded interpreters.
pub fn extensions(db: &Database, project: Project, env: &Environment) -> Extensions {
    if env.target.is_none() {
        return Extensions::new();
    }
    extensions_of(env, &imported_names(db, project))
}

/// What these names load, for whoever must not hold a database while files are read.
pub fn extensions_of(env: &Environment, names: &BTreeSet<String>) -> Extensions {
    if env.target.is_none() {
        return Extensions::new();
    }
    let found = loaded(env, names);
    let is_suspect = |it: &Loaded| matches!(it.declaration, Declaration::DoesNotDeclare(_));
    let owners =
        if found.values().flatten().any(is_suspect) { owners(env) } else { HashMap::new() };
    let mut res = Extensions::new();
    for (name, loaded) in found {
        let decided = !loaded.is_empty()
            && !loaded.iter().any(|it| matches!(it.declaration, Declaration::CannotTell(_)));
        let mut suspects: Vec<_> =
            loaded.iter().filter(|it| is_suspect(it)).map(|it| suspect(it, env, &owners)).collect();
        suspects.sort_by_key(|it| (it.conditional, it.chain.len()));
        if decided || !suspects.is_empty() {
            res.insert(name, Imported { suspects, decided });
        }
    }
    res
}

fn suspect(loaded: &Loaded, env: &Environment, owners: &HashMap<PathBuf, String>) -> Suspect {
    let owner = owners.get(&loaded.file).and_then(|it| env.distributions.get(it));
    Suspect {
        module: loaded.module.clone(),
        file: loaded.file.to_string_lossy().into_owned(),
        distribution: owner.map_or_else(String::new, |it| it.name.clone()),
        version: owner.map_or_else(String::new, |it| it.version.clone()),
        reason: loaded.declaration.reason().to_owned(),
        chain: loaded.chain.clone(),
        conditional: loaded.conditional,
    }
}

/// Extension files to the distributions that brought them.
fn owners(env: &Environment) -> HashMap<PathBuf, String> {
    let mut res = HashMap::new();
    for distribution in env.distributions.values() {
        let Some(directory) = distribution.info.parent() else { continue };
        for file in distribution.files() {
            let path = directory.join(file);
            if ftlint_dependencies::binary::module_name(&path).is_some() {
                res.entry(path).or_insert_with(|| distribution.name.clone());
            }
        }
    }
    res
}
