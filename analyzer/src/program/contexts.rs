//! From where each function can be reached: threads of the program, its main thread, or the users of a library.

mod calls;
mod deferred;
mod live;
mod only;
mod reached;
mod surface;

pub(crate) use calls::Fresh;
pub(crate) use only::is_coroutine;
pub(crate) use reached::Reached;

use calls::{KEPT, QUEUED};
use deferred::by_name;
use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::threads::{Tasks, Threads};
use super::types::TypeTable;
use super::world::{Entity, FuncGid, ModuleId, World};
use crate::domain::{Binding, FunctionKind, Origin, Step};
use crate::knowledge::InstanceSharing;

/// A resolved call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub(crate) from: FuncGid,
    pub(crate) to: FuncGid,
    /// Index of the call in `from`, [`NONE`] for property reads.
    pub(crate) call: u32,
    /// The receiver is the caller's own `self`.
    pub(crate) on_self: bool,
    /// The receiver is an object that the caller has just made or copied.
    pub(crate) fresh: Option<Fresh>,
    /// The call stands in a loop.
    pub(crate) looped: bool,
}

/// Where functions are reached from.
#[derive(PartialEq)]
pub(crate) struct Contexts {
    pub(crate) edges: Vec<Edge>,
    /// Edges by callee: ranges into `by_callee`.
    callers: Lists,
    callees: Lists,
    /// Spawns that reach a function, by index.
    pub(crate) spawns: Vec<SmallVec<[u32; 2]>>,
    /// Users of the library may call it from any thread.
    pub(crate) public: Vec<bool>,
    /// Reached from a public function that nobody in the project calls: one that is there for users. What the project
    /// itself calls is used the way it calls it, whatever its name.
    pub(crate) surface: Vec<bool>,
    /// Reached from the module top level or `__main__` code of a program that is complete.
    pub(crate) main: Vec<bool>,
    /// Threads may already be running when the function is entered from main.
    pub(crate) entered_live: Vec<bool>,
    /// Runs on an event loop only.
    pub(crate) on_loop: Vec<bool>,
    /// Modules that are part of an event loop or turn all threads into one.
    pub(crate) of_a_loop: Vec<bool>,
    /// Only ever called while its object is being made.
    pub(crate) init_only: Vec<bool>,
    /// Indices of spawns by the function they stand in.
    pub(crate) spawns_in: FxHashMap<FuncGid, SmallVec<[u32; 2]>>,
    /// The caller edge by which a spawn's search first met a function.
    parents: FxHashMap<(u32, FuncGid), u32>,
    /// Spawns whose starting function is reached from a script's own top level, with that module.
    pub(crate) program_of: FxHashMap<u32, ModuleId>,
    /// What threads run.
    targets: FxHashSet<FuncGid>,
    /// Functions after whose call threads may be running.
    leaves: FxHashSet<FuncGid>,
    /// Functions that go through queues to who calls them.
    queued: FxHashSet<FuncGid>,
    /// Modules that are run rather than imported.
    complete: Vec<bool>,
}

/// Computes the contexts from the calls of all functions.
fn compute(world: &World, types: &TypeTable, threads: &mut Threads, edges: Vec<Edge>) -> Contexts {
    let mut contexts = Contexts::new(world, threads);
    contexts.keep_edges(world, edges);
    contexts.find_init_only(world);
    contexts.reach_from_spawns(world, threads);
    contexts.reach_from_outside(world, threads);
    contexts.multiply(world, types, threads);
    contexts.find_live(world, threads);
    contexts.find_loop_only(world, threads);
    contexts
}

impl Contexts {
    fn new(world: &World, threads: &Threads) -> Self {
        let n = world.n_functions() as usize;
        let mut spawns_in: FxHashMap<FuncGid, SmallVec<[u32; 2]>> = FxHashMap::default();
        for (index, spawn) in (0u32..).zip(&threads.spawns) {
            spawns_in.entry(spawn.func).or_default().push(index);
        }
        Contexts {
            edges: Vec::new(),
            callers: Lists::default(),
            callees: Lists::default(),
            spawns: vec![SmallVec::new(); n],
            public: vec![false; n],
            surface: vec![false; n],
            main: vec![false; n],
            entered_live: vec![false; n],
            on_loop: vec![false; n],
            of_a_loop: vec![false; world.modules.len()],
            init_only: vec![false; n],
            spawns_in,
            parents: FxHashMap::default(),
            program_of: FxHashMap::default(),
            targets: threads.spawns.iter().map(|it| it.target).collect(),
            leaves: FxHashSet::default(),
            queued: FxHashSet::default(),
            complete: Vec::new(),
        }
    }

    fn keep_edges(&mut self, world: &World, edges: Vec<Edge>) {
        self.edges = edges;
        self.edges.retain(|it| {
            if it.call == QUEUED {
                self.queued.insert(it.to);
            }
            it.call != QUEUED && it.call != KEPT
        });
        let n = world.n_functions();
        self.callers = Lists::new(n, self.edges.iter().map(|it| it.to));
        self.callees = Lists::new(n, self.edges.iter().map(|it| it.from));
    }

    /// Calls of a function.
    pub(crate) fn calls_of(&self, func: FuncGid) -> impl Iterator<Item = &Edge> {
        self.callers.of(func).iter().map(|it| &self.edges[*it as usize])
    }

    /// Calls made by a function.
    pub(crate) fn calls_from(&self, func: FuncGid) -> impl Iterator<Item = &Edge> {
        self.callees.of(func).iter().map(|it| &self.edges[*it as usize])
    }

    fn reach(&self, from: impl IntoIterator<Item = FuncGid>) -> Vec<FuncGid> {
        self.reach_over(from.into_iter().collect(), |_| true)
    }

    /// What is reached over such edges.
    fn reach_over(&self, from: Vec<FuncGid>, test: impl Fn(&Edge) -> bool) -> Vec<FuncGid> {
        let mut seen = vec![false; self.main.len()];
        let mut todo = from;
        let mut out = Vec::new();
        while let Some(func) = todo.pop() {
            if !std::mem::replace(&mut seen[func as usize], true) {
                out.push(func);
                todo.extend(self.calls_from(func).filter(|it| test(it)).map(|it| it.to));
            }
        }
        out
    }

    /// A function that starts a thread and is itself called in a loop, twice, or from many threads, starts many.
    fn multiply(&self, world: &World, types: &TypeTable, threads: &mut Threads) {
        for spawn in &mut threads.spawns {
            let func = spawn.func;
            // A helper that starts what it is given is called for this function as often as it is given it.
            let target = spawn.target;
            let gives = |it: &&Edge| !spawn.given || calls::gives(world, types, it, target);
            let mut starts: Vec<&Edge> = self.calls_of(func).filter(gives).collect();
            if starts.is_empty() {
                starts = self.calls_of(func).collect();
            }
            let n_calls = starts.iter().filter(|it| it.from != func).count();
            let repeated = n_calls > 1 || starts.iter().any(|it| it.looped);
            if spawn.own_instance.is_some() {
                // Each place that makes such an object makes another one.
                let made = |it: &&Edge| it.from != func && !world.module(it.from).is_test;
                let n_makers = self.calls_of(func).filter(made).count();
                let makes = world.func(func).name == "__init__" && n_makers > 1;
                spawn.owners = makes || self.calls_of(func).any(|it| it.looped);
            }
            spawn.many |=
                repeated && spawn.own_instance.is_none() && spawn.tasks != Tasks::OneByOne;
            let again = self.public[func as usize] || !self.spawns[func as usize].is_empty();
            spawn.many |= spawn.tasks == Tasks::Pool && again;
        }
    }

    fn reach_from_spawns(&mut self, world: &World, threads: &Threads) {
        // Spawns of one target share their search. What threads of a test call of the code that is tested says little
        // about the threads of its users.
        let mut by_target: FxHashMap<(FuncGid, Option<&Name>, bool), u32> = FxHashMap::default();
        for (index, spawn) in (0u32..).zip(&threads.spawns) {
            let in_test = world.module(spawn.func).is_test;
            let key = (spawn.target, spawn.lane.as_ref(), in_test);
            let first = *by_target.entry(key).or_insert(index);
            if first != index || (in_test && !world.module(spawn.target).is_test) {
                continue;
            }
            let mut todo = vec![spawn.target];
            let mut seen: FxHashSet<FuncGid> = FxHashSet::default();
            seen.insert(spawn.target);
            while let Some(func) = todo.pop() {
                self.spawns[func as usize].push(index);
                for &edge in self.callees.of(func) {
                    let to = self.edges[edge as usize].to;
                    if (!in_test || world.module(to).is_test) && seen.insert(to) {
                        self.parents.insert((index, to), edge);
                        todo.push(to);
                    }
                }
            }
        }
    }

    /// The calls by which the spawn's target reaches a function, outermost first.
    pub(crate) fn path(&self, spawn: u32, mut func: FuncGid) -> Vec<Edge> {
        let mut out = Vec::new();
        while let Some(edge) = self.parents.get(&(spawn, func)) {
            let edge = self.edges[*edge as usize];
            out.push(edge);
            func = edge.from;
            if out.len() > 64 {
                break;
            }
        }
        out.reverse();
        out
    }

    fn reach_from_outside(&mut self, world: &World, threads: &Threads) {
        let mut closed: FxHashSet<FuncGid> = FxHashSet::default();
        let tops = (0..super::world::to_u32(world.modules.len())).map(|it| world.func_gid(it, 0));
        for func in self.reach(tops) {
            self.main[func as usize] = true;
        }
        for module in 0..super::world::to_u32(world.modules.len()) {
            let complete = is_complete_program(world, module);
            self.complete.push(complete);
            if !complete
                && (threads.spawns.is_empty()
                    || world.modules[module as usize].facts.main.is_none())
            {
                continue;
            }
            let reached = self.reach([world.func_gid(module, 0)]);
            for func in &reached {
                for spawn in self.spawns_in.get(func).into_iter().flatten() {
                    if !threads.spawns[*spawn as usize].kind.is_started() {
                        continue;
                    }
                    self.program_of.entry(*spawn).or_insert(module);
                }
            }
            if complete {
                let spawned = reached.iter().filter_map(|it| self.spawns_in.get(it)).flatten();
                let targets: Vec<FuncGid> =
                    spawned.map(|it| threads.spawns[*it as usize].target).collect();
                closed.extend(reached.iter().copied());
                let n = super::world::to_u32(world.modules[module as usize].facts.functions.len());
                // Undecorated functions of a program are called by the program or not at all.
                let own = (0..n).map(|it| world.func_gid(module, it));
                closed.extend(own.filter(|it| world.func(*it).decorators.is_empty()));
                closed.extend(self.reach(targets));
            }
        }
        let entries: Vec<FuncGid> = world
            .par_functions()
            .filter(|it| !closed.contains(it) && self.is_entry(world, threads, *it))
            .collect();
        self.find_surface(world, threads, &entries);
        // That whoever takes it out of a queue has a public name says nothing of where it is meant to run.
        let named = |it: &Edge| !self.queued.contains(&it.to) || by_name(world, it);
        for func in self.reach_over(entries, named) {
            self.public[func as usize] = true;
        }
        // What only a complete program reaches is not for others, even when its name is public.
        let mut closed: Vec<FuncGid> = closed.into_iter().collect();
        closed.sort_unstable();
        for func in closed {
            if !self.callers_outside(func) {
                self.public[func as usize] = false;
            }
        }
    }

    fn callers_outside(&self, func: FuncGid) -> bool {
        self.calls_of(func).any(|it| self.public[it.from as usize] && !self.main[it.from as usize])
    }

    /// Whether somebody outside may call the function.
    fn is_entry(&self, world: &World, threads: &Threads, func: FuncGid) -> bool {
        let facts = world.func(func);
        if facts.kind == FunctionKind::Module || facts.kind == FunctionKind::ClassBody {
            return false;
        }
        if world.module(func).is_test || facts.name.starts_with("test_") {
            return false;
        }
        if world.class_of(func).is_some_and(|it| super::threads::is_per_request(world, it)) {
            return false;
        }
        // `run` of a thread that the project starts is called by the thread.
        let runs = |class: super::world::ClassGid| {
            world.base_rows(class).any(|it| {
                it.shared == InstanceSharing::Own && it.methods.iter().any(|it| *it == *facts.name)
            })
        };
        if !self.spawns[func as usize].is_empty() && world.class_of(func).is_some_and(runs) {
            return false;
        }
        // What a framework calls, or who takes it out of a queue, is not for others.
        if threads.registered.contains(&func) || self.queued.contains(&func) {
            return false;
        }
        let called =
            self.calls_of(func).any(|it| it.from != func) || threads.placed.contains(&func);
        if facts.kind == FunctionKind::Lambda
            || !matches!(
                world.parent(func).map(|it| world.func(it).kind),
                Some(FunctionKind::Module | FunctionKind::ClassBody)
            )
        {
            // Inner functions escape when they are returned, stored or handed on; a plain call does not count.
            return !called;
        }
        let dunder = facts.name.starts_with("__") && facts.name.ends_with("__");
        let public = !facts.name.starts_with('_') || (dunder && facts.name != "__init__");
        // A private function that threads run needs no other caller.
        let run = self.targets.contains(&func);
        public || !(called || run)
    }
}

/// Lists of edge indices, one per function, end to end.
#[derive(Default, PartialEq)]
struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn new(n: u32, keys: impl Iterator<Item = FuncGid> + Clone) -> Self {
        let mut starts = vec![0u32; n as usize + 1];
        for key in keys.clone() {
            starts[key as usize + 1] += 1;
        }
        for index in 0..n as usize {
            starts[index + 1] += starts[index];
        }
        let mut next = starts.clone();
        let mut items = vec![0u32; starts[n as usize] as usize];
        for (edge, key) in (0u32..).zip(keys) {
            let slot = &mut next[key as usize];
            items[*slot as usize] = edge;
            *slot += 1;
        }
        Lists { starts, items }
    }

    fn of(&self, func: FuncGid) -> &[u32] {
        &self.items[self.starts[func as usize] as usize..self.starts[func as usize + 1] as usize]
    }
}

/// A module that is run rather than imported: outside of packages, with main code, and either starting threads or
/// knowing nothing of them.
fn is_complete_program(world: &World, module: ModuleId) -> bool {
    let entry = &world.modules[module as usize];
    let in_package = entry.name.contains('.') || entry.facts.is_package;
    if in_package {
        return false;
    }
    let top = &entry.facts.functions[0];
    let imports_threads = entry.facts.bindings.iter().any(|it| {
        matches!(&it.1, Binding::Import(path)
            if ["threading", "_thread", "concurrent", "multiprocessing"].iter().any(|m| path.split('.').next() == Some(m)))
    });
    // A function of the module called for its effect, not to make something that others import.
    let top_gid = world.func_gid(module, 0);
    let runs = (0u32..).zip(&top.calls).any(|(index, call)| {
        matches!(world.entity(top_gid, call.callee), Some(Entity::Func(it)) if world.module_of(it) == module)
            && !top.events.iter().any(|it| it.value == Origin::Call(index))
    });
    let starts = world.modules[module as usize].facts.functions.iter().any(|it| {
        it.calls.iter().any(|call| matches!(call.callee, Origin::Place(place)
            if matches!(it.places[place as usize].path.last(), Some(Step::Attr(name)) if name == "start" || name == "submit")))
    });
    entry.facts.main.is_some() || (runs && (!imports_threads || starts))
}
