//! Objects that are known to a thread before their constructor is done: `__init__` starts the thread, and assigns more
//! attributes afterwards (the "unsafe publication" of Goetz et al., Java Concurrency in Practice, 3.2.1).

use rustc_hash::FxHashSet;

use super::{AccessId, Facts, Suspect};
use crate::domain::{Base, Candidate, NONE, Op, Origin, Step};
use crate::evidence::Pattern;
use crate::knowledge::InstanceSharing;
use crate::program::locations::{Root, resolve};
use crate::program::threads::has_base;
use crate::program::world::{Entity, FuncGid};
use crate::rule::Confidence;

impl Facts<'_> {
    /// Adds the stores of a constructor that come after it started a thread which can see the object.
    pub(super) fn published_early(&self, func: FuncGid, out: &mut Vec<Suspect>) {
        let it = self.world.func(func);
        let Some(class) = self.world.class_of(func).filter(|_| it.name == "__init__") else {
            return;
        };
        let Some(start) = self.first_start(func) else { return };
        let mut before: FxHashSet<u32> = FxHashSet::default();
        for (index, event) in (0u32..).zip(&it.events) {
            let place = &it.places[event.place as usize];
            let (Base::SelfObj, [Step::Attr(name)]) = (&place.base, place.path.as_slice()) else {
                continue;
            };
            if event.op != Op::Store || !before.insert(event.place) || event.seq <= start {
                continue;
            }
            let family = std::iter::once(class).chain(self.world.ancestors(class).iter().copied());
            if family
                .into_iter()
                .any(|it| self.world.classes[it as usize].class_attrs.contains(name))
            {
                continue;
            }
            let Some(location) = resolve(self.world, self.types, func, place) else { continue };
            if matches!(location.root, Root::Instance(..)) {
                let candidate =
                    Candidate { pattern: Pattern::EarlyPublication, first: index, last: index };
                out.push(Suspect {
                    func,
                    candidate,
                    location,
                    contents: false,
                    holder: Some(class),
                });
            }
        }
    }

    /// From when a thread runs that this constructor started: where it calls `start`, or makes an object whose own
    /// constructor does.
    fn first_start(&self, func: FuncGid) -> Option<u32> {
        let it = self.world.func(func);
        let starts = it.calls.iter().filter(|call| {
            self.starts_thread(func, call.callee) || self.made_running(func, call.callee)
        });
        starts.map(|it| it.seq).min()
    }

    /// `self._thread.start()`, on something that is a thread, when its target is of the project.
    fn starts_thread(&self, func: FuncGid, callee: Origin) -> bool {
        let Origin::Place(place) = callee else { return false };
        let it = self.world.func(func);
        let place = &it.places[place as usize];
        let Some((Step::Attr(name), front)) = place.path.split_last() else { return false };
        if name != "start" || !self.contexts.spawns_in.contains_key(&func) {
            return false;
        }
        let receiver = crate::domain::Place { base: place.base.clone(), path: front.into() };
        let spawned = |made: &Origin| {
            let Origin::Call(call) = made else { return false };
            self.contexts.spawns_in[&func]
                .iter()
                .any(|spawn| self.threads.spawns[*spawn as usize].call == *call)
        };
        // The thread is a local, or was stored under the name that is started.
        match receiver.base {
            Base::Call(call) if receiver.path.is_empty() => spawned(&Origin::Call(call)),
            _ => it.events.iter().any(|event| {
                event.op == Op::Store
                    && it.places[event.place as usize] == receiver
                    && spawned(&event.value)
            }),
        }
    }

    /// `Reaper(self)`, a thread of the project whose constructor starts it.
    fn made_running(&self, func: FuncGid, callee: Origin) -> bool {
        let Some(Entity::Class(class)) = self.world.entity(func, callee) else { return false };
        if !has_base(self.world, class, |it| it.shared == InstanceSharing::Own) {
            return false;
        }
        let name = ruff_python_ast::name::Name::new_static("__init__");
        let Some(init) = self.world.method(class, &name) else { return false };
        let it = self.world.func(init);
        it.calls.iter().any(|call| {
            matches!(call.callee, Origin::Place(place)
                if it.places[place as usize].base == Base::SelfObj
                    && matches!(it.places[place as usize].path.as_slice(), [Step::Attr(name)] if name == "start"))
        })
    }

    /// Whether two accesses can run at the same time; for a constructor that started a thread, whether that thread
    /// comes to the other one.
    pub(super) fn meets(
        &self,
        own: AccessId,
        other: AccessId,
        suspect: &Suspect,
    ) -> Option<(Confidence, Option<u32>, String)> {
        let it = self.world.func(own.0);
        if suspect.candidate.pattern != Pattern::EarlyPublication || it.name != "__init__" {
            return self.concurrent(own, other, suspect);
        }
        if self.contexts.init_only[other.0 as usize] || self.event(other).flags.caught {
            return None;
        }
        let started = self.contexts.spawns_in.get(&own.0).into_iter().flatten();
        let reached = |spawn: &&u32| {
            let target = self.threads.spawns[**spawn as usize].target;
            let reaches = |it: &u32| self.threads.spawns[*it as usize].target == target;
            self.contexts.spawns[other.0 as usize].iter().any(reaches)
        };
        let spawn = started.copied().collect::<Vec<u32>>();
        let spawn = spawn.iter().find(reached).copied()?;
        let seq = self.event(own).seq;
        let live = self.threads.spawns[spawn as usize].live;
        (live.0 < seq && (live.1 == NONE || seq < live.1)).then(|| {
            let why = "the thread that the constructor starts sees the object".to_owned();
            (Confidence::Medium, Some(spawn), why)
        })
    }
}
