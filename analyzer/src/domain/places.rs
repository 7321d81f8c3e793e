//! The places of a function. Half of those of a module are named again and again, `self.x` in every method, so once a
//! module is lowered its functions share one list of different ones.

use std::hash::BuildHasher;
use std::ops::Index;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};
use thin_vec::ThinVec;

use super::{FunctionFacts, Place, exact};

/// A list of places; indices into it are local to the function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// While the module is lowered.
    pub(crate) own: ThinVec<Place>,
    /// Afterwards: indices into the module's list.
    ids: ThinVec<u32>,
    shared: Option<Arc<Vec<Place>>>,
}

impl Places {
    /// An empty list with the room of another one.
    pub(crate) fn begin(own: ThinVec<Place>) -> Self {
        Places { own, ..Places::default() }
    }

    /// Moves the places to a list of their size; hands back the other one, empty.
    pub(crate) fn end(&mut self) -> ThinVec<Place> {
        let mut own = ThinVec::with_capacity(self.own.len());
        own.append(&mut self.own);
        std::mem::replace(&mut self.own, own)
    }

    pub(crate) fn len(&self) -> usize {
        self.own.len() + self.ids.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Place> {
        (0..self.len()).map(|it| &self[it])
    }

    /// The index of a place in the module's list.
    pub(crate) fn shared_id(&self, place: u32) -> Option<u32> {
        self.ids.get(place as usize).copied()
    }
}

impl Index<usize> for Places {
    type Output = Place;

    fn index(&self, at: usize) -> &Place {
        match &self.shared {
            Some(shared) => &shared[self.ids[at] as usize],
            None => &self.own[at],
        }
    }
}

impl PartialEq for Places {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Places {}

/// Makes the functions of a module share their places; returns the list.
pub(crate) fn share(functions: &mut [FunctionFacts]) -> Arc<Vec<Place>> {
    // By hash, so that no place is cloned. Of two different ones with one hash the second is in the list as often as it
    // is named.
    let mut known: FxHashMap<u64, u32> = FxHashMap::default();
    let mut shared: Vec<Place> = Vec::new();
    for places in functions.iter_mut().map(|it| &mut it.places) {
        let own = std::mem::take(&mut places.own);
        let id_of = |place: Place| {
            let next = u32::try_from(shared.len()).unwrap_or(super::NONE);
            let id = *known.entry(FxBuildHasher.hash_one(&place)).or_insert(next);
            if id != next && shared[id as usize] == place {
                return id;
            }
            shared.push(place);
            next
        };
        places.ids = own.into_iter().map(id_of).collect();
    }
    exact(&mut shared);
    let shared = Arc::new(shared);
    for it in functions {
        it.places.shared = Some(Arc::clone(&shared));
    }
    shared
}
