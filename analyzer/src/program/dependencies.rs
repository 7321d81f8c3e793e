//! Where what is known of dependencies is reported: at the first import that leads to each, else where it is declared.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::slice::{GlobalSite, JudgedWindow};
use super::world::{ModuleEntry, World};
use crate::db::{Db, Project, SourceFile};
use crate::evidence::{Dependency, Evidence, Step};
use crate::rule::GilClass;
use crate::surroundings::{self, Anchor};

/// The first import of each module by its dotted name, numbered in the order of the project.
type Imports<'a> = FxHashMap<&'a str, (usize, GlobalSite)>;

/// One finding for each dependency, with the file that it belongs to.
pub(crate) fn find(
    db: &dyn Db,
    project: Project,
    world: &World,
) -> Vec<(SourceFile, JudgedWindow)> {
    let all = project.dependencies(db);
    // Nearly no run has any; only then the modules are gone through.
    if all.is_empty() {
        return Vec::new();
    }
    let imports = imports(project.files(db), world);
    let documents: FxHashMap<&str, SourceFile> =
        project.documents(db).iter().map(|it| (&**it.path(db), *it)).collect();
    let mut out = Vec::new();
    for it in all.iter() {
        let lines: Vec<Step<GlobalSite>> = it
            .lines
            .iter()
            .filter_map(|line| {
                let site = GlobalSite {
                    file: *documents.get(&*line.file)?,
                    site: line.number.saturating_sub(1),
                    func: 0,
                };
                Some(Step { site, text: line.text.clone() })
            })
            .collect();
        let import = match it.anchor {
            Anchor::Line => None,
            Anchor::Import | Anchor::ImportOrLine => first_import(&imports, it),
        };
        let (site, import) = match (import, lines.first()) {
            (Some((site, name)), _) => (site, name.to_owned()),
            (None, Some(line)) if it.anchor != Anchor::Import => (line.site, String::new()),
            _ => continue,
        };
        let facts = Arc::new(it.clone());
        let judged = JudgedWindow {
            evidence: Evidence::Dependency(Box::new(Dependency { site, import, facts, lines })),
            confidence: it.confidence,
            gil: GilClass::New,
            label: it.distribution.clone(),
        };
        out.push((site.file, judged));
    }
    out
}

/// What the files import from elsewhere; what only tests import comes after all others.
fn imports<'a>(files: &[SourceFile], world: &'a World) -> Imports<'a> {
    let own: FxHashSet<&str> =
        world.modules.iter().filter_map(|it| it.name.split('.').next()).collect();
    let mut res = Imports::default();
    for tests in [false, true] {
        let chosen = |it: &(&SourceFile, &ModuleEntry)| it.1.is_test == tests;
        for (file, module) in files.iter().zip(&world.modules).filter(chosen) {
            for import in &module.facts.imports {
                let name = import.module.as_str();
                if name.split('.').next().is_some_and(|it| !own.contains(it)) {
                    let site = GlobalSite { file: *file, site: import.site, func: import.func };
                    let number = res.len();
                    res.entry(name).or_insert((number, site));
                }
            }
        }
    }
    res
}

/// The import that leads to the dependency, of the nearest distribution that is imported at all. `from a import b` may
/// import `a.b` or a name of `a`.
fn first_import<'a>(
    imports: &Imports<'_>,
    it: &'a surroundings::Dependency,
) -> Option<(GlobalSite, &'a str)> {
    it.modules.iter().find_map(|module| {
        let leads = |name: &str| {
            name == module
                || name.strip_prefix(module.as_str()).is_some_and(|it| it.starts_with('.'))
        };
        let found = imports.iter().filter(|it| leads(it.0));
        found.min_by_key(|it| it.1.0).map(|it| (it.1.1, module.as_str()))
    })
}
