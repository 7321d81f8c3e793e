//! What is there for users: public functions that nobody in the project calls, and what they call.

use ruff_python_ast::name::Name;

use super::deferred::by_name;
use super::{Contexts, Edge, Fresh};
use crate::knowledge::InstanceSharing;
use crate::program::threads::Threads;
use crate::program::world::{ClassGid, FuncGid, World};

impl Contexts {
    /// Marks the functions that a user's thread can reach in the way the project means it. What the project itself
    /// calls is used the way it calls it, whatever its name: a reader that only its thread's loop calls, a method that
    /// only the constructor of a subclass calls.
    pub(super) fn find_surface(&mut self, world: &World, threads: &Threads, entries: &[FuncGid]) {
        let unused = entries
            .iter()
            .copied()
            .filter(|it| !threads.placed.contains(it) && self.is_for_users(world, *it))
            .collect();
        let passes_on = |edge: &Edge| {
            let making = edge.fresh.is_some() || edge.on_self && self.init_only[edge.from as usize];
            // A thread's function that is handed to what starts the thread.
            let handed = self.targets.contains(&edge.to) || self.queued.contains(&edge.to);
            !making && (!handed || by_name(world, edge))
        };
        for func in self.reach_over(unused, passes_on) {
            self.surface[func as usize] = true;
        }
    }

    fn is_for_users(&self, world: &World, func: FuncGid) -> bool {
        // Who makes an object and uses it does what users do; who copies one, changes the copy and keeps it does not.
        let called = self.calls_of(func).any(|it| {
            it.from != func && it.fresh != Some(Fresh::Made) && !world.module(it.from).is_test
        });
        let hidden = world.class_of(func).is_some_and(|class| {
            let runs = world.base_rows(class).any(|it| {
                it.shared == InstanceSharing::Own
                    && it.methods.iter().any(|it| *it == *world.func(func).name)
            });
            // What Python calls needs no name that users know.
            let dunder = world.func(func).name.starts_with("__");
            runs || (!dunder && is_internal(world, class))
        });
        !called && !hidden && !self.targets.contains(&func) && !self.is_handler(world, func)
    }

    /// A private function that nobody calls by name: it is handed to somebody who calls it, on a thread that the code
    /// does not show, or left over. What a class above or below knows under the same name is called as that one.
    fn is_handler(&self, world: &World, func: FuncGid) -> bool {
        let name = &world.func(func).name;
        let private = name.starts_with('_') && !name.starts_with("__");
        let hook = |class: ClassGid| {
            let own = std::iter::once(class);
            let family = own.chain(world.ancestors(class).iter().copied());
            let plain = |it: &Name| matches!(it.as_str(), "builtins.object" | "abc.ABC");
            let foreign =
                |it: ClassGid| !world.classes[it as usize].external_bases.iter().all(plain);
            family.clone().any(foreign)
                || family.chain(world.descendants(class).iter().copied()).any(|it| {
                    it != class && world.methods(it).any(|it| world.func(it).name == *name)
                })
        };
        private
            && self.calls_of(func).all(|it| it.from == func)
            && !world.class_of(func).is_some_and(hook)
    }
}

/// A class with a private name, of which no class with a public one is made.
fn is_internal(world: &World, class: ClassGid) -> bool {
    let private = |it: ClassGid| world.class(it).name.starts_with('_');
    private(class) && world.descendants(class).iter().all(|it| private(*it))
}
