//! Beginning and end of lowering one function. What its lists and maps have grown to is used again by the next.

use ruff_python_ast::name::Name;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use thin_vec::ThinVec;

use super::frame::{Frame, Val};
use crate::domain::{Base, Bound, Call, Event, FunctionFacts, FunctionKind, NONE, Place, Places};

/// The lists and maps of a function that is done, emptied: they have grown already.
#[derive(Default)]
pub(crate) struct Room {
    env: FxHashMap<Name, Val>,
    journal: Vec<(Name, Option<Val>)>,
    escaped: FxHashMap<Base, bool>,
    place_ids: FxHashMap<Place, u32>,
    guard_depths: Vec<u32>,
    call_chains: Vec<u32>,
    alloc_chains: Vec<u32>,
    places: ThinVec<Place>,
    calls: Vec<Call>,
    events: Vec<Event>,
}

impl Room {
    fn clear(&mut self) {
        self.env.clear();
        self.journal.clear();
        self.escaped.clear();
        self.place_ids.clear();
        self.guard_depths.clear();
        self.call_chains.clear();
        self.alloc_chains.clear();
    }
}

/// Moves the contents of a list to one of their size; the list itself is handed back, empty.
fn moved<T>(list: &mut Vec<T>) -> Vec<T> {
    let mut exact = Vec::with_capacity(list.len());
    exact.append(list);
    std::mem::replace(list, exact)
}

impl Frame {
    /// The facts of a function of which nothing is known yet.
    pub(crate) fn facts(
        kind: FunctionKind,
        name: Name,
        qualname: String,
        parent: u32,
        site: u32,
    ) -> FunctionFacts {
        FunctionFacts {
            name,
            kind,
            qualname,
            parent,
            class: NONE,
            site,
            is_async: false,
            is_generator: false,
            params: Vec::new(),
            bound: Bound::Free,
            decorators: ThinVec::new(),
            caller_locks: false,
            for_tests: false,
            places: Places::default(),
            allocs: ThinVec::new(),
            calls: Vec::new(),
            events: Vec::new(),
            guards: ThinVec::new(),
            regions: ThinVec::new(),
            held: SmallVec::from_iter([SmallVec::new()]),
            returns: ThinVec::new(),
            yield_held: 0,
            exit_held: 0,
            candidates: ThinVec::new(),
            asks: ThinVec::new(),
        }
    }

    /// Starts on a function.
    pub(crate) fn new(scope: u32, facts: FunctionFacts, room: Room) -> Self {
        let Room {
            env, journal, escaped, place_ids, guard_depths, call_chains, alloc_chains, ..
        } = room;
        let facts = FunctionFacts {
            places: Places::begin(room.places),
            calls: room.calls,
            events: room.events,
            ..facts
        };
        Frame {
            facts,
            scope,
            self_name: None,
            env,
            journal,
            held: SmallVec::new(),
            guard: NONE,
            clock: 0,
            seq: 0,
            loops: Vec::new(),
            next_loop: 0,
            caught: 0,
            expected: 0,
            looked_for_gil: false,
            escaped,
            stacked: Vec::new(),
            left: Vec::new(),
            place_ids,
            guard_depths,
            call_chains,
            alloc_chains,
        }
    }

    /// The facts, in no more memory than they need, and the room for another function.
    pub(crate) fn done(mut self) -> (FunctionFacts, Room) {
        let mut room = Room {
            env: self.env,
            journal: self.journal,
            escaped: self.escaped,
            place_ids: self.place_ids,
            guard_depths: self.guard_depths,
            call_chains: self.call_chains,
            alloc_chains: self.alloc_chains,
            places: self.facts.places.end(),
            calls: moved(&mut self.facts.calls),
            events: moved(&mut self.facts.events),
        };
        self.facts.shrink();
        room.clear();
        (self.facts, room)
    }
}
