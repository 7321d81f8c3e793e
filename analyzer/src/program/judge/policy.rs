//! How sure it is that two threads meet at one object. `docs/confidence.md` tells users the same in words.

use ruff_python_ast::name::Name;

use super::grounds::Ground;
use super::{Facts, Suspect};
use crate::domain::{FunctionKind, Origin};
use crate::knowledge::atomicity::ATOMICITY;
use crate::knowledge::{InstanceSharing, SpawnKind};
use crate::program::locations::Root;
use crate::program::threads::{Reach, Shared};
use crate::program::world::{ClassGid, FuncGid};
use crate::rule::Confidence;

/// Names of things that exist so that several parts of a program use one of them. A session or a transaction belongs to
/// the one who opened it as often as not, and registries are filled while modules are imported.
const ROLES: [&str; 10] = [
    "Auth", "Broker", "Cache", "Client", "Future", "Limiter", "Locator", "Pool", "Promise", "Store",
];

/// Of these, the names of things that programs also use inside: parts that the project makes itself are used as it uses
/// them.
const PARTS: [&str; 5] = ["Auth", "Cache", "Client", "Limiter", "Store"];

/// Names of things that are made for one use and passed on.
const PASSED_ON: [&str; 16] = [
    "Args",
    "Cursor",
    "Error",
    "Event",
    "Exception",
    "Frame",
    "Iterator",
    "Message",
    "Options",
    "Packet",
    "Params",
    "Request",
    "Response",
    "Result",
    "Row",
    "Token",
];

impl Facts<'_> {
    /// Threads of the program meet: is it at the same object?
    pub(super) fn proven(&self, suspect: &Suspect, spawn: u32) -> Option<(Confidence, String)> {
        match &suspect.location.root {
            Root::Global(..) => {
                Some((Confidence::High, "module state is shared by all threads".to_owned()))
            }
            Root::Process(name) => {
                Some((Confidence::High, format!("the process has one `{name}`")))
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
                if let Some(Shared { reach, why }) = self
                    .shared_class(class)
                    .filter(|it| self.is_shared_with(class, it.reach, spawn))
                {
                    // One step away from what is known to be shared.
                    let near = *reach == Reach::Below;
                    let confidence = if near { Confidence::Medium } else { Confidence::High };
                    return Some((confidence, why.clone()));
                }
                let own = self.threads.spawns[spawn as usize].own_instance;
                if let Some(own) = own.filter(|it| self.related(*it, class)) {
                    let name = &self.world.class(own).name;
                    return Some((Confidence::High, format!("`{name}` runs a thread of its own")));
                }
                Some(self.intent(class, suspect))
            }
        }
    }

    /// Whether the way in which an object of the class is known to be shared says something of this thread.
    fn is_shared_with(&self, class: ClassGid, reach: Reach, spawn: u32) -> bool {
        match reach {
            Reach::Thread => true,
            // Each task has another one.
            Reach::Handed => false,
            // Which thread sees it in a variable is known.
            Reach::Captured => {
                let maker = self.world.parent(self.threads.spawns[spawn as usize].target);
                let mut family =
                    std::iter::once(class).chain(self.world.descendants(class).iter().copied());
                family.any(|it| {
                    let owners = self.threads.captured.get(&it).into_iter().flatten();
                    owners.into_iter().any(|it| Some(*it) == maker)
                })
            }
            // What is made in many places belongs to whoever made it, whatever else is kept somewhere.
            Reach::Module | Reach::Below => !self.is_made_by_functions(class),
        }
    }

    pub(super) fn shared_class(&self, class: ClassGid) -> Option<&Shared> {
        let name = &self.world.class(class).name;
        let passed_on = PASSED_ON.iter().any(|it| name.ends_with(it));
        let family = std::iter::once(class).chain(self.world.descendants(class).iter().copied());
        family
            .into_iter()
            .filter_map(|it| self.threads.shared.get(&it))
            .find(|it| !(passed_on && it.reach == Reach::Below))
    }

    /// Two users of a library call at once: does the code mean that to work?
    pub(super) fn library(&self, suspect: &Suspect) -> Option<(Confidence, String)> {
        match &suspect.location.root {
            Root::Global(..) => {
                Some((Confidence::Medium, "module state is shared by all threads".to_owned()))
            }
            Root::Process(name) => {
                // Settings are made at the start and hardly ever changed later.
                let settings = ATOMICITY.process(name).is_some_and(|it| it.changed_by.is_empty());
                let confidence = if settings { Confidence::Low } else { Confidence::Medium };
                Some((confidence, format!("the process has one `{name}`")))
            }
            Root::Class(..) => {
                Some((Confidence::Medium, "class attributes are shared by all threads".to_owned()))
            }
            Root::Cell(owner, _) => Some((
                self.closure(*owner, suspect.func),
                "all callers share the closure".to_owned(),
            )),
            Root::Made(_) => None,
            Root::Instance(class, _) => {
                let class = suspect.holder.unwrap_or(*class);
                Some(self.intent(class, suspect))
            }
        }
    }

    /// A closure that is returned is shared by those who get it.
    pub(super) fn closure(&self, owner: FuncGid, func: FuncGid) -> Confidence {
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
    pub(super) fn shared_by_role(&self, class: ClassGid) -> Option<String> {
        let facts = self.world.class(class);
        let name = &facts.name;
        let entry = &self.world.classes[class as usize];
        if entry.external_bases.iter().any(|it| it == "builtins.type") {
            return Some(format!(
                "`{name}` is a metaclass: its instances are classes, which all threads share"
            ));
        }
        if entry.external_bases.iter().any(|it| it == "types.ModuleType") {
            return Some(format!(
                "`{name}` is a kind of module: its instances are modules, which all threads share"
            ));
        }
        let defines = |it: &str| facts.methods.iter().any(|(method, _)| method == it);
        // What functions make again and again is no attribute of a class, whatever methods it has.
        if (defines("__get__") || defines("__set_name__")) && !self.is_made_by_functions(class) {
            return Some(format!(
                "`{name}` is a descriptor: one object for all instances of its owner"
            ));
        }
        None
    }

    /// Signs that a class is meant to be shared.
    pub(super) fn intent(&self, class: ClassGid, suspect: &Suspect) -> (Confidence, String) {
        let name = &self.world.class(class).name;
        if self.family(class).any(|it| self.world.class(it).denies_thread_safe) {
            let why = format!("`{name}` is documented as not for several threads at once");
            return (Confidence::Low, why);
        }
        let locked = self.family(class).any(|it| self.locks.owners.contains_key(&it));
        if !locked && self.family(class).any(|it| self.has_coroutines(it)) {
            let why = format!("`{name}` has coroutines: one event loop runs it");
            return (Confidence::Low, why);
        }
        if is_for_a_loop(name) && !self.locks.owners.contains_key(&class) {
            return (Confidence::Low, format!("one event loop uses a `{name}`, by its name"));
        }
        if self.locks.kept.contains(&class) {
            let why = format!("whoever calls a `{name}` holds a lock of its owner");
            return (Confidence::Low, why);
        }
        let passed_on = PASSED_ON.iter().any(|it| name.ends_with(it));
        if let Some((_, why)) = self.sign(class, suspect).filter(|_| !passed_on) {
            return (Confidence::Medium, why);
        }
        (Confidence::Low, format!("nothing says that a `{name}` is shared, only its users know"))
    }

    /// Functions of the project make such objects in several places.
    fn is_made_by_functions(&self, class: ClassGid) -> bool {
        let maker = |it: &&crate::program::contexts::Edge| {
            let from = self.world.func(it.from);
            from.kind == FunctionKind::Function
                && !self.world.module(it.from).is_test
                && !it.on_self
        };
        let init = self.world.method(class, &Name::new_static("__init__"));
        init.is_some_and(|it| self.contexts.calls_of(it).filter(maker).count() > 1)
    }

    /// Functions of the project, other than those of the class, make such objects.
    fn is_made_inside(&self, class: ClassGid) -> bool {
        let init = self.world.method(class, &Name::new_static("__init__"));
        init.is_some_and(|it| {
            self.contexts.calls_of(it).any(|edge| {
                let own = self.world.class_of(edge.from).is_some_and(|it| self.related(it, class));
                let kind = self.world.func(edge.from).kind;
                kind == FunctionKind::Function && !own && !self.world.module(edge.from).is_test
            })
        })
    }

    /// Objects whose coroutines run on one event loop, with no thread of their own beside it.
    pub(super) fn has_coroutines(&self, class: ClassGid) -> bool {
        let coroutine = |it| crate::program::contexts::is_coroutine(self.world, it);
        let on_threads = |it: FuncGid| {
            self.contexts.spawns[it as usize].iter().any(|spawn| {
                let spawn = &self.threads.spawns[*spawn as usize];
                spawn.target == it && spawn.kind != SpawnKind::Loop
            })
        };
        !self.world.class(class).says_thread_safe
            && self.world.methods(class).any(coroutine)
            && !self.world.methods(class).any(on_threads)
    }

    /// The class and those above it.
    pub(super) fn family(&self, class: ClassGid) -> impl Iterator<Item = ClassGid> + '_ {
        std::iter::once(class).chain(self.world.ancestors(class).iter().copied())
    }

    /// What the code of the class itself, or of the program, says about sharing its instances; strongest first.
    pub(super) fn sign(&self, class: ClassGid, suspect: &Suspect) -> Option<(Ground, String)> {
        for it in self.family(class) {
            let facts = self.world.class(it);
            if let Some(lock) =
                self.locks.owners.get(&it).filter(|_| self.covers(it, class, suspect))
            {
                let why = format!("`{}` owns the lock `{lock}`", facts.name);
                let documented = facts.says_thread_safe;
                return Some((if documented { Ground::Documented } else { Ground::Lock }, why));
            }
            if facts.says_thread_safe {
                let why = format!("`{}` is documented for use from several threads", facts.name);
                return Some((Ground::Documented, why));
            }
        }
        if let Some(lock) = self.family(class).find_map(|it| self.locks.users.get(&it)) {
            let name = &self.world.class(class).name;
            return Some((
                Ground::TakenLock,
                format!("methods of `{name}` take the lock `{lock}`"),
            ));
        }
        if crate::program::threads::has_base(self.world, class, |it| {
            it.shared == InstanceSharing::Own
        }) {
            let name = &self.world.class(class).name;
            let why = format!("a `{name}` is a thread, known to who made it");
            return Some((Ground::Kind, why));
        }
        let shared = self.shared_class(class).filter(|it| match it.reach {
            Reach::Thread => true,
            // One object that a module keeps says nothing of those that functions make.
            Reach::Module => !self.is_made_by_functions(class),
            // What a thread comes to in these ways is known to be used by threads only where one comes to it.
            Reach::Captured | Reach::Below | Reach::Handed => false,
        });
        let name = &self.world.class(class).name;
        let one = |it: &crate::knowledge::BaseRow| it.shared == InstanceSharing::One;
        let kind = crate::program::threads::has_base(self.world, class, one);
        let ground = if kind { Ground::Kind } else { Ground::Shared };
        shared
            .map(|it| (ground, it.why.clone()))
            .or_else(|| self.shared_by_role(class).map(|why| (Ground::Kind, why)))
            .or_else(|| self.aware_of_threads(class).map(|why| (Ground::Aware, why)))
            .or_else(|| self.role(class).map(|why| (Ground::Name, why)))
            .or_else(|| {
                let why = format!("code or comments of `{name}` speak of threads");
                self.world.class(class).speaks_of_threads.then_some((Ground::Comments, why))
            })
            .or_else(|| self.held_by_role(class).map(|why| (Ground::Name, why)))
    }

    /// A queue, an event or thread-local storage.
    fn aware_of_threads(&self, class: ClassGid) -> Option<String> {
        let held = self.locks.aware.get(&class)?;
        let name = &self.world.class(class).name;
        Some(format!("`{name}` keeps a `{held}`, which only threads need"))
    }

    /// An attribute of something with such a name: who shares a client shares its parts.
    fn held_by_role(&self, class: ClassGid) -> Option<String> {
        let (holder, attribute) = self.threads.held_by.get(&class)?;
        let why = self.named_for(*holder, *holder)?;
        let holder = &self.world.class(*holder).name;
        Some(format!("attribute `{attribute}` of a `{holder}` holds it, and {why}"))
    }

    /// Whether the lock of a class says something of the place: the lock of a base says nothing of what a class below it
    /// adds.
    fn covers(&self, owner: ClassGid, class: ClassGid, suspect: &Suspect) -> bool {
        let Root::Instance(declared, _) = &suspect.location.root else { return true };
        owner == class || owner == *declared || self.world.ancestors(owner).contains(declared)
    }

    /// What the class is for, by its name.
    pub(super) fn role(&self, class: ClassGid) -> Option<String> {
        self.family(class).find_map(|it| self.named_for(it, class))
    }

    /// By the name of a class, its own or one above it.
    fn named_for(&self, class: ClassGid, own: ClassGid) -> Option<String> {
        let name = &self.world.class(class).name;
        if is_for_a_loop(name) {
            return None;
        }
        let role = ROLES.iter().find(|role| name.ends_with(**role))?;
        if PARTS.contains(role) && self.is_made_inside(own) {
            return None;
        }
        let role = role.to_lowercase();
        let article = if role.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        Some(format!("`{name}` is {article} {role} by its name, which callers share"))
    }
}

/// `AsyncClient`, `AioPool`: things that one event loop uses, by their name.
fn is_for_a_loop(name: &str) -> bool {
    ["Async", "Aio", "AIO"].iter().any(|it| name.contains(it))
}
