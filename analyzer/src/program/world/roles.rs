//! What the tables of knowledge say of the project's classes.

use rayon::prelude::*;

use super::{ClassGid, ModuleId, World};
use crate::knowledge::{BaseRow, matches};

impl World {
    /// Finds the rows of each class: by its bases outside the project, and by its own name and those of its ancestors.
    pub(super) fn find_base_rows(&mut self) {
        let classes = (0..self.n_classes()).into_par_iter().with_min_len(64);
        let fitting: Vec<Box<[u32]>> =
            classes.clone().map(|it| self.fitting_patterns(it)).collect();
        let rows: Vec<Box<[u32]>> = classes.map(|it| self.rows_of(it, &fitting)).collect();
        for (entry, rows) in self.classes.iter_mut().zip(rows) {
            entry.base_rows = rows;
        }
    }

    /// The patterns that the full name of a class fits.
    fn fitting_patterns(&self, class: ClassGid) -> Box<[u32]> {
        let known = &self.knowledge;
        let mut path = String::new();
        let fits = |pattern: &u32| {
            let pattern = &known.base_rows[*pattern as usize].name;
            let end = pattern.rsplit(['.', '*']).next().unwrap_or_default();
            if !self.class(class).qualname.ends_with(end) {
                return false;
            }
            if path.is_empty() {
                path = self.class_path(class);
            }
            matches(pattern, &path)
        };
        known.base_patterns.iter().copied().filter(fits).collect()
    }

    fn rows_of(&self, class: ClassGid, fitting: &[Box<[u32]>]) -> Box<[u32]> {
        let (known, bases) = (&self.knowledge, &self.classes[class as usize].external_bases);
        let exact = bases.iter().filter_map(|it| known.bases.get(it.as_str()));
        let mut found: Vec<u32> = exact.copied().collect();
        for pattern in &known.base_patterns {
            let name = &known.base_rows[*pattern as usize].name;
            let mut family = std::iter::once(&class).chain(self.ancestors(class));
            if !found.contains(pattern)
                && (family.any(|it| fitting[*it as usize].contains(pattern))
                    || bases.iter().any(|it| matches(name, it)))
            {
                found.push(*pattern);
            }
        }
        found.into()
    }

    /// What the tables say of a class.
    pub(crate) fn base_rows(&self, class: ClassGid) -> impl Iterator<Item = &BaseRow> {
        let rows = &self.classes[class as usize].base_rows;
        rows.iter().map(|it| &self.knowledge.base_rows[*it as usize])
    }

    /// The full name of a class.
    pub(crate) fn class_path(&self, class: ClassGid) -> String {
        let module = self.classes[class as usize].module;
        format!("{}.{}", self.modules[module as usize].name, self.class(class).qualname)
    }

    /// Whether the project's settings say what this name of a module is.
    pub(super) fn is_configured(&self, module: ModuleId, name: &str) -> bool {
        self.knowledge.is_configured(&self.modules[module as usize].name, name)
    }
}
