//! The classes above and below each class. Found once: that of a large framework's base class is asked for at every
//! attribute.

use super::{ClassGid, World};

impl World {
    /// All project classes above, nearest first.
    pub(crate) fn ancestors(&self, class: ClassGid) -> &[ClassGid] {
        self.above.get(class as usize).map_or(&[], |it| it)
    }

    /// All project classes below.
    pub(crate) fn descendants(&self, class: ClassGid) -> &[ClassGid] {
        self.below.get(class as usize).map_or(&[], |it| it)
    }

    pub(super) fn find_families(&mut self) {
        let classes = 0..self.n_classes();
        self.above = classes.clone().map(|it| self.find_ancestors(it)).collect();
        // The class whose search met each class last.
        let mut met = vec![ClassGid::MAX; self.classes.len()];
        self.below = classes.map(|it| self.find_descendants(it, &mut met)).collect();
    }

    fn find_ancestors(&self, class: ClassGid) -> Box<[ClassGid]> {
        let mut out: Vec<ClassGid> = Vec::new();
        let mut todo = self.classes[class as usize].bases.clone();
        todo.reverse();
        while let Some(next) = todo.pop() {
            if next != class && !out.contains(&next) {
                out.push(next);
                todo.extend(self.classes[next as usize].bases.iter().rev());
            }
        }
        out.into()
    }

    fn find_descendants(&self, class: ClassGid, met: &mut [ClassGid]) -> Box<[ClassGid]> {
        let mut out: Vec<ClassGid> = Vec::new();
        let mut todo = self.classes[class as usize].subclasses.clone();
        met[class as usize] = class;
        while let Some(next) = todo.pop() {
            if std::mem::replace(&mut met[next as usize], class) != class {
                out.push(next);
                todo.extend(&self.classes[next as usize].subclasses);
            }
        }
        out.into()
    }
}
