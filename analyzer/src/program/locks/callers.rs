//! Locks that every caller of a private function holds.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::contexts::{Contexts, Edge};
use super::super::threads::Threads;
use super::super::world::{ClassGid, FuncGid, World};
use super::{LockId, Locks};
use crate::domain::{Base, FunctionKind, Op, Step};

/// So many calls from other classes under one lock say that it is meant.
const FEWEST_CALLS: u32 = 3;

impl Locks {
    /// The locks of private functions that all their callers hold.
    pub(super) fn propagate(&mut self, world: &World, contexts: &Contexts, threads: &Threads) {
        let targets: rustc_hash::FxHashSet<FuncGid> =
            threads.spawns.iter().map(|it| it.target).collect();
        let candidates: Vec<FuncGid> = world
            .par_functions()
            .filter(|it| {
                let facts = world.func(*it);
                let private = facts.name.starts_with('_') && !facts.name.ends_with("__");
                let inner = world
                    .parent(*it)
                    .is_some_and(|it| world.func(it).kind == FunctionKind::Function);
                (private || inner || !contexts.public[*it as usize]) && !targets.contains(it)
            })
            .filter(|it| contexts.calls_of(*it).any(|edge| edge.from != *it))
            .collect();
        self.hold_what_callers_hold(world, contexts, &candidates);
        let entry = self.entry.clone();
        let called: Vec<FuncGid> = world
            .par_functions()
            .filter(|it| !targets.contains(it))
            .filter(|it| contexts.calls_of(*it).any(|edge| edge.from != *it))
            .collect();
        self.hold_what_callers_hold(world, contexts, &called);
        self.usual = std::mem::replace(&mut self.entry, entry);
        self.find_kept(world, contexts);
        let by_convention: Vec<FuncGid> =
            world.par_functions().filter(|it| world.func(*it).caller_locks).collect();
        for func in by_convention {
            self.entry.entry(func).or_default().push(LockId::Convention);
        }
    }
    /// Classes whose objects others only call while they hold one lock: it is the lock of their owner.
    fn find_kept(&mut self, world: &World, contexts: &Contexts) {
        let mut calls: FxHashMap<ClassGid, (u32, Vec<(LockId, u32)>)> = FxHashMap::default();
        for edge in &contexts.edges {
            let Some(class) = world.class_of(edge.to) else { continue };
            let from = world.func(edge.from);
            let Some(call) = from.calls.get(edge.call as usize) else { continue };
            let inside = world.class_of(edge.from).is_some_and(|it| {
                it == class
                    || world.ancestors(it).contains(&class)
                    || world.ancestors(class).contains(&it)
            });
            let making = contexts.init_only[edge.from as usize] || edge.fresh.is_some();
            if inside || making || world.func(edge.to).name == "__init__" {
                continue;
            }
            if world.module(edge.from).is_test {
                continue;
            }
            let (total, held) = calls.entry(class).or_default();
            *total += 1;
            let here = self.at(world, edge.from, call.held).into_iter().map(|it| it.0);
            let mut here: Vec<LockId> = here.chain(self.usual(edge.from).iter().cloned()).collect();
            // Its own lock says nothing of an owner.
            here.retain(|it| {
                !matches!(it, LockId::Instance(of, _) if *of == class) && *it != LockId::Convention
            });
            here.dedup();
            for lock in here {
                match held.iter_mut().find(|it| it.0 == lock) {
                    Some(it) => it.1 += 1,
                    None => held.push((lock, 1)),
                }
            }
        }
        let kept = |(total, held): &(u32, Vec<(LockId, u32)>)| {
            held.iter().any(|it| it.1 >= FEWEST_CALLS && it.1 * 5 >= *total * 4)
        };
        self.kept = calls.into_iter().filter(|it| kept(&it.1)).map(|it| it.0).collect();
    }

    fn hold_what_callers_hold(
        &mut self,
        world: &World,
        contexts: &Contexts,
        candidates: &[FuncGid],
    ) {
        let own = self.entry.clone();
        // Greatest fixed point, approached from below in few rounds: chains of private helpers are short.
        for _ in 0..4 {
            let mut next = own.clone();
            for func in candidates {
                let mut common: Option<Vec<LockId>> = None;
                let in_test = world.module(*func).is_test;
                let counts =
                    |it: &&Edge| it.from != *func && (in_test || !world.module(it.from).is_test);
                for edge in contexts.calls_of(*func).filter(counts) {
                    if edge.fresh.is_some()
                        || contexts.init_only[edge.from as usize] && edge.on_self
                    {
                        continue;
                    }
                    for held in held_at(world, edge) {
                        let at = || self.at(world, edge.from, held).into_iter().map(|it| it.0);
                        let known = held != 0 || self.entry.contains_key(&edge.from);
                        let at: Vec<LockId> = if known { at().collect() } else { Vec::new() };
                        common = Some(match common {
                            None => at,
                            Some(have) => have.into_iter().filter(|it| at.contains(it)).collect(),
                        });
                    }
                    if common.as_ref().is_some_and(Vec::is_empty) {
                        break;
                    }
                }
                if let Some(common) = common.filter(|it| !it.is_empty()) {
                    let held = next.entry(*func).or_default();
                    held.extend(common);
                    held.dedup();
                }
            }
            next.retain(|_, it| !it.is_empty());
            if next == self.entry {
                break;
            }
            self.entry = next;
        }
    }
}

/// The sets of held regions with which a caller comes to a function: that of the call, or those of all reads of a property.
fn held_at(world: &World, edge: &Edge) -> Vec<u32> {
    let from = world.func(edge.from);
    if let Some(call) = from.calls.get(edge.call as usize) {
        return vec![call.held];
    }
    let name = &world.func(edge.to).name;
    let reads = from.events.iter().filter(|it| {
        let place = &from.places[it.place as usize];
        it.op == Op::Load
            && place.base == Base::SelfObj
            && matches!(place.path.first(), Some(Step::Attr(it)) if it == name)
    });
    let mut held: Vec<u32> = reads.map(|it| it.held).collect();
    if held.is_empty() {
        held.push(0);
    }
    held
}
