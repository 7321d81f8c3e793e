//! Results of calls that belong to the caller: fresh objects, and objects handed over for good. What a getter or a
//! look-up returns belongs to whoever keeps it.

use super::Facts;
use crate::domain::{Base, Event, Origin, Place, Step};
use crate::program::types::is_property;
use crate::program::world::{Entity, FuncGid};

/// So many functions that return what another one returned are followed.
const DEPTH: u32 = 3;

impl Facts<'_> {
    /// Whether the access is to what a call returned and the object is this caller's own.
    pub(super) fn is_fresh(&self, func: FuncGid, event: &Event) -> bool {
        let Base::Call(call) = self.world.func(func).places[event.place as usize].base else {
            return false;
        };
        event.flags.lent && self.makes(func, call, 0)
    }

    /// Whether a call makes what it returns. Of unknown code we think so.
    fn makes(&self, func: FuncGid, call: u32, depth: u32) -> bool {
        let it = self.world.func(func);
        let callee = it.calls[call as usize].callee;
        match self.world.entity(func, callee) {
            Some(Entity::Func(target)) => return self.returns_fresh(target, depth),
            Some(_) => return true,
            None => {}
        }
        let Origin::Place(place) = callee else { return true };
        let place = &it.places[place as usize];
        if let Some((Step::Attr(name), front)) = place.path.split_last() {
            let receiver = Place { base: place.base.clone(), path: front.into() };
            let held = self.types.place(self.world, func, &receiver);
            let container = held.iter().any(|it| it.container().is_some());
            if container && matches!(name.as_str(), "get" | "setdefault" | "values") {
                return false;
            }
        }
        self.types
            .targets(self.world, func, callee)
            .iter()
            .all(|(target, _)| self.returns_fresh(*target, depth))
    }

    fn returns_fresh(&self, target: FuncGid, depth: u32) -> bool {
        let it = self.world.func(target);
        if depth > DEPTH || it.name == "__init__" || it.is_generator {
            return true;
        }
        it.returns.iter().all(|origin| match origin {
            Origin::Call(call) => self.makes(target, *call, depth + 1),
            Origin::Place(place) => {
                let place = &it.places[*place as usize];
                !matches!(place.base, Base::SelfObj | Base::Cls | Base::Global(_) | Base::Cell(..))
                    || place.path.is_empty()
                    || self.is_computed(target, place)
            }
            _ => true,
        })
    }

    /// A property or a method stands behind the place.
    fn is_computed(&self, func: FuncGid, place: &Place) -> bool {
        let (Base::SelfObj, [Step::Attr(name)]) = (&place.base, place.path.as_slice()) else {
            return false;
        };
        let method = self.world.class_of(func).and_then(|it| self.world.method(it, name));
        method.is_some_and(|it| !is_property(self.world, it))
    }
}
