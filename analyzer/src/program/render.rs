//! Turns a judged conflict into evidence: names, steps of the thread's way, the lock held elsewhere.

use super::judge::{AccessId, Conflict, Facts};
use super::locations::{Location, Root};
use super::locks::LockId;
use super::slice::GlobalSite;
use super::threads::Spawn;
use super::world::FuncGid;
use crate::domain::{Base, Candidate, FunctionKind, Op, Origin, Place, Step};
use crate::evidence::{self, AccessKind, Evidence, Guard, Pattern, PlaceKind, SharedPlace, Window};
use crate::knowledge::SpawnKind;

/// A conflict to put into words.
pub(crate) struct Found<'a> {
    pub(crate) func: FuncGid,
    pub(crate) candidate: Candidate,
    pub(crate) misuse: Option<evidence::Pattern>,
    pub(crate) location: &'a Location,
    pub(crate) contents: bool,
    pub(crate) conflict: &'a Conflict,
    pub(crate) accesses: &'a [AccessId],
    /// Further accesses with the same cause.
    pub(crate) also: &'a [AccessId],
}

/// The evidence of a conflict.
pub(crate) fn evidence(facts: &Facts<'_>, found: &Found<'_>) -> Evidence<GlobalSite> {
    let entry = found.conflict.spawn.map(|it| entry(facts, it, found)).unwrap_or_default();
    let program = found
        .conflict
        .spawn
        .and_then(|it| facts.contexts.program_of.get(&it))
        .map(|module| facts.world.modules[*module as usize].path.to_string());
    let last = access(facts, (found.func, found.candidate.last));
    Evidence::Window(Box::new(Window {
        pattern: found.candidate.pattern,
        misuse: found.misuse,
        place: shared_place(facts, found),
        first: access(facts, (found.func, found.candidate.first)),
        other: access(facts, found.conflict.other),
        last,
        entry,
        program,
        guard: guard(facts, found),
        shared_because: found.conflict.because.clone(),
        also: found.also.iter().map(|it| access(facts, *it)).collect(),
        all: all(facts, found.accesses),
    }))
}

/// So many accesses to one place are handed on.
const MAX_ALL: usize = 64;

/// The accesses that a lock has to cover.
fn all(facts: &Facts<'_>, accesses: &[AccessId]) -> Vec<evidence::Access<GlobalSite>> {
    let runs = |it: &&AccessId| {
        !facts.contexts.init_only[it.0 as usize]
            && matches!(facts.world.func(it.0).kind, FunctionKind::Function | FunctionKind::Lambda)
    };
    let it: Vec<&AccessId> = accesses.iter().filter(runs).take(MAX_ALL + 1).collect();
    if it.len() > MAX_ALL {
        return Vec::new();
    }
    it.into_iter().map(|it| access(facts, *it)).collect()
}

pub(crate) fn site(facts: &Facts<'_>, func: FuncGid, site: u32) -> GlobalSite {
    let module = facts.world.module_of(func);
    GlobalSite {
        file: facts.files[module as usize],
        site,
        func: func - facts.world.func_gid(module, 0),
    }
}

pub(crate) fn access(facts: &Facts<'_>, id: AccessId) -> evidence::Access<GlobalSite> {
    let it = facts.world.func(id.0);
    let event = &it.events[id.1 as usize];
    let kind = match &event.op {
        Op::Load | Op::Len => AccessKind::Read,
        Op::Store => AccessKind::Store,
        Op::Delete => AccessKind::Delete,
        Op::GetItem => AccessKind::GetItem,
        Op::SetItem => AccessKind::SetItem,
        Op::DelItem => AccessKind::DelItem,
        Op::Contains => AccessKind::Contains,
        Op::Iterate | Op::Consume => AccessKind::Iterate,
        Op::Method(name) => {
            AccessKind::Call(name.strip_prefix("builtins.").unwrap_or(name).to_owned())
        }
    };
    let locks = facts
        .locks
        .at(facts.world, id.0, event.held)
        .iter()
        .map(|(lock, _)| lock_name(facts, lock))
        .collect();
    evidence::Access { site: site(facts, id.0, event.site), kind, locks }
}

/// A lock as people call it.
pub(crate) fn lock_name(facts: &Facts<'_>, lock: &LockId) -> String {
    match lock {
        LockId::Instance(_, name) => format!("self.{}", name.replace(".[]", "[...]")),
        LockId::Static(label) => label.rsplit('.').next().unwrap_or(label).to_owned(),
        LockId::Unnamed(_, name) => name.to_string(),
        LockId::Made((func, _)) => format!("a lock made in `{}`", facts.world.func(*func).name),
        LockId::Decorator(name) => {
            let name = name.split(':').next().unwrap_or_default();
            format!("@{}", name.rsplit('.').next().unwrap_or_default())
        }
        LockId::Convention => "the caller's lock".to_owned(),
    }
}

/// The place as the reader of a finding sees it.
fn window_text(facts: &Facts<'_>, found: &Found<'_>) -> String {
    let it = facts.world.func(found.func);
    let event = &it.events[found.candidate.last as usize];
    let lazy = found.candidate.pattern == Pattern::LazySubmodule;
    if (lazy || found.candidate.pattern == Pattern::CachedFactory) && event.op == Op::Store {
        return it.qualname.clone();
    }
    let mut text = place_text(facts, found.func, &it.places[event.place as usize]);
    if matches!(event.op, Op::GetItem | Op::SetItem | Op::DelItem) && !lazy {
        text.push_str("[...]");
    }
    text
}

fn shared_place(facts: &Facts<'_>, found: &Found<'_>) -> SharedPlace {
    let text = window_text(facts, found);
    let world = facts.world;
    let below = |name: &str| {
        found.location.path.iter().fold(name.to_owned(), |all, it| format!("{all}.{it}"))
    };
    let class_names = |class: u32| {
        let module = world.classes[class as usize].module;
        (world.modules[module as usize].name.to_string(), world.class(class).qualname.clone())
    };
    let kind = match &found.location.root {
        Root::Global(module, name) => PlaceKind::Global {
            module: world.modules[*module as usize].name.to_string(),
            name: below(name),
        },
        Root::Process(name) => {
            let (module, name) = name.rsplit_once('.').unwrap_or(("", name));
            PlaceKind::Global { module: module.to_owned(), name: below(name) }
        }
        // Only the class has it until the update makes an attribute of the instance.
        Root::Instance(class, name)
            if world.classes[*class as usize].class_attrs.contains(name)
                && !world.classes[*class as usize].plain_attrs.contains(name) =>
        {
            let (module, class) = class_names(*class);
            PlaceKind::ClassAttribute { module, class, name: below(name) }
        }
        Root::Instance(class, name) => {
            let (module, class) = class_names(*class);
            PlaceKind::InstanceAttribute { module, class, name: below(name) }
        }
        Root::Class(class, name) => {
            let (module, class) = class_names(*class);
            PlaceKind::ClassAttribute { module, class, name: below(name) }
        }
        Root::Cell(owner, name) => PlaceKind::Cell {
            module: world.module(*owner).name.to_string(),
            function: world.func(*owner).qualname.clone(),
            name: below(name),
        },
        Root::Made((func, alloc)) => PlaceKind::Object {
            what: world
                .func(*func)
                .allocs
                .get(*alloc as usize)
                .map_or_else(|| "object".to_owned(), |it| format!("{:?}", it.kind).to_lowercase()),
        },
    };
    SharedPlace { text, kind, element: found.contents }
}

/// A place as it is written in the function.
pub(crate) fn place_text(facts: &Facts<'_>, func: FuncGid, place: &Place) -> String {
    let it = facts.world.func(func);
    let first_param = it.params.first().map_or("self", |it| it.name.as_str());
    let base = match &place.base {
        Base::SelfObj => first_param.to_owned(),
        Base::Cls if it.bound == crate::domain::Bound::Class => first_param.to_owned(),
        Base::Cls => "type(self)".to_owned(),
        Base::Super => "super()".to_owned(),
        Base::Param(index) => it
            .params
            .get(*index as usize)
            .map_or_else(|| "argument".to_owned(), |it| it.name.to_string()),
        Base::Cell(_, name) | Base::Global(name) => name.to_string(),
        Base::Import(path) => path.rsplit('.').next().unwrap_or_default().to_owned(),
        Base::Call(call) => match it.calls[*call as usize].callee {
            Origin::Place(place) => {
                format!("{}()", place_text(facts, func, &it.places[place as usize]))
            }
            _ => "(...)".to_owned(),
        },
        Base::Alloc(_) => "container".to_owned(),
    };
    place.path.iter().fold(base, |text, step| match step {
        Step::Attr(name) => format!("{text}.{name}"),
        Step::Elem => format!("{text}[...]"),
    })
}

/// The way of a thread to the window.
fn entry(facts: &Facts<'_>, spawn: u32, found: &Found<'_>) -> Vec<evidence::Step<GlobalSite>> {
    let it = &facts.threads.spawns[spawn as usize];
    let target = &facts.world.func(it.target).qualname;
    let mut out =
        vec![evidence::Step { site: site(facts, it.func, it.site), text: entry_text(it, target) }];
    let reaches = |func: FuncGid| facts.contexts.spawns[func as usize].contains(&spawn);
    let goal = if reaches(found.func) { found.func } else { found.conflict.other.0 };
    let path = facts.contexts.path(spawn, goal);
    let n_steps = path.len();
    for edge in path.into_iter().skip(n_steps.saturating_sub(4)) {
        let from = facts.world.func(edge.from);
        let to = &facts.world.func(edge.to).qualname;
        let at = from.calls.get(edge.call as usize).map_or(from.site, |it| it.site);
        out.push(evidence::Step {
            site: site(facts, edge.from, at),
            text: format!("`{}` calls `{to}` here", from.qualname),
        });
    }
    out
}

/// What runs because of a spawn, in words.
fn entry_text(spawn: &Spawn, target: &str) -> String {
    let how = match (spawn.kind, spawn.many) {
        (SpawnKind::Served, _) => "requests run",
        (SpawnKind::Any, _) => "whichever thread comes by runs",
        (SpawnKind::Signal, _) => "a signal in the main thread runs",
        (SpawnKind::Main, _) => "the main thread's own loop runs",
        (SpawnKind::Loop, _) => "the event loop runs",
        (SpawnKind::T1, _) => "a thread of its library runs",
        (SpawnKind::Tn, _) => "threads of its library run",
        (_, true) => "threads started here run",
        (_, false) => "the thread started here runs",
    };
    format!("{how} `{target}`")
}

/// So many places where the guard is held are shown beside the first.
const MORE_SITES: usize = 3;

/// The lock that most accesses hold.
fn guard(facts: &Facts<'_>, found: &Found<'_>) -> Option<Guard<GlobalSite>> {
    let mut counts: Vec<(LockId, u32, Vec<AccessId>)> = Vec::new();
    let mut total = 0;
    for id in found.accesses {
        let it = facts.world.func(id.0);
        if facts.contexts.init_only[id.0 as usize] || it.kind == FunctionKind::Module {
            continue;
        }
        total += 1;
        for (lock, _) in facts.locks.at(facts.world, id.0, it.events[id.1 as usize].held) {
            let known = counts.iter().position(|it| it.0 == lock);
            let at = known.unwrap_or(counts.len());
            if known.is_none() {
                counts.push((lock, 0, Vec::new()));
            }
            let count = &mut counts[at];
            count.1 += 1;
            // One place in each function tells more than many in one.
            if count.2.len() <= MORE_SITES && count.2.last().is_none_or(|it| it.0 != id.0) {
                count.2.push(*id);
            }
        }
    }
    let (lock, held, at) =
        counts.into_iter().filter(|it| it.0 != LockId::Convention).max_by_key(|it| it.1)?;
    let mut sites: Vec<GlobalSite> = at
        .iter()
        .map(|it| site(facts, it.0, facts.world.func(it.0).events[it.1 as usize].site))
        .collect();
    let first = sites.remove(0);
    let sites =
        if found.candidate.pattern == evidence::Pattern::Unguarded { sites } else { Vec::new() };
    Some(Guard { lock: lock_name(facts, &lock), site: first, sites, held, total })
}
