//! What the tables of knowledge say of the project's classes.

use super::{ClassGid, ModuleId, World};
use crate::knowledge::{BaseRow, matches};

impl World {
    /// Finds the rows of each class: by its bases outside the project, and by its own name and those of its ancestors.
    pub(super) fn find_base_rows(&mut self) {
        let known = std::sync::Arc::clone(&self.knowledge);
        let mut rows: Vec<Box<[u32]>> = Vec::with_capacity(self.classes.len());
        for class in 0..self.n_classes() {
            let entry = &self.classes[class as usize];
            let exact = entry.external_bases.iter().filter_map(|it| known.bases.get(it.as_str()));
            let mut found: Vec<u32> = exact.copied().collect();
            for &pattern in &known.base_patterns {
                let name = &known.base_rows[pattern as usize].name;
                let mut family =
                    std::iter::once(class).chain(self.ancestors(class).iter().copied());
                if entry.external_bases.iter().any(|it| matches(name, it))
                    || family.any(|it| self.is_called(it, name))
                {
                    found.extend(Some(pattern).filter(|it| !found.contains(it)));
                }
            }
            rows.push(found.into());
        }
        for (entry, rows) in self.classes.iter_mut().zip(rows) {
            entry.base_rows = rows;
        }
    }

    /// What the tables say of a class.
    pub(crate) fn base_rows(&self, class: ClassGid) -> impl Iterator<Item = &BaseRow> {
        let rows = &self.classes[class as usize].base_rows;
        rows.iter().map(|it| &self.knowledge.base_rows[*it as usize])
    }

    /// Whether the full name of a class fits a pattern.
    fn is_called(&self, class: ClassGid, pattern: &str) -> bool {
        let end = pattern.rsplit(['.', '*']).next().unwrap_or_default();
        let qualname = &self.class(class).qualname;
        qualname.ends_with(end) && matches(pattern, &self.class_path(class))
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
