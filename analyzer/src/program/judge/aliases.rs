//! Containers that several attributes hold: `tracer.data = self.data`. What is done to the contents through one of
//! them is done to the container of the other, so both have one location; rebinding an attribute concerns only itself.

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use crate::program::locations::{Location, Root, kept};
use crate::program::types::{Node, Ty, TypeTable};
use crate::program::world::{ClassGid, World};

/// For attributes of instances: the location that made and keeps the container they hold.
#[derive(PartialEq)]
pub(super) struct Aliases {
    kept: FxHashMap<(ClassGid, Name), Location>,
}

impl Aliases {
    pub(super) fn find(world: &World, types: &TypeTable) -> Self {
        let nodes: Vec<(ClassGid, &Name, &Ty)> = types
            .nodes()
            .filter_map(|(node, held)| match (node, held.as_slice()) {
                (Node::Attr(class, name), [ty]) if made_elsewhere(world, *class, ty) => {
                    Some((*class, name, ty))
                }
                _ => None,
            })
            .collect();
        let kept = nodes
            .into_par_iter()
            .filter_map(|(class, name, ty)| {
                let location = kept(world, types, ty)?;
                let own = Location::at(Root::Instance(class, name.clone()));
                (location != own).then(|| ((class, name.clone()), location))
            })
            .collect();
        Aliases { kept }
    }

    /// The one location of the contents.
    pub(super) fn of_contents(&self, location: Location) -> Location {
        self.of(&location).cloned().unwrap_or(location)
    }

    /// The location of the contents, when it is another one.
    pub(super) fn of(&self, location: &Location) -> Option<&Location> {
        match &location.root {
            Root::Instance(class, name) if location.path.is_empty() && !self.kept.is_empty() => {
                self.kept.get(&(*class, name.clone()))
            }
            _ => None,
        }
    }

    /// Names of attributes whose contents may belong to a location for which the test holds.
    pub(super) fn names(&self, test: impl Fn(&Location) -> bool) -> Vec<Name> {
        self.kept.iter().filter(|it| test(it.1)).map(|it| it.0.1.clone()).collect()
    }
}

/// Only a container that another class made can be another's.
fn made_elsewhere(world: &World, class: ClassGid, ty: &Ty) -> bool {
    ty.container().and_then(|site| world.class_of(site.0)).is_some_and(|maker| maker != class)
}
