//! Accesses that come one after the other because one side waits for the other: events, barriers, `join` of a queue.

use super::{AccessId, Facts};
use crate::domain::{Call, NONE, Origin, Place, Step};
use crate::program::locations::{Location, resolve};
use crate::program::types::Ty;
use crate::program::world::FuncGid;

/// What one side calls when it is done, what the other calls first, and on what.
const SIGNALS: [(&str, &str, &[&str]); 3] = [
    ("set", "wait", &["threading.Event"]),
    ("task_done", "join", &["queue.Queue", "queue.LifoQueue", "queue.PriorityQueue"]),
    ("wait", "wait", &["threading.Barrier"]),
];

impl Facts<'_> {
    /// One side waits for something that the other says when it is done.
    pub(super) fn ordered_by_signal(&self, a: AccessId, b: AccessId) -> bool {
        let waits_for = |first: AccessId, then: AccessId| {
            let (done, from) = (self.event(first).seq, self.event(then).seq);
            SIGNALS.iter().any(|(says, waits, on)| {
                // The phases of a barrier in a loop overlap; its one function may be on both sides.
                let barrier = says == waits;
                let once = |it: &Call| !barrier || it.in_loop == NONE;
                if first.0 == then.0 && !barrier {
                    return false;
                }
                let says = self.calls_on(first.0, says, on, |it| it.seq > done && once(it));
                !says.is_empty() && {
                    let waits = self.calls_on(then.0, waits, on, |it| it.seq < from && once(it));
                    says.iter().any(|it| waits.contains(it))
                }
            })
        };
        waits_for(a, b) || waits_for(b, a)
    }

    /// The objects of these types on which a function calls a method at such a point.
    fn calls_on(
        &self,
        func: FuncGid,
        method: &str,
        types: &[&str],
        at: impl Fn(&Call) -> bool,
    ) -> Vec<Location> {
        let it = self.world.func(func);
        let object = |call: &Call| {
            let Origin::Place(place) = call.callee else { return None };
            let place = &it.places[place as usize];
            let Some((Step::Attr(name), front)) = place.path.split_last() else { return None };
            if name != method {
                return None;
            }
            let receiver = Place { base: place.base.clone(), path: front.into() };
            let known = self.types.place(self.world, func, &receiver);
            let is_one =
                |it: &Ty| matches!(it, Ty::External(name, _) if types.contains(&name.as_str()));
            known.iter().any(is_one).then(|| resolve(self.world, self.types, func, &receiver))?
        };
        it.calls.iter().filter(|it| at(it)).filter_map(object).collect()
    }
}
