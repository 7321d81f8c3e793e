//! The state of lowering one function: environment of locals, locks held, tests in force, counters.

use std::collections::hash_map::Entry;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use thin_vec::ThinVec;

use crate::domain::{
    Alloc, Atom, Base, Call, Container, Event, Flags, FunctionFacts, Guard, Key, NONE, Op, Origin,
    Place, Step,
};

/// A value during lowering.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Val {
    pub(crate) origin: Origin,
    /// The event that produced exactly this value.
    pub(crate) main: Option<u32>,
    /// All events whose values flow into it.
    pub(crate) deps: SmallVec<[u32; 3]>,
    /// What is known when the value is true.
    pub(crate) truth: SmallVec<[Atom; 1]>,
    /// What is gone through when this value is: it is a view or an iterator.
    pub(crate) lazy: Vec<super::iterate::Lazy>,
    /// What was found when this value was chosen: `x or make()` is made when `x` is false.
    pub(crate) chosen: Option<Atom>,
}

impl Clone for Val {
    /// Every read of a local clones its value; what is small and plain is copied at once.
    fn clone(&self) -> Self {
        Val {
            origin: self.origin,
            main: self.main,
            deps: SmallVec::from_slice(&self.deps),
            truth: SmallVec::from_slice(&self.truth),
            lazy: self.lazy.clone(),
            chosen: self.chosen,
        }
    }
}

impl Val {
    pub(crate) fn of(origin: Origin) -> Self {
        Val { origin, ..Val::default() }
    }

    /// A value of this origin computed from others.
    pub(crate) fn from_deps(origin: Origin, deps: SmallVec<[u32; 3]>) -> Self {
        Val { origin, deps, ..Val::default() }
    }

    /// An unknown value computed from these.
    pub(crate) fn mix(parts: impl IntoIterator<Item = Val>) -> Self {
        let mut out = Val::default();
        for part in parts {
            out.absorb(&part);
        }
        out
    }

    pub(crate) fn absorb(&mut self, other: &Val) {
        for dep in &other.deps {
            if self.deps.len() < 12 && !self.deps.contains(dep) {
                self.deps.push(*dep);
            }
        }
    }
}

/// Up to so many places are searched one by one.
const FEW: usize = 12;

/// Deepest access path that is followed.
const MAX_PATH: usize = 4;

/// Longest chain of calls and containers made from each other: `x = x.f()` in a long row. Later steps follow them
/// recursively.
const MAX_CHAIN: u32 = 64;

/// More tests in force, or regions held, are not kept: the innermost tests and the outermost regions count.
pub(super) const MAX_IN_FORCE: u32 = 200;

/// The function being lowered.
pub(crate) struct Frame {
    pub(crate) facts: FunctionFacts,
    pub(crate) scope: u32,
    pub(crate) self_name: Option<Name>,
    pub(crate) env: FxHashMap<Name, Val>,
    pub(crate) journal: Vec<(Name, Option<Val>)>,
    pub(crate) held: SmallVec<[u32; 2]>,
    pub(crate) guard: u32,
    pub(crate) clock: u32,
    pub(crate) seq: u32,
    pub(crate) loops: Vec<u32>,
    pub(crate) next_loop: u32,
    pub(crate) caught: u32,
    /// How many `try` around here handle what a loop raises when its container changes.
    pub(crate) expected: u32,
    /// A test before this one asked whether the GIL is on.
    pub(crate) looked_for_gil: bool,
    /// What others may know, and whether it came to be known inside of a loop.
    pub(crate) escaped: FxHashMap<Base, bool>,
    /// Regions that end with the exit stack that entered them.
    pub(crate) stacked: Vec<(Origin, u32)>,
    /// Events of branches that do not go on, as ranges.
    pub(crate) left: Vec<(u32, u32)>,
    pub(super) place_ids: FxHashMap<Place, u32>,
    /// How many tests are in force with each guard.
    pub(super) guard_depths: Vec<u32>,
    /// Length of the chain that ends in each call, in each container.
    pub(super) call_chains: Vec<u32>,
    pub(super) alloc_chains: Vec<u32>,
}

impl Frame {
    /// The id of a place.
    pub(crate) fn place(&mut self, base: Base, path: &[Step]) -> u32 {
        match self.among_few(&base, path) {
            Some(id) => id,
            None => self.add_place(Place { base, path: path.iter().cloned().collect() }),
        }
    }

    fn among_few(&self, base: &Base, path: &[Step]) -> Option<u32> {
        let places = Some(&self.facts.places).filter(|it| it.len() <= FEW)?;
        places.iter().position(|it| it.base == *base && it.path.as_slice() == path).map(to_u32)
    }

    /// The id of a place that is not among few.
    fn add_place(&mut self, place: Place) -> u32 {
        let id = to_u32(self.facts.places.len());
        if self.facts.places.len() == FEW {
            self.place_ids.extend(self.facts.places.iter().cloned().zip(0u32..));
        }
        if self.facts.places.len() >= FEW {
            match self.place_ids.entry(place.clone()) {
                Entry::Occupied(it) => return *it.get(),
                Entry::Vacant(it) => it.insert(id),
            };
        }
        self.facts.places.own.push(place);
        id
    }

    /// The place one step below a value.
    pub(crate) fn extend(&mut self, origin: Origin, step: Step) -> Origin {
        let (base, mut path) = match origin {
            Origin::Place(id) => {
                let place = &self.facts.places[id as usize];
                if place.path.len() >= MAX_PATH {
                    return Origin::Unknown;
                }
                (place.base.clone(), place.path.clone())
            }
            Origin::Call(id) => (Base::Call(id), SmallVec::new()),
            Origin::Alloc(id) => (Base::Alloc(id), SmallVec::new()),
            _ => return Origin::Unknown,
        };
        path.push(step);
        Origin::Place(match self.among_few(&base, &path) {
            Some(id) => id,
            None => self.add_place(Place { base, path }),
        })
    }

    /// Makes a container.
    pub(crate) fn alloc(&mut self, kind: Container, mut elems: Vec<Origin>) -> Origin {
        let id = to_u32(self.facts.allocs.len());
        let mut chain = 1 + self.chain(&elems);
        if chain > MAX_CHAIN {
            elems.clear();
            chain = 1;
        }
        self.alloc_chains.push(chain);
        self.facts.allocs.push(Alloc { kind, elems });
        Origin::Alloc(id)
    }

    /// Records a call; what a call at the end of a long chain returns is unknown.
    pub(crate) fn call(&mut self, call: Call) -> Origin {
        let args = call.args.iter().map(|it| it.value);
        let made_from: SmallVec<[Origin; 8]> = args.chain([call.callee]).collect();
        let chain = 1 + self.chain(&made_from);
        let id = to_u32(self.facts.calls.len());
        self.facts.calls.push(call);
        self.call_chains.push(chain.min(MAX_CHAIN));
        if chain > MAX_CHAIN { Origin::Unknown } else { Origin::Call(id) }
    }

    /// The longest chain that ends in one of these.
    fn chain(&self, origins: &[Origin]) -> u32 {
        let call = |id: u32| self.call_chains.get(id as usize).copied();
        let alloc = |id: u32| self.alloc_chains.get(id as usize).copied();
        let lengths = origins.iter().filter_map(|it| match *it {
            Origin::Call(id) => call(id),
            Origin::Alloc(id) => alloc(id),
            Origin::Place(id) => match self.facts.places[id as usize].base {
                Base::Call(id) => call(id),
                Base::Alloc(id) => alloc(id),
                _ => None,
            },
            _ => None,
        });
        lengths.max().unwrap_or(0)
    }

    /// Index of the set of regions now held.
    pub(crate) fn held_now(&mut self) -> u32 {
        // Few sets, the latest most often.
        if let Some(id) = self.facts.held.iter().rposition(|it| *it == self.held) {
            return to_u32(id);
        }
        self.facts.held.push(self.held.clone());
        to_u32(self.facts.held.len() - 1)
    }

    /// Next position in evaluation order.
    pub(crate) fn tick(&mut self) -> u32 {
        self.seq += 1;
        self.seq
    }

    /// Puts a test in force; returns the one before.
    pub(crate) fn assume(&mut self, atoms: SmallVec<[Atom; 2]>) -> u32 {
        if atoms.is_empty() {
            return self.guard;
        }
        let id = to_u32(self.facts.guards.len());
        let depth = self.guard_depths.get(self.guard as usize).map_or(1, |it| it + 1);
        // Long rows of early returns start anew.
        let (parent, depth) = if depth > MAX_IN_FORCE { (NONE, 1) } else { (self.guard, depth) };
        self.guard_depths.push(depth);
        self.facts.guards.push(Guard { parent, atoms });
        std::mem::replace(&mut self.guard, id)
    }

    /// The place of an access that can matter to another thread.
    pub(crate) fn wants(&mut self, origin: Origin, op: &Op) -> Option<u32> {
        let place = match origin {
            Origin::Place(place) => place,
            Origin::Alloc(id) => self.place(Base::Alloc(id), &[]),
            _ => return None,
        };
        let it = &self.facts.places[place as usize];
        let bare = it.path.is_empty();
        let nameable = matches!(it.base, Base::Global(_) | Base::Cell(..));
        let silent = bare && !nameable && matches!(op, Op::Load | Op::Store | Op::Delete);
        (!silent).then_some(place)
    }

    /// Records an access.
    pub(crate) fn record(&mut self, site: u32, place: u32, op: Op, key: Key) -> u32 {
        let it = &self.facts.places[place as usize];
        let made = matches!(it.base, Base::Call(_) | Base::Alloc(_));
        let made = made && !self.escaped.contains_key(&it.base);
        let lent = made && matches!(it.base, Base::Call(call) if self.is_method_call(call));
        let owned = made && !lent;
        let lenient = self.expected > 0 && matches!(op, Op::Iterate | Op::Consume);
        let flags = Flags { owned, lent, caught: self.caught > 0, lenient, ..Flags::default() };
        let in_loop = self.loops.last().copied().unwrap_or(NONE);
        let (held, seq) = (self.held_now(), self.tick());
        let id = to_u32(self.facts.events.len());
        self.facts.events.push(Event {
            site,
            place,
            op,
            key,
            held,
            guard: self.guard,
            seq,
            in_loop,
            clock: self.clock,
            value: Origin::Unknown,
            deps: ThinVec::new(),
            flags,
        });
        id
    }

    /// The value is now known to others.
    pub(crate) fn escape(&mut self, origin: Origin) {
        let mut next: SmallVec<[Origin; 4]> = SmallVec::from_iter([origin]);
        while let Some(origin) = next.pop() {
            self.escape_one(origin, &mut next);
        }
    }

    /// Adds what becomes known with the value.
    fn escape_one(&mut self, origin: Origin, next: &mut SmallVec<[Origin; 4]>) {
        match origin {
            Origin::Call(id) => {
                self.let_go(Base::Call(id));
            }
            Origin::Alloc(id) if self.let_go(Base::Alloc(id)) => {
                next.extend(self.facts.allocs[id as usize].elems.iter().copied());
            }
            Origin::Place(id) => {
                let base = self.facts.places[id as usize].base.clone();
                if matches!(base, Base::Call(_) | Base::Alloc(_)) {
                    self.let_go(base);
                }
            }
            _ => {}
        }
    }

    /// Tells whether it was not known before.
    fn let_go(&mut self, base: Base) -> bool {
        let in_loop = !self.loops.is_empty();
        let before = self.escaped.get(&base).copied();
        self.escaped.insert(base, in_loop || before == Some(true));
        before.is_none()
    }

    /// What escapes late in a loop is known to others early in its next round.
    pub(crate) fn settle_escapes(&mut self) {
        for event in &mut self.facts.events {
            let private = event.flags.owned || event.flags.lent;
            if !private || event.in_loop == NONE {
                continue;
            }
            let base = &self.facts.places[event.place as usize].base;
            let made_outside = matches!(base, Base::Call(call) if self.facts.calls[*call as usize].in_loop == NONE);
            if made_outside && self.escaped.get(base) == Some(&true) {
                (event.flags.owned, event.flags.lent) = (false, false);
            }
        }
    }
}

/// Lengths fit: a file has fewer than 2^32 bytes.
pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}

/// The key that is a plain name.
pub(crate) fn key_of_name(name: &str) -> Key {
    key_of(name, TextRange::up_to(ruff_text_size::TextSize::of(name)))
}

/// A key from source text: spaces do not matter, the reserved values are avoided.
pub(crate) fn key_of(text: &str, range: TextRange) -> Key {
    use std::hash::Hasher;
    let slice = &text[range];
    if slice.contains("get_ident")
        || slice.contains("current_thread")
        || slice.contains("get_native_id")
    {
        return Key::PER_THREAD;
    }
    let mut hasher = rustc_hash::FxHasher::default();
    for byte in slice.bytes().filter(|it| !it.is_ascii_whitespace()) {
        hasher.write_u8(if byte == b'\'' { b'"' } else { byte });
    }
    Key(hasher.finish().max(2))
}
