//! Attributes of different classes that hold one container: `tracer.data = self.data`. An access through one is an
//! access to the contents of the other.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;

use super::{AccessId, Facts, Suspect};
use crate::domain::Container;
use crate::program::locations::{Location, Root, attr_owner, resolve};
use crate::program::locks::LockId;
use crate::program::types::{AllocSite, Node, Ty, TypeTable};
use crate::program::world::{ClassGid, World};

/// A container, by its kind because calls and displays are numbered apart, and an attribute that holds it.
type Holder = ((Container, AllocSite), ClassGid, Name);

/// A container that more attributes hold is passed around rather than shared by a few.
const MAX_HOLDERS: usize = 4;

/// The other locations of each location.
pub(super) type Aliases = FxHashMap<Location, Vec<Location>>;

/// Attributes that hold a container made in one place.
pub(super) fn find(world: &World, types: &TypeTable) -> Aliases {
    let mut holders: Vec<Holder> = Vec::new();
    for (node, held) in types.nodes() {
        let Node::Attr(class, name) = node else { continue };
        // What may be one of several containers is none in particular.
        if let [Ty::Made(kind, site)] = held.as_slice()
            && site.0 != u32::MAX
        {
            holders.push(((*kind, *site), attr_owner(world, *class, name), name.clone()));
        }
    }
    holders.sort();
    holders.dedup();
    let mut out = Aliases::default();
    for group in holders.chunk_by(|a, b| a.0 == b.0) {
        if group.len() < 2 || group.len() > MAX_HOLDERS {
            continue;
        }
        let at = |it: &Holder| Location {
            root: Root::Instance(it.1, it.2.clone()),
            path: smallvec::SmallVec::new(),
        };
        for it in group {
            let others = group.iter().filter(|other| *other != it).map(at);
            out.entry(at(it)).or_default().extend(others);
        }
    }
    out
}

/// The names under which others hold what is at the location.
pub(super) fn names<'a>(
    aliases: &'a Aliases,
    location: &Location,
) -> impl Iterator<Item = Name> + 'a {
    aliases.get(location).into_iter().flatten().filter_map(|it| match &it.root {
        Root::Instance(_, name) => Some(name.clone()),
        _ => None,
    })
}

impl Facts<'_> {
    /// A window under a lock, and an access through another object, which may hold that lock by another name.
    pub(super) fn may_share_lock(
        &self,
        window: &[LockId],
        other: AccessId,
        suspect: &Suspect,
    ) -> bool {
        let place = &self.world.func(other.0).places[self.event(other).place as usize];
        !window.is_empty()
            && resolve(self.world, self.types, other.0, place).as_ref() != Some(&suspect.location)
    }
}
