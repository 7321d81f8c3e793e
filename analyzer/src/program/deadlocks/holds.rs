//! All places where a lock is held: regions, and decorators around whole functions.

use std::collections::BTreeMap;

use crate::domain::{Mode, NONE, Origin, SiteId};
use crate::program::judge::Facts;
use crate::program::locks::LockId;
use crate::program::locks::kind::{self, Kind, Receiver};
use crate::program::world::{FuncGid, World};

/// A lock held in a function.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) func: FuncGid,
    /// [`NONE`] when a decorator holds it around the function.
    pub(super) region: u32,
    pub(super) lock: LockId,
    pub(super) receiver: Receiver,
    /// `None` when it is not certain what the lock is.
    pub(super) kind: Option<Kind>,
    pub(super) mode: Mode,
    pub(super) site: SiteId,
}

impl Hold {
    /// Whether it is held where these regions are.
    pub(super) fn covers(&self, world: &World, held: u32) -> bool {
        self.region == NONE
            || world
                .func(self.func)
                .held
                .get(held as usize)
                .is_some_and(|it| it.contains(&self.region))
    }

    /// Whether a second region of the same function begins while this one lasts.
    pub(super) fn contains(&self, world: &World, inner: &Hold) -> bool {
        if self.func != inner.func || inner.region == NONE || self.region == inner.region {
            return false;
        }
        let held = world.func(self.func).regions[inner.region as usize].held;
        self.covers(world, held)
    }

    /// The locks that are held when this one is taken.
    pub(super) fn outer(&self, facts: &Facts<'_>) -> Vec<LockId> {
        let regions = &facts.world.func(self.func).regions;
        let held = regions.get(self.region as usize).map_or(0, |it| it.held);
        facts.locks.at(facts.world, self.func, held).into_iter().map(|it| it.0).collect()
    }
}

/// All holds, sorted by function and region.
pub(super) fn collect(facts: &Facts<'_>) -> Vec<Hold> {
    let (world, types) = (facts.world, facts.types);
    let mut out: Vec<Hold> = Vec::new();
    let regions: BTreeMap<_, _> = facts.locks.regions.iter().collect();
    for ((func, region), lock) in regions {
        if matches!(lock, LockId::Unnamed(..)) {
            continue;
        }
        let it = &world.func(*func).regions[*region as usize];
        let kind = match lock {
            LockId::Instance(class, name) if !name.contains('.') => {
                kind::of_attribute(world, types, *class, name)
            }
            _ => kind::of_origin(world, types, *func, it.what),
        };
        // A lock that this call makes is nobody else's.
        if matches!(it.what, Origin::Call(_)) && kind.is_some_and(|it| it.made.0 == *func) {
            continue;
        }
        let receiver = kind::receiver(world, *func, it.what, lock);
        let (mode, site) = (it.mode, it.site);
        out.push(Hold {
            func: *func,
            region: *region,
            lock: lock.clone(),
            receiver,
            kind,
            mode,
            site,
        });
    }
    let decorated: BTreeMap<_, _> = facts.locks.decorated.iter().collect();
    for (func, locks) in decorated {
        for lock in locks {
            let LockId::Instance(class, name) = lock else { continue };
            out.push(Hold {
                func: *func,
                region: NONE,
                lock: lock.clone(),
                receiver: Receiver::Own,
                kind: kind::of_attribute(world, types, *class, name),
                mode: Mode::Waits,
                site: world.func(*func).site,
            });
        }
    }
    out.retain(|it| !world.module(it.func).path.ends_with(".pyi"));
    out.sort_by(|a, b| (a.func, a.region, &a.lock).cmp(&(b.func, b.region, &b.lock)));
    out
}
