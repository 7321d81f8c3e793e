//! Functions that only run in one way: on an event loop, or while their object is being made.

use rayon::prelude::*;

use super::{Contexts, Edge};
use crate::domain::{FunctionFacts, FunctionKind, ImportSite};
use crate::knowledge::SpawnKind;
use crate::program::threads::Threads;
use crate::program::world::{Entity, FuncGid, ModuleId, World, to_u32};

/// One function in so many is a coroutine, at least, in a project that an event loop runs.
const FEWEST_COROUTINES: usize = 20;

impl Contexts {
    /// Whether the function has callers and all of them are like that.
    pub(super) fn all_callers(&self, func: FuncGid, test: impl Fn(&Edge) -> bool) -> bool {
        let mut callers = self.calls_of(func).filter(|it| it.from != func).peekable();
        callers.peek().is_some() && callers.all(test)
    }

    /// Coroutines, and what only they call, stay on their loop; so do the methods of classes that have coroutines.
    pub(super) fn find_loop_only(&mut self, world: &World, threads: &Threads) {
        self.on_loop = world.par_functions().map(|it| is_coroutine(world, it)).collect();
        let patched = patched_packages(world);
        let alone = knows_no_threads(world, threads);
        for module in 0..to_u32(world.modules.len()) {
            let part = alone || is_part_of_a_loop(world, module, &patched);
            self.of_a_loop[module as usize] = part;
            if part || works_with_a_loop(world, module) {
                let n = world.modules[module as usize].facts.functions.len();
                let first = world.func_gid(module, 0) as usize;
                self.on_loop[first..first + n].fill(true);
            }
        }
        for spawn in threads.spawns.iter().filter(|it| it.kind == SpawnKind::Loop) {
            self.on_loop[spawn.target as usize] = true;
        }
        for class in 0..world.n_classes() {
            let methods: Vec<FuncGid> = world.methods(class).collect();
            // Objects that threads use as well have methods for them beside the coroutines.
            let threaded = world.class(class).mentions_threads;
            let of_asyncio = world.classes[class as usize]
                .external_bases
                .iter()
                .any(|it| it.starts_with("asyncio."));
            if of_asyncio {
                for method in &methods {
                    self.on_loop[*method as usize] = true;
                }
            }
            if !threaded && methods.iter().any(|it| world.func(*it).is_async) {
                for method in methods {
                    self.on_loop[method as usize] = true;
                }
            }
        }
        if !self.on_loop.contains(&true) {
            return;
        }
        let mut candidates: Vec<FuncGid> = world
            .par_functions()
            .filter(|it| {
                let inner = world.func(*it).name.starts_with('_') || world.class_of(*it).is_none();
                inner && !self.on_loop[*it as usize] && !self.callers.of(*it).is_empty()
            })
            .collect();
        loop {
            let n_before = candidates.len();
            let (found, rest) = candidates
                .into_iter()
                .partition(|it| self.all_callers(*it, |it| self.on_loop[it.from as usize]));
            let found: Vec<FuncGid> = found;
            candidates = rest;
            for func in found {
                self.on_loop[func as usize] = true;
            }
            if candidates.len() == n_before {
                break;
            }
        }
    }

    /// Private methods that only constructors call.
    pub(super) fn find_init_only(&mut self, world: &World) {
        let is_init = |it: FuncGid| {
            matches!(
                world.func(it).name.as_str(),
                "__init__"
                    | "__new__"
                    | "__post_init__"
                    | "__setstate__"
                    | "__init_subclass__"
                    | "__set_name__"
            ) && world.class_of(it).is_some()
        };
        self.init_only = world.par_functions().map(is_init).collect();
        let mut candidates: Vec<FuncGid> = world
            .par_functions()
            .filter(|it| {
                let private = world.func(*it).name.starts_with('_');
                private && !self.init_only[*it as usize] && !self.callers.of(*it).is_empty()
            })
            .collect();
        loop {
            let n_before = candidates.len();
            let (found, rest) = candidates.into_iter().partition(|it| {
                self.all_callers(*it, |edge| edge.on_self && self.init_only[edge.from as usize])
            });
            let found: Vec<FuncGid> = found;
            candidates = rest;
            for func in found {
                self.init_only[func as usize] = true;
            }
            if candidates.len() == n_before {
                break;
            }
        }
    }
}

/// `async def`, or a decorator that makes a coroutine of a generator.
pub(crate) fn is_coroutine(world: &World, func: FuncGid) -> bool {
    let facts = world.func(func);
    let parent = world.parent(func).unwrap_or(func);
    facts.is_async
        || facts.decorators.iter().any(|it| match world.entity(parent, *it) {
            Some(Entity::External(name)) => world.knowledge.coroutines.contains_key(name.as_str()),
            _ => false,
        })
}

/// Packages that turn threads into greenlets when they are imported: what they start takes turns.
fn patched_packages(world: &World) -> Vec<&str> {
    let patches = |it: &ImportSite| {
        it.func == 0 && world.knowledge.thread_patches.keys().any(|name| below(&it.module, name))
    };
    world
        .modules
        .iter()
        .filter(|it| it.facts.is_package && !it.name.contains('.'))
        .filter(|it| it.facts.imports.iter().any(patches))
        .map(|it| &*it.name)
        .collect()
}

fn below(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|it| it.is_empty() || it.starts_with('.'))
}

/// A module of an event loop itself, or of a package that patches threads away.
fn is_part_of_a_loop(world: &World, module: ModuleId, patched: &[&str]) -> bool {
    let name = &world.modules[module as usize].name;
    let mut loops = world.knowledge.loops.keys().map(String::as_str);
    loops.any(|it| below(name, it)) || patched.iter().any(|it| below(name, it))
}

/// A project with coroutines in which no module knows threads: its event loop runs all of it.
fn knows_no_threads(world: &World, threads: &Threads) -> bool {
    let code = || world.modules.iter().filter(|it| !it.is_test);
    let count = |test: fn(&FunctionFacts) -> bool| -> usize {
        code().map(|it| it.facts.functions.iter().filter(|it| test(it)).count()).sum()
    };
    let all = count(|it| it.kind == FunctionKind::Function);
    count(|it| it.is_async) * FEWEST_COROUTINES >= all.max(1)
        && !threads.spawns.iter().any(|it| it.kind != SpawnKind::Loop)
        && !code().any(|it| it.facts.imports.iter().any(|it| is_about_threads(&it.module)))
}

fn is_about_threads(module: &str) -> bool {
    let modules = ["threading", "_thread", "concurrent.futures", "queue"];
    modules.iter().any(|name| below(module, name)) || module.contains("hread")
}

/// A module that works with an event loop and not with threads.
fn works_with_a_loop(world: &World, module: ModuleId) -> bool {
    let imports = &world.modules[module as usize].facts.imports;
    imports.iter().any(|it| world.knowledge.loops.keys().any(|name| below(&it.module, name)))
        && !imports.iter().any(|it| is_about_threads(&it.module))
}
