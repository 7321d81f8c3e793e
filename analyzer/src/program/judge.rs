//! Decides which candidate windows race: resolves their places, looks for a second thread, and compares locks.
//!
//! The policy of confidence is written down for users in `docs/confidence.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::contexts::Contexts;
use super::locations::{Location, Root, resolve};
use super::locks::{LockId, Locks};
use super::render;
use super::slice::{JudgedWindow, ProgramSlice};
use super::threads::{Threads, has_base};
use super::types::{Ty, TypeTable};
use super::world::{ClassGid, FuncGid, World};
use crate::db::SourceFile;
use crate::domain::{Candidate, Event, FunctionKind, Op, Origin, Place, Step};
use crate::evidence::Pattern;
use crate::knowledge::{InstanceSharing, KNOWLEDGE};
use crate::rule::{Confidence, GilClass};

/// Everything judging reads.
pub(crate) struct Facts<'a> {
    pub(crate) world: &'a World,
    pub(crate) types: &'a TypeTable,
    pub(crate) threads: &'a Threads,
    pub(crate) contexts: &'a Contexts,
    pub(crate) locks: &'a Locks,
    pub(crate) files: &'a Arc<[SourceFile]>,
    pub(crate) installed: &'a Arc<BTreeMap<String, String>>,
}

/// One access of the project.
pub(crate) type AccessId = (FuncGid, u32);

/// A candidate with its location.
struct Suspect {
    func: FuncGid,
    candidate: Candidate,
    location: Location,
    /// The contents of the container rather than the reference.
    contents: bool,
    /// The class of the object, as the window's function sees it.
    holder: Option<ClassGid>,
}

/// A conflict that was found.
pub(crate) struct Conflict {
    pub(crate) other: AccessId,
    pub(crate) confidence: Confidence,
    /// The spawn that brings the window's own thread, or the other's.
    pub(crate) spawn: Option<u32>,
    pub(crate) because: String,
}

/// One slice per module.
pub(crate) fn judge(facts: &Facts<'_>) -> Vec<ProgramSlice> {
    let mut slices: Vec<ProgramSlice> =
        facts.files.iter().map(|_| ProgramSlice::default()).collect();
    let suspects = suspects(facts);
    let accesses = accesses(facts, &suspects);
    let mut seen: FxHashSet<(FuncGid, Location, bool, Pattern)> = FxHashSet::default();
    let of = |suspect: &Suspect| accesses.get(&suspect.location).map_or(&[][..], Vec::as_slice);
    let conflicts: Vec<Option<Conflict>> =
        suspects.par_iter().map(|suspect| facts.conflict(suspect, of(suspect))).collect();
    for (suspect, conflict) in suspects.iter().zip(conflicts) {
        let Some(conflict) = conflict else { continue };
        let all = of(suspect);
        let key =
            (suspect.func, suspect.location.clone(), suspect.contents, suspect.candidate.pattern);
        if !seen.insert(key) {
            continue;
        }
        let window = render::Found {
            func: suspect.func,
            candidate: suspect.candidate,
            location: &suspect.location,
            contents: suspect.contents,
            conflict: &conflict,
            accesses: all,
        };
        let module = facts.world.module_of(suspect.func) as usize;
        slices[module].windows.push(JudgedWindow {
            evidence: render::evidence(facts, &window),
            confidence: conflict.confidence,
            gil: facts.gil(suspect),
            label: suspect.location.label(facts.world),
        });
    }
    for (module, slice) in slices.iter_mut().enumerate() {
        slice.gil_requests = render::gil_requests(facts, module);
    }
    slices
}

fn suspects(facts: &Facts<'_>) -> Vec<Suspect> {
    let world = facts.world;
    let one = |func: FuncGid| {
        let it = world.func(func);
        let mut out = Vec::new();
        if it.candidates.is_empty() || world.module(func).path.ends_with(".pyi") {
            return out;
        }
        for candidate in &it.candidates {
            let event = &it.events[candidate.last as usize];
            let place = &it.places[event.place as usize];
            if facts.is_private(func, place) || facts.is_harmless(func, candidate) {
                continue;
            }
            if let Some(location) = resolve(world, facts.types, func, place) {
                let contents = !event.op.rebinds();
                let holder = holder(world, func, place, &location);
                out.push(Suspect { func, candidate: *candidate, location, contents, holder });
            }
        }
        out
    };
    (0..world.n_functions()).into_par_iter().with_min_len(64).flat_map_iter(one).collect()
}

/// The class of the object whose attribute is the place: that of `self` in its own methods.
fn holder(world: &World, func: FuncGid, place: &Place, location: &Location) -> Option<ClassGid> {
    let Root::Instance(class, _) = &location.root else { return None };
    let own = matches!(place.base, crate::domain::Base::SelfObj) && location.path.is_empty();
    world.class_of(func).filter(|_| own).or(Some(*class))
}

/// All accesses to the locations of the suspects.
fn accesses(facts: &Facts<'_>, suspects: &[Suspect]) -> FxHashMap<Location, Vec<AccessId>> {
    let world = facts.world;
    let mut out: FxHashMap<Location, Vec<AccessId>> =
        suspects.iter().map(|it| (it.location.clone(), Vec::new())).collect();
    let mut names: FxHashSet<Name> = FxHashSet::default();
    let mut made = false;
    for location in out.keys() {
        match &location.root {
            Root::Global(_, name)
            | Root::Instance(_, name)
            | Root::Class(_, name)
            | Root::Cell(_, name) => {
                names.insert(location.path.last().unwrap_or(name).clone());
            }
            Root::Made(_) => made = true,
        }
    }
    let one = |func: FuncGid| {
        let it = world.func(func);
        let mut list = Vec::new();
        let relevant: Vec<Option<Location>> = it
            .places
            .iter()
            .map(|place| {
                let named = last_name(place).is_some_and(|it| names.contains(it));
                (named || (made && last_name(place).is_none()))
                    .then(|| resolve(world, facts.types, func, place))
                    .flatten()
                    .filter(|it| out.contains_key(it))
            })
            .collect();
        if relevant.iter().any(Option::is_some) {
            for (index, event) in (0u32..).zip(&it.events) {
                if let Some(location) =
                    relevant[event.place as usize].as_ref().filter(|_| !event.flags.owned)
                {
                    list.push((location.clone(), (func, index)));
                }
            }
        }
        list
    };
    let found: Vec<(Location, AccessId)> =
        (0..world.n_functions()).into_par_iter().with_min_len(64).flat_map_iter(one).collect();
    for (location, id) in found {
        if let Some(list) = out.get_mut(&location) {
            list.push(id);
        }
    }
    out
}

fn last_name(place: &Place) -> Option<&Name> {
    let attr = place.path.iter().rev().find_map(|it| match it {
        Step::Attr(name) => Some(name),
        Step::Elem => None,
    });
    attr.or(match &place.base {
        crate::domain::Base::Global(name) | crate::domain::Base::Cell(_, name) => Some(name),
        _ => None,
    })
}

/// From where an access is reached.
struct Side<'a> {
    spawns: &'a [u32],
    public: bool,
    live_main: bool,
}

impl Facts<'_> {
    fn event(&self, id: AccessId) -> &Event {
        &self.world.func(id.0).events[id.1 as usize]
    }

    /// Each thread sees its own object, or no thread shares the class.
    fn is_private(&self, func: FuncGid, place: &Place) -> bool {
        let on_self = matches!(place.base, crate::domain::Base::SelfObj) && !place.path.is_empty();
        if on_self && (self.contexts.init_only[func as usize] || self.gets_fresh_self(func)) {
            return true;
        }
        // The innermost holder of known class decides.
        for n in (0..place.path.len()).rev() {
            let holder = Place { base: place.base.clone(), path: place.path[..n].into() };
            for ty in self.types.place(self.world, func, &holder) {
                match ty {
                    Ty::External(name, _) if KNOWLEDGE.own.contains_key(name.as_str()) => {
                        return true;
                    }
                    Ty::Instance(class) => {
                        return has_base(self.world, class, |it| {
                            matches!(
                                it.shared,
                                InstanceSharing::Never | InstanceSharing::Serialised
                            )
                        });
                    }
                    _ => {}
                }
            }
        }
        false
    }

    /// A class of the project that is a built-in container.
    fn is_container(&self, class: ClassGid) -> bool {
        self.world.classes[class as usize].external_bases.iter().any(|it| {
            let last = it.rsplit('.').next().unwrap_or_default();
            matches!(
                last,
                "dict"
                    | "list"
                    | "set"
                    | "deque"
                    | "OrderedDict"
                    | "defaultdict"
                    | "MutableMapping"
                    | "UserDict"
            )
        })
    }

    /// A decorator hands the method an object it made for this call.
    fn gets_fresh_self(&self, func: FuncGid) -> bool {
        super::types::decorators(self.world, self.types, func).into_iter().any(|decorator| {
            let it = self.world.func(decorator);
            it.calls.iter().any(|call| {
                let decorated = matches!(call.callee, Origin::Place(place)
                    if it.places[place as usize].path.is_empty()
                        && it.places[place as usize].base == crate::domain::Base::Param(0));
                decorated && matches!(call.args.first().map(|it| it.value), Some(Origin::Call(_)))
            })
        })
    }

    /// Windows that lose nothing whatever comes between.
    fn is_harmless(&self, func: FuncGid, candidate: &Candidate) -> bool {
        let it = self.world.func(func);
        let last = &it.events[candidate.last as usize];
        let place = &it.places[last.place as usize];
        let held = self.types.place(self.world, func, place);
        let known = !held.is_empty();
        match candidate.pattern {
            // `xs += [x]` stores the same list back.
            Pattern::Augment if last.op == Op::Store => known && held.iter().all(in_place),
            Pattern::Augment if last.op == Op::SetItem => {
                let mut elem = place.clone();
                elem.path.push(Step::Elem);
                let held = self.types.place(self.world, func, &elem);
                !held.is_empty() && held.iter().all(in_place)
            }
            // Methods of the project's own classes are calls, not container operations.
            Pattern::CheckThenPop | Pattern::CheckThenUse | Pattern::CheckThenInsert => held
                .iter()
                .any(|it| matches!(it, Ty::Instance(class) if !self.is_container(*class))),
            _ => false,
        }
    }

    /// Making the value twice does no harm.
    fn is_idempotent(&self, suspect: &Suspect, accesses: &[AccessId]) -> bool {
        let it = self.world.func(suspect.func);
        let value = it.events[suspect.candidate.last as usize].value;
        match suspect.candidate.pattern {
            Pattern::LazyInit => match value {
                Origin::Number
                | Origin::Immutable
                | Origin::Bool(_)
                | Origin::Func(_)
                | Origin::Class(_) => true,
                Origin::Call(call) => {
                    match self.world.entity(suspect.func, it.calls[call as usize].callee) {
                        Some(super::world::Entity::External(name)) => {
                            KNOWLEDGE.idempotent.contains_key(name.as_str())
                                || is_pure_builtin(&name)
                        }
                        _ => false,
                    }
                }
                // Given by the caller, not made here: nothing is made twice.
                Origin::Place(place) if is_parameter(it, place) => true,
                Origin::Place(_) => self.world.entity(suspect.func, value).is_some(),
                // Computed from what is there, without a call: equal whoever computes it.
                Origin::Unknown => self.gil(suspect) == GilClass::Latent,
                _ => false,
            },
            Pattern::CheckThenInsert => {
                // A start value that is counted up afterwards must not be stored twice.
                let plain = matches!(
                    value,
                    Origin::Immutable | Origin::Bool(_) | Origin::Nothing | Origin::Number
                );
                plain && !accesses.iter().any(|it| self.event(*it).flags.augmented)
            }
            _ => false,
        }
    }

    fn gil(&self, suspect: &Suspect) -> GilClass {
        let it = self.world.func(suspect.func);
        let (first, last) = (
            &it.events[suspect.candidate.first as usize],
            &it.events[suspect.candidate.last as usize],
        );
        // The call that acts is itself the end of the window; what runs before it counts.
        if last.clock > first.clock { GilClass::Exposed } else { GilClass::Latent }
    }

    fn side(&self, id: AccessId) -> Side<'_> {
        let func = id.0 as usize;
        Side {
            spawns: &self.contexts.spawns[func],
            public: self.contexts.public[func] && !self.contexts.on_loop[func],
            live_main: self.contexts.main[func]
                && self.contexts.is_live(self.world, self.threads, id.0, self.event(id)),
        }
    }

    /// Looks for the access of another thread that can fall into the window.
    fn conflict(&self, suspect: &Suspect, accesses: &[AccessId]) -> Option<Conflict> {
        let window = self.protection(suspect);
        let own = (suspect.func, suspect.candidate.last);
        let mut best: Option<Conflict> = None;
        let mut consider = |other: AccessId, found: Option<(Confidence, Option<u32>, String)>| {
            let Some((confidence, spawn, because)) = found else { return };
            if best.as_ref().is_none_or(|it| it.confidence < confidence) {
                best = Some(Conflict { other, confidence, spawn, because });
            }
        };
        let self_races = self.acts_on_itself(suspect);
        if self_races && !self.protects(&window, suspect) {
            consider(own, self.concurrent(own, own, suspect));
        }
        for other in accesses {
            if *other == own
                || !self.breaks(suspect, *other)
                || self.is_construction(*other, suspect)
            {
                continue;
            }
            let locks: Vec<LockId> = self.held(*other);
            if locks.iter().any(|it| *it == LockId::Convention || window.contains(it)) {
                continue;
            }
            // A window under a lock against an access without any: the other side is the one to report.
            if !window.is_empty() && locks.is_empty() {
                continue;
            }
            if !self.ordered_by_event(own, *other) {
                consider(*other, self.concurrent(own, *other, suspect));
            }
        }
        let mut best = best?;
        // A test that starts threads itself means it; nobody else calls tests from threads.
        let in_test = self.world.module(suspect.func).is_test && best.confidence < Confidence::High;
        if in_test || self.is_idempotent(suspect, accesses) {
            best.confidence = Confidence::Low;
        }
        Some(best)
    }

    /// One side waits for a `threading.Event` that the other sets when it is done.
    fn ordered_by_event(&self, a: AccessId, b: AccessId) -> bool {
        let waits_for = |first: AccessId, then: AccessId| {
            let sets = self.event_calls(first.0, "set", |seq| seq > self.event(first).seq);
            let waits = self.event_calls(then.0, "wait", |seq| seq < self.event(then).seq);
            sets.iter().any(|it| waits.contains(it))
        };
        a.0 != b.0 && (waits_for(a, b) || waits_for(b, a))
    }

    /// Events on which a function calls a method at such a point.
    fn event_calls(&self, func: FuncGid, method: &str, at: impl Fn(u32) -> bool) -> Vec<Location> {
        let it = self.world.func(func);
        let calls = it.calls.iter().filter(|call| at(call.seq));
        calls
            .filter_map(|call| {
                let Origin::Place(place) = call.callee else { return None };
                let place = &it.places[place as usize];
                let Some((Step::Attr(name), front)) = place.path.split_last() else { return None };
                let receiver = Place { base: place.base.clone(), path: front.into() };
                let is_event =
                    name == method
                        && self.types.place(self.world, func, &receiver).iter().any(
                            |it| matches!(it, Ty::External(name, _) if name == "threading.Event"),
                        );
                is_event.then(|| resolve(self.world, self.types, func, &receiver)).flatten()
            })
            .collect()
    }

    /// Locks that cover the whole window in one region.
    fn protection(&self, suspect: &Suspect) -> Vec<LockId> {
        let it = self.world.func(suspect.func);
        let at =
            |index: u32| self.locks.at(self.world, suspect.func, it.events[index as usize].held);
        let (first, last) = (at(suspect.candidate.first), at(suspect.candidate.last));
        first.into_iter().filter(|it| last.contains(it)).map(|it| it.0).collect()
    }

    /// Whether one of the locks keeps two runs of the window apart.
    fn protects(&self, locks: &[LockId], suspect: &Suspect) -> bool {
        locks.iter().any(|lock| match (lock, &suspect.location.root) {
            // An instance's lock does not protect what all instances share, unless there is but one instance.
            (LockId::Instance(class, _), Root::Global(..) | Root::Class(..)) => {
                self.is_singleton(*class)
            }
            _ => true,
        })
    }

    fn is_singleton(&self, class: ClassGid) -> bool {
        self.threads.shared.get(&class).is_some_and(|it| it.starts_with("the module variable"))
    }

    fn held(&self, id: AccessId) -> Vec<LockId> {
        let held = self.event(id).held;
        self.locks.at(self.world, id.0, held).into_iter().map(|it| it.0).collect()
    }

    /// Whether a second run of the same window breaks the first.
    fn acts_on_itself(&self, suspect: &Suspect) -> bool {
        let last = self.event((suspect.func, suspect.candidate.last));
        match suspect.candidate.pattern {
            Pattern::CheckThenUse => !matches!(last.op, Op::GetItem),
            _ => true,
        }
    }

    /// Whether this access, falling into the window, breaks it.
    fn breaks(&self, suspect: &Suspect, other: AccessId) -> bool {
        let op = &self.event(other).op;
        let rebinds = op.rebinds();
        match suspect.candidate.pattern {
            Pattern::Augment | Pattern::ReadModifyWrite | Pattern::CompareThenStore
                if !suspect.contents =>
            {
                rebinds
            }
            Pattern::LazyInit | Pattern::TestAndSet => rebinds,
            Pattern::CheckThenUse => {
                matches!(op, Op::DelItem) || matches!(op, Op::Method(name) if removes(name))
            }
            Pattern::CheckThenPop => {
                matches!(op, Op::DelItem)
                    || matches!(op, Op::Method(name) if removes(name) || matches!(name.as_str(), "get" | "get_nowait"))
            }
            _ => {
                matches!(op, Op::SetItem | Op::DelItem)
                    || matches!(op, Op::Method(name) if changes(name))
            }
        }
    }

    /// Accesses before the object is known to others, and at import.
    fn is_construction(&self, other: AccessId, suspect: &Suspect) -> bool {
        let it = self.world.func(other.0);
        match suspect.location.root {
            Root::Instance(..) => self.contexts.init_only[other.0 as usize],
            Root::Global(..) | Root::Class(..) => {
                matches!(it.kind, FunctionKind::Module | FunctionKind::ClassBody)
                    && !self.side(other).live_main
            }
            _ => false,
        }
    }

    /// Whether two accesses can run at the same time on the same object, and how sure that is.
    fn concurrent(
        &self,
        a: AccessId,
        b: AccessId,
        suspect: &Suspect,
    ) -> Option<(Confidence, Option<u32>, String)> {
        let (mine, theirs) = (self.side(a), self.side(b));
        let root = &suspect.location.root;
        if let Some(spawn) = self.two_threads(&mine, &theirs, root, a.0 == b.0) {
            let (confidence, because) = self.proven(suspect, spawn)?;
            return Some((confidence, Some(spawn), because));
        }
        if let Some(spawn) = self.started_here(a, b, root).or_else(|| self.started_here(b, a, root))
        {
            let (confidence, because) = self.proven(suspect, spawn)?;
            return Some((confidence, Some(spawn), because));
        }
        let spawn = |side: &Side<'_>| side.spawns.iter().copied().find(|it| self.sees(*it, root));
        if let Some(found) =
            spawn(&mine).filter(|_| theirs.public).or(spawn(&theirs).filter(|_| mine.public))
        {
            let (confidence, because) = self.proven(suspect, found)?;
            return Some((confidence.min(Confidence::Medium), Some(found), because));
        }
        if mine.public && theirs.public {
            let (confidence, because) = self.library(suspect)?;
            return Some((confidence, None, because));
        }
        None
    }

    /// A spawn that proves that both sides run at once.
    fn two_threads(
        &self,
        mine: &Side<'_>,
        theirs: &Side<'_>,
        root: &Root,
        same: bool,
    ) -> Option<u32> {
        for s in mine.spawns.iter().filter(|it| self.sees(**it, root)) {
            let spawn = &self.threads.spawns[*s as usize];
            for t in theirs.spawns.iter().filter(|it| self.sees(**it, root)) {
                let many = spawn.many && !self.is_own(*s, root);
                if (s == t && many) || (s != t && self.overlap(*s, *t)) {
                    return Some(*s);
                }
            }
            if theirs.live_main && !same {
                return Some(*s);
            }
        }
        theirs.spawns.iter().copied().find(|it| mine.live_main && !same && self.sees(*it, root))
    }

    /// A thread that itself started one which is still running.
    fn started_here(&self, a: AccessId, b: AccessId, root: &Root) -> Option<u32> {
        let seq = self.event(a).seq;
        let on_thread = !self.contexts.spawns[a.0 as usize].is_empty();
        self.contexts.spawns_in.get(&a.0).into_iter().flatten().copied().find(|it| {
            let spawn = &self.threads.spawns[*it as usize];
            let reaches = |t: &u32| self.threads.spawns[*t as usize].target == spawn.target;
            on_thread
                && spawn.live.0 < seq
                && seq < spawn.live.1
                && self.contexts.spawns[b.0 as usize].iter().any(reaches)
                && self.sees(*it, root)
        })
    }

    /// Each instance has one such thread.
    fn is_own(&self, spawn: u32, root: &Root) -> bool {
        let Root::Instance(class, _) = root else { return false };
        self.threads.spawns[spawn as usize]
            .own_instance
            .is_some_and(|own| self.related(own, *class))
    }

    fn related(&self, a: ClassGid, b: ClassGid) -> bool {
        a == b || self.world.ancestors(a).contains(&b) || self.world.ancestors(b).contains(&a)
    }

    /// Two threads started in one function, the first joined before the second starts, do not overlap.
    fn overlap(&self, s: u32, t: u32) -> bool {
        let (a, b) = (&self.threads.spawns[s as usize], &self.threads.spawns[t as usize]);
        a.func != b.func || (a.live.0 < b.live.1 && b.live.0 < a.live.1)
    }

    /// Whether the thread sees the same object as others: what a thread made itself is its own.
    fn sees(&self, spawn: u32, root: &Root) -> bool {
        match root {
            Root::Cell(owner, _) => !self.contexts.spawns[*owner as usize].contains(&spawn),
            Root::Made((owner, _)) => {
                *owner != u32::MAX && !self.contexts.spawns[*owner as usize].contains(&spawn)
            }
            _ => true,
        }
    }

    /// Threads of the program meet: is it at the same object?
    fn proven(&self, suspect: &Suspect, spawn: u32) -> Option<(Confidence, String)> {
        match &suspect.location.root {
            Root::Global(..) => {
                Some((Confidence::High, "module state is shared by all threads".to_owned()))
            }
            Root::Class(..) => {
                Some((Confidence::High, "class attributes are shared by all threads".to_owned()))
            }
            Root::Cell(..) => {
                Some((Confidence::High, "the threads share the enclosing variable".to_owned()))
            }
            Root::Made(site) => {
                let why = "the object is passed to the threads".to_owned();
                self.threads.shared_sites.contains(site).then_some((Confidence::High, why))
            }
            Root::Instance(class, _) => {
                let class = suspect.holder.unwrap_or(*class);
                if let Some(why) = self.shared_class(class) {
                    return Some((Confidence::High, why));
                }
                let own = self.threads.spawns[spawn as usize].own_instance;
                if let Some(own) = own.filter(|it| self.related(*it, class)) {
                    let name = &self.world.class(own).name;
                    return Some((Confidence::High, format!("`{name}` runs a thread of its own")));
                }
                Some(self.intent(class))
            }
        }
    }

    fn shared_class(&self, class: ClassGid) -> Option<String> {
        let family = std::iter::once(class).chain(self.world.descendants(class));
        family.into_iter().find_map(|it| self.threads.shared.get(&it).cloned())
    }

    /// Two users of a library call at once: does the code mean that to work?
    fn library(&self, suspect: &Suspect) -> Option<(Confidence, String)> {
        match &suspect.location.root {
            Root::Global(..) => {
                Some((Confidence::Medium, "module state is shared by all threads".to_owned()))
            }
            Root::Class(..) => {
                Some((Confidence::Medium, "class attributes are shared by all threads".to_owned()))
            }
            Root::Cell(owner, _) => Some((
                self.closure(*owner, suspect.func),
                "all callers share the closure".to_owned(),
            )),
            Root::Made(_) => None,
            Root::Instance(class, _) => Some(self.intent(suspect.holder.unwrap_or(*class))),
        }
    }

    /// A closure that is returned is shared by those who get it.
    fn closure(&self, owner: FuncGid, func: FuncGid) -> Confidence {
        let returned = self.world.func(owner).returns.iter().any(|it| match it {
            Origin::Func(local) => {
                let returned = self.world.func_gid(self.world.module_of(owner), *local);
                returned == func || self.world.parent(func) == Some(returned)
            }
            _ => false,
        });
        if returned { Confidence::Medium } else { Confidence::Low }
    }

    /// Objects that are one for all by what they are: classes, descriptors, holders of synchronisation objects.
    fn shared_by_role(&self, class: ClassGid) -> Option<String> {
        let facts = self.world.class(class);
        let name = &facts.name;
        let entry = &self.world.classes[class as usize];
        if entry.external_bases.iter().any(|it| it == "builtins.type") {
            return Some(format!(
                "`{name}` is a metaclass: its instances are classes, which all threads share"
            ));
        }
        let defines = |it: &str| facts.methods.iter().any(|(method, _)| method == it);
        if defines("__get__") || defines("__set_name__") {
            return Some(format!(
                "`{name}` is a descriptor: one object for all instances of its owner"
            ));
        }
        let held = self.locks.aware.get(&class)?;
        Some(format!("`{name}` keeps a `{held}`, which only threads need"))
    }

    /// Signs that a class is meant to be shared.
    fn intent(&self, class: ClassGid) -> (Confidence, String) {
        for it in std::iter::once(class).chain(self.world.ancestors(class)) {
            let facts = self.world.class(it);
            if let Some(lock) = self.locks.owners.get(&it) {
                return (Confidence::Medium, format!("`{}` owns the lock `{lock}`", facts.name));
            }
            if facts.says_thread_safe {
                let why = format!("`{}` is documented for use from several threads", facts.name);
                return (Confidence::Medium, why);
            }
        }
        if let Some(why) = self.shared_class(class).or_else(|| self.shared_by_role(class)) {
            return (Confidence::Medium, why);
        }
        let name = &self.world.class(class).name;
        (Confidence::Low, format!("nothing says that a `{name}` is shared, only its users know"))
    }
}

/// A parameter as it came in.
fn is_parameter(it: &crate::domain::FunctionFacts, place: u32) -> bool {
    let place = &it.places[place as usize];
    matches!(place.base, crate::domain::Base::Param(_)) && place.path.is_empty()
}

/// `+=` on it changes the object itself, or is atomic.
fn in_place(ty: &Ty) -> bool {
    match ty {
        Ty::Made(kind, _) => *kind != crate::domain::Container::Tuple,
        Ty::External(name, _) => KNOWLEDGE.safe.contains_key(name.as_str()),
        _ => false,
    }
}

/// Methods that take elements away.
fn removes(name: &str) -> bool {
    matches!(
        name,
        "pop" | "popleft" | "popitem" | "clear" | "remove" | "discard" | "difference_update"
    )
}

/// Methods that change a container.
fn changes(name: &str) -> bool {
    removes(name)
        || matches!(
            name,
            "append"
                | "appendleft"
                | "add"
                | "insert"
                | "extend"
                | "update"
                | "setdefault"
                | "sort"
                | "reverse"
                | "move_to_end"
                | "subtract"
                | "put"
        )
}

/// Builtins whose result only depends on their arguments and has no identity worth keeping.
fn is_pure_builtin(name: &str) -> bool {
    let Some(name) = name.strip_prefix("builtins.") else { return false };
    matches!(
        name,
        "int"
            | "str"
            | "float"
            | "bool"
            | "len"
            | "bytes"
            | "tuple"
            | "frozenset"
            | "repr"
            | "hash"
            | "min"
            | "max"
            | "sum"
    )
}
