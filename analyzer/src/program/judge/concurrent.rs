//! Whether two accesses can run at the same time: threads of the program, its main code, users of a library.

use super::{AccessId, Facts, Side, Suspect};
use crate::domain::NONE;
use crate::knowledge::SpawnKind;
use crate::program::locations::Root;
use crate::program::threads::{Reach, Spawn, Tasks, maps};
use crate::program::world::{ClassGid, FuncGid};
use crate::rule::Confidence;

impl Facts<'_> {
    pub(super) fn side(&self, id: AccessId) -> Side<'_> {
        let func = id.0 as usize;
        Side {
            func: id.0,
            spawns: &self.contexts.spawns[func],
            public: self.contexts.public[func] && !self.contexts.on_loop[func],
            for_users: self.contexts.surface[func],
            live_main: self.contexts.main[func]
                && self.contexts.is_live(self.world, self.threads, id.0, self.event(id)),
        }
    }

    /// From where a function as a whole is reached.
    pub(in crate::program) fn side_of(&self, func: FuncGid) -> Side<'_> {
        let index = func as usize;
        Side {
            func,
            spawns: &self.contexts.spawns[index],
            public: self.contexts.public[index] && !self.contexts.on_loop[index],
            for_users: self.contexts.surface[index],
            live_main: self.contexts.main[index] && self.contexts.entered_live[index],
        }
    }

    /// Whether two accesses can run at the same time on the same object, and how sure that is.
    pub(super) fn concurrent(
        &self,
        a: AccessId,
        b: AccessId,
        suspect: &Suspect,
    ) -> Option<(Confidence, Option<u32>, String)> {
        let (mine, theirs) = (self.side(a), self.side(b));
        let root = &suspect.location.root;
        if let Some((spawn, sure)) = self.two_threads(&mine, &theirs, root, a.0 == b.0) {
            let (confidence, because) = self.proven(suspect, spawn)?;
            return Some((confidence.min(sure), Some(spawn), because));
        }
        if let Some(spawn) = self.started_here(a, b, root).or_else(|| self.started_here(b, a, root))
        {
            let (confidence, because) = self.proven(suspect, spawn)?;
            return Some((confidence, Some(spawn), because));
        }
        let spawn = |side: &Side<'_>| {
            // Who shares an event loop with the users of a library is not known. What a signal interrupts is the main
            // thread, and its handler is no other.
            let sees = |it: &u32| {
                let kind = self.threads.spawns[*it as usize].kind;
                !matches!(kind, SpawnKind::Loop | SpawnKind::Signal)
                    && self.sees(*it, root)
                    && !self.has_own_cell(*it, root)
            };
            side.spawns.iter().copied().find(sees)
        };
        if let Some(found) =
            spawn(&mine).filter(|_| theirs.public).or(spawn(&theirs).filter(|_| mine.public))
        {
            let (confidence, because) = self.proven(suspect, found)?;
            let meet = |thread: &Side<'_>, user: &Side<'_>| {
                spawn(thread).is_some() && user.public && user.for_users
            };
            // That some thread sees one such object says nothing of those that users have.
            let captured = matches!(root, Root::Instance(class, _) if self
                .shared_class(suspect.holder.unwrap_or(*class))
                .is_some_and(|it| it.reach == Reach::Captured));
            let likely = !captured && (meet(&mine, &theirs) || meet(&theirs, &mine));
            let most = if likely { Confidence::Medium } else { Confidence::Low };
            return Some((confidence.min(most), Some(found), because));
        }
        if mine.public && theirs.public {
            let (confidence, because) = self.library(suspect)?;
            let meant = mine.for_users && theirs.for_users;
            return Some((if meant { confidence } else { Confidence::Low }, None, because));
        }
        None
    }

    /// A spawn that proves that both sides run at once.
    pub(in crate::program) fn two_threads(
        &self,
        mine: &Side<'_>,
        theirs: &Side<'_>,
        root: &Root,
        same: bool,
    ) -> Option<(u32, Confidence)> {
        let mut best: Option<(u32, Confidence)> = None;
        // Of several proofs the first of the surest counts.
        let mut found = |spawn: u32, sure: Confidence| {
            if best.is_none_or(|it| it.1 < sure) {
                best = Some((spawn, sure));
            }
        };
        for s in mine.spawns.iter().filter(|it| self.sees(**it, root)) {
            let spawn = &self.threads.spawns[*s as usize];
            for t in theirs.spawns.iter().filter(|it| self.sees(**it, root)) {
                let global = matches!(root, Root::Global(..) | Root::Class(..));
                let many = (spawn.many || spawn.owners && global)
                    && !self.is_own(*s, root)
                    && !self.has_own_cell(*s, root);
                let (one, other) = (spawn, &self.threads.spawns[*t as usize]);
                if (s == t && many)
                    || (s != t
                        && self.overlap(*s, *t)
                        && !self.are_of_siblings(one, other, root)
                        && !self.takes_turns(mine, *s, theirs, *t))
                {
                    found(*s, self.sureness(*s).min(self.sureness(*t)));
                }
            }
            if !same && self.beside_main(*s, theirs) {
                found(*s, self.sureness(*s));
            }
        }
        for t in theirs.spawns.iter().filter(|it| self.sees(**it, root)) {
            if !same && self.beside_main(*t, mine) {
                found(*t, self.sureness(*t));
            }
        }
        best
    }

    fn is_kind(&self, spawn: u32, kind: SpawnKind) -> bool {
        self.threads.spawns[spawn as usize].kind == kind
    }

    /// The most that a spawn proves.
    fn sureness(&self, spawn: u32) -> Confidence {
        let spawn = &self.threads.spawns[spawn as usize];
        // Whose event loop it is, and what else runs beside it, is not said by a base class or a decorator.
        let declared = spawn.kind == SpawnKind::Loop && spawn.call == NONE;
        if declared || spawn.kind.is_unsure() { Confidence::Medium } else { Confidence::High }
    }

    /// Whether a thread runs beside main code.
    fn beside_main(&self, spawn: u32, main: &Side<'_>) -> bool {
        main.live_main
            && match self.threads.spawns[spawn as usize].kind {
                // Which thread has the event loop is not known: mostly it is the main one.
                SpawnKind::Signal | SpawnKind::Main | SpawnKind::Loop => false,
                _ => true,
            }
    }

    /// Two spawns whose code one thread runs.
    fn takes_turns(&self, mine: &Side<'_>, s: u32, theirs: &Side<'_>, t: u32) -> bool {
        let (a, b) = (&self.threads.spawns[s as usize], &self.threads.spawns[t as usize]);
        let coroutine = |it: &Side<'_>| self.world.func(it.func).is_async;
        // What the loop runs on both sides takes turns; that a thread comes there too is then a weak guess.
        let on_loop = |it: &Side<'_>| it.spawns.iter().any(|it| self.is_kind(*it, SpawnKind::Loop));
        let one_loop = a.kind == SpawnKind::Loop || b.kind == SpawnKind::Loop;
        (a.lane.is_some() && a.lane == b.lane)
            || (one_loop && on_loop(mine) && on_loop(theirs))
            || (a.kind == SpawnKind::Loop && coroutine(theirs))
            || (b.kind == SpawnKind::Loop && coroutine(mine))
    }

    /// A thread that itself started one which is still running.
    pub(super) fn started_here(&self, a: AccessId, b: AccessId, root: &Root) -> Option<u32> {
        let seq = self.event(a).seq;
        let on_thread = !self.contexts.spawns[a.0 as usize].is_empty();
        self.contexts.spawns_in.get(&a.0).into_iter().flatten().copied().find(|it| {
            let spawn = &self.threads.spawns[*it as usize];
            let reaches = |t: &u32| self.threads.spawns[*t as usize].target == spawn.target;
            on_thread
                && spawn.starts
                && spawn.live.0 < seq
                && seq < spawn.live.1
                && self.contexts.spawns[b.0 as usize].iter().any(reaches)
                && self.sees(*it, root)
        })
    }

    /// Threads of two classes of which no object is of both.
    fn are_of_siblings(&self, one: &Spawn, other: &Spawn, root: &Root) -> bool {
        matches!(root, Root::Instance(..))
            && one
                .own_instance
                .zip(other.own_instance)
                .is_some_and(|(one, other)| !self.related(one, other))
    }

    /// Each instance has one such thread.
    pub(super) fn is_own(&self, spawn: u32, root: &Root) -> bool {
        let Root::Instance(class, _) = root else { return false };
        self.threads.spawns[spawn as usize]
            .own_instance
            .is_some_and(|own| self.related(own, *class))
    }

    /// Each activation of the function that owns the variable starts one such thread: another variable for each.
    fn has_own_cell(&self, spawn: u32, root: &Root) -> bool {
        let Root::Cell(owner, _) = *root else { return false };
        let it = &self.threads.spawns[spawn as usize];
        let Some(call) = self.world.func(it.func).calls.get(it.call as usize) else { return false };
        let mapped = it.tasks == Tasks::Pool && maps(self.world, it.func, call);
        let twins = self.threads.spawns.iter().filter(|other| other.target == it.target);
        if call.in_loop != NONE || it.kind.is_many() || mapped || twins.count() > 1 {
            return false;
        }
        let inside = |func: FuncGid| {
            std::iter::successors(Some(func), |it| self.world.parent(*it)).any(|it| it == owner)
        };
        let mut handing =
            self.contexts.calls_from(owner).filter(|edge| edge.to == it.func).peekable();
        it.func == owner
            || !inside(it.func) && handing.peek().is_some() && handing.all(|edge| !edge.looped)
    }

    pub(super) fn related(&self, a: ClassGid, b: ClassGid) -> bool {
        a == b || self.world.ancestors(a).contains(&b) || self.world.ancestors(b).contains(&a)
    }

    /// Two threads started in one function, the first joined before the second starts, do not overlap.
    pub(super) fn overlap(&self, s: u32, t: u32) -> bool {
        let (a, b) = (&self.threads.spawns[s as usize], &self.threads.spawns[t as usize]);
        a.func != b.func || (a.live.0 < b.live.1 && b.live.0 < a.live.1)
    }

    /// Whether the thread sees the same object as others: what a thread made itself is its own.
    pub(in crate::program) fn sees(&self, spawn: u32, root: &Root) -> bool {
        match root {
            Root::Cell(owner, _) => !self.contexts.spawns[*owner as usize].contains(&spawn),
            Root::Made((owner, _)) => {
                *owner != u32::MAX && !self.contexts.spawns[*owner as usize].contains(&spawn)
            }
            _ => true,
        }
    }
}
