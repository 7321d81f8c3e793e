//! What the analysis of the whole program keeps from one edit to the next, and takes again as far as it stays true.
//!
//! An edit inside of functions changes the facts of a few of them. Each step is asked whether its table stays the same: it
//! looks again at those functions, and at those that read their facts. The first table that does not stay, and all that
//! follow, are computed anew, as they are after an edit that adds, removes or renames something. Both ways give the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contexts::Reached;
use super::judge::{Facts, Judged};
use super::locks::Held;
use super::memo::Changed;
use super::threads::Found;
use super::types::{Solved, solve};
use super::world::{ModuleEntry, ModuleId, World};
use crate::db::{Db, Project, SourceFile};
use crate::extensions::Extensions;
use crate::knowledge::Knowledge;
use crate::settings::TargetVersion;

/// More edited files at once are no edit.
const MAX_EDITED: usize = 16;

/// Where the analysis of a project is kept between edits. Cloning makes another handle to the same place.
#[derive(Clone, Default)]
pub struct Memory {
    slot: Arc<Mutex<Option<Box<Kept>>>>,
    keeps: bool,
}

impl Memory {
    /// One that keeps the analysis, for those who will edit. The default one forgets it at once: to remember what was
    /// read for what takes memory and a little time.
    pub fn keeping() -> Self {
        Memory { keeps: true, ..Memory::default() }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Box<Kept>>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("keeps", &self.keeps).finish_non_exhaustive()
    }
}

/// The tables of all steps. Those of a step that is missing, and of the steps behind it, have to be computed.
struct Kept {
    files: Arc<[SourceFile]>,
    around: Option<Around>,
    world: World,
    solved: Option<Solved>,
    found: Option<Found>,
    reached: Option<Reached>,
    held: Option<Held>,
    judged: Option<Judged>,
    /// What has changed and has not been seen by all steps yet.
    changed: Changed,
    /// No step is at work: false after one has panicked.
    at_rest: bool,
}

/// What judging looks at beside the code.
#[derive(Clone, PartialEq)]
struct Around {
    target: Option<TargetVersion>,
    oldest: Option<u8>,
    installed: Arc<BTreeMap<String, String>>,
    extensions: Arc<Extensions>,
}

impl Around {
    fn of(db: &dyn Db, project: Project) -> Self {
        Around {
            target: *project.target(db),
            oldest: *project.oldest(db),
            installed: Arc::clone(project.installed(db)),
            extensions: Arc::clone(project.extensions(db)),
        }
    }
}

/// Analyses the project, and hands what is found to `then`.
pub(super) fn analyse<T>(
    db: &dyn Db,
    project: Project,
    modules: Vec<ModuleEntry>,
    then: impl FnOnce(&Facts<'_>, &Judged) -> T,
) -> T {
    let memory = project.memory(db);
    let mut slot = memory.slot();
    let knowledge = project.knowledge(db).as_ref().unwrap_or(&crate::knowledge::KNOWLEDGE);
    let before = slot.take().and_then(|it| it.edited(db, project, knowledge, &modules));
    let kept = slot.insert(before.unwrap_or_else(|| {
        let world = World::new(modules, Arc::clone(knowledge), memory.keeps);
        Box::new(Kept::new(Arc::clone(project.files(db)), world))
    }));
    let out = kept.analyse(db, project, then);
    if !memory.keeps {
        *slot = None;
    }
    out
}

impl Kept {
    fn new(files: Arc<[SourceFile]>, world: World) -> Self {
        Kept {
            files,
            around: None,
            world,
            solved: None,
            found: None,
            reached: None,
            held: None,
            judged: None,
            changed: Changed::default(),
            at_rest: true,
        }
    }

    /// The same with the edited modules; `None` if more has changed than the insides of functions.
    fn edited(
        mut self: Box<Self>,
        db: &dyn Db,
        project: Project,
        knowledge: &Arc<Knowledge>,
        modules: &[ModuleEntry],
    ) -> Option<Box<Self>> {
        let fits = self.at_rest
            && Arc::ptr_eq(&self.files, project.files(db))
            && Arc::ptr_eq(&self.world.knowledge, knowledge);
        if !fits {
            return None;
        }
        let all = self.world.modules.iter().zip(modules).zip(0u32..);
        let other = all.filter(|((old, new), _)| !Arc::ptr_eq(&old.facts, &new.facts));
        let edited: Vec<(ModuleId, ModuleEntry)> =
            other.map(|((_, new), id)| (id, new.clone())).collect();
        if edited.len() > MAX_EDITED {
            return None;
        }
        let changed = self.world.take_over(&edited)?;
        self.changed.add(changed, edited.iter().map(|it| it.0));
        Some(self)
    }

    /// What judging looks at beside the code; if it is not what it was, everything is judged again.
    fn look_around(&mut self, db: &dyn Db, project: Project) -> Around {
        let around = Around::of(db, project);
        if self.around.as_ref() != Some(&around) {
            self.judged = None;
        }
        self.around = Some(around.clone());
        around
    }

    /// Step by step. An edit waits until readers have noticed it, and the steps themselves look at no query.
    fn analyse<T>(
        &mut self,
        db: &dyn Db,
        project: Project,
        then: impl FnOnce(&Facts<'_>, &Judged) -> T,
    ) -> T {
        db.unwind_if_revision_cancelled();
        let around = self.look_around(db, project);
        let Kept { world, solved, found, reached, held, judged, changed, at_rest, .. } = self;
        let mut pause = || {
            *at_rest = true;
            db.unwind_if_revision_cancelled();
            *at_rest = false;
        };
        pause();
        match solved {
            Some(it) => it.update(world, changed),
            None => *found = None,
        }
        let types = &solved.get_or_insert_with(|| solve(world)).table;
        pause();
        let found =
            step(found, reached, |it| it.stays(world, types, changed), || Found::new(world, types));
        let threads = &found.threads;
        pause();
        let Reached { contexts, threads, .. } = step(
            reached,
            held,
            |it| it.stays(world, types, threads, changed),
            || Reached::new(world, types, threads),
        );
        pause();
        let held = step(
            held,
            judged,
            |it| it.stays(world, types, contexts, threads, changed),
            || Held::new(world, types, contexts, threads),
        );
        pause();
        let facts = Facts {
            world,
            types,
            threads,
            contexts,
            locks: &held.locks,
            files: project.files(db),
            installed: &around.installed,
            extensions: &around.extensions,
            target: around.target,
            oldest: around.oldest,
        };
        if let Some(it) = judged {
            it.refresh(&facts, changed);
        }
        let judged = judged.get_or_insert_with(|| Judged::new(&facts));
        *changed = Changed::default();
        let out = then(&facts, judged);
        *at_rest = true;
        out
    }
}

/// Brings the table of a step up to date, or makes it. Unless it stays what it was, the next one has to be made anew.
fn step<'a, T, N>(
    table: &'a mut Option<T>,
    next: &mut Option<N>,
    stays: impl FnOnce(&mut T) -> bool,
    new: impl FnOnce() -> T,
) -> &'a T {
    if !table.as_mut().is_some_and(stays) {
        *next = None;
    }
    table.get_or_insert_with(new)
}
