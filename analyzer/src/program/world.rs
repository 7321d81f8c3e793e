//! All modules together: global ids, names across modules, classes and their bases.

mod edit;
mod family;
mod heads;
mod names;
mod roles;

use std::sync::Arc;

use rayon::prelude::*;
use ruff_python_ast::name::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::{Base, ClassFacts, FunctionFacts, ModuleFacts, NONE, Op, Origin, Step};
use crate::knowledge::Knowledge;

/// A function of the project.
pub(crate) type FuncGid = u32;
/// A class of the project.
pub(crate) type ClassGid = u32;
/// A module of the project, in the order of its files.
pub(crate) type ModuleId = u32;

/// A module and what is known of it.
#[derive(Clone)]
pub(crate) struct ModuleEntry {
    pub(crate) name: Arc<str>,
    pub(crate) root: Arc<str>,
    pub(crate) path: Arc<str>,
    pub(crate) facts: Arc<ModuleFacts>,
    /// Called by a test runner, one function after the other.
    pub(crate) is_test: bool,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Entity {
    Func(FuncGid),
    Class(ClassGid),
    Module(ModuleId),
    Variable(ModuleId, Name),
    /// Not of the project: a dotted path, builtins under `builtins.`.
    External(Name),
}

/// The class table's row.
#[derive(Default)]
pub(crate) struct ClassEntry {
    pub(crate) module: ModuleId,
    pub(crate) local: u32,
    /// Bases within the project.
    pub(crate) bases: Vec<ClassGid>,
    /// Dotted paths of bases outside, own and inherited.
    pub(crate) external_bases: Vec<Name>,
    /// How many of these are its own.
    n_own_external: usize,
    /// What the tables say of the class, by rows of its bases.
    pub(super) base_rows: Box<[u32]>,
    pub(crate) subclasses: Vec<ClassGid>,
    methods: FxHashMap<Name, FuncGid>,
    /// Attributes that methods assign on `self`.
    pub(crate) instance_attrs: FxHashSet<Name>,
    /// The same without augmented assignments.
    pub(crate) plain_attrs: FxHashSet<Name>,
    /// Attributes that the class body assigns.
    pub(crate) class_attrs: FxHashSet<Name>,
}

/// All modules with their symbols.
pub(crate) struct World {
    /// What is known of libraries, and what the project adds.
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) modules: Vec<ModuleEntry>,
    func_base: Vec<u32>,
    class_base: Vec<u32>,
    func_module: Vec<ModuleId>,
    pub(crate) classes: Vec<ClassEntry>,
    /// All project classes above each class, nearest first.
    above: Vec<Box<[ClassGid]>>,
    /// All project classes below each class.
    below: Vec<Box<[ClassGid]>>,
    /// Attribute names that are stored through something other than `self`, a class or a module.
    pub(crate) foreign_stores: FxHashSet<Name>,
    /// The same by module.
    stores: Vec<Vec<Name>>,
    by_name: FxHashMap<Arc<str>, Vec<ModuleId>>,
    /// What each binding stands for, in the order of `ModuleFacts::bindings`; empty while they are being resolved.
    bound: Vec<Vec<Option<Entity>>>,
    /// For each module and place: what its longest nameable prefix stands for.
    named: Vec<Box<[u32]>>,
    /// The distinct answers, by module, with the number of steps they cover.
    answers: Vec<Box<[(Entity, u8)]>>,
    /// Whether somebody wants to know later what was read for what.
    pub(crate) remembers: bool,
}

/// For one module: the answer of each place, and the answers.
type Named = (Box<[u32]>, Box<[(Entity, u8)]>);

/// How deep chains of imports and re-exports are followed.
const MAX_HOPS: u32 = 12;

impl World {
    pub(crate) fn new(
        modules: Vec<ModuleEntry>,
        knowledge: Arc<Knowledge>,
        remembers: bool,
    ) -> Self {
        let (mut func_base, mut class_base) = (Vec::new(), Vec::new());
        // Long lists: growing them would leave holes of their size.
        let count = |of: fn(&ModuleFacts) -> usize| modules.iter().map(|it| of(&it.facts)).sum();
        let mut func_module = Vec::with_capacity(count(|it| it.functions.len()));
        let mut classes = Vec::with_capacity(count(|it| it.classes.len()));
        let mut by_name: FxHashMap<Arc<str>, Vec<ModuleId>> = FxHashMap::default();
        for (module, entry) in (0u32..).zip(&modules) {
            func_base.push(to_u32(func_module.len()));
            class_base.push(to_u32(classes.len()));
            func_module.extend(entry.facts.functions.iter().map(|_| module));
            classes.extend((0u32..).zip(&entry.facts.classes).map(|(local, _)| ClassEntry {
                module,
                local,
                ..Default::default()
            }));
            let ids = by_name.entry(Arc::clone(&entry.name)).or_default();
            // A stub speaks for a module only when there is no source.
            if entry.path.ends_with(".pyi") { ids.push(module) } else { ids.insert(0, module) }
        }
        let mut world = World {
            knowledge,
            modules,
            func_base,
            class_base,
            func_module,
            classes,
            above: Vec::new(),
            below: Vec::new(),
            foreign_stores: FxHashSet::default(),
            stores: Vec::new(),
            by_name,
            bound: Vec::new(),
            named: Vec::new(),
            answers: Vec::new(),
            remembers,
        };
        world.resolve_bindings();
        world.link_classes();
        world.find_base_rows();
        world.name_places();
        world.find_foreign_stores();
        world
    }

    fn find_foreign_stores(&mut self) {
        let found: Vec<Vec<Name>> = self.modules.par_iter().map(Self::foreign_stores_of).collect();
        self.foreign_stores = found.iter().flatten().cloned().collect();
        if self.remembers {
            self.stores = found;
        }
    }

    /// Attribute names that a module stores through something other than `self`, a class or a module.
    fn foreign_stores_of(module: &ModuleEntry) -> Vec<Name> {
        let functions = module.facts.functions.iter();
        let stores = functions.flat_map(|it| {
            let stores = it.events.iter().filter(|e| e.op == Op::Store);
            stores.map(move |e| &it.places[e.place as usize])
        });
        let foreign = stores.filter(|place| {
            let local = matches!(place.base, Base::Param(_) | Base::Call(_) | Base::Cell(..));
            local || place.path.len() > 1
        });
        foreign
            .filter_map(|place| match place.path.last() {
                Some(Step::Attr(name)) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    fn link_classes(&mut self) {
        let classes = (0..self.n_classes()).into_par_iter().with_min_len(64);
        let entries: Vec<ClassEntry> = classes.map(|it| self.entry(it)).collect();
        self.classes = entries;
        for class in 0..self.n_classes() {
            for base in self.classes[class as usize].bases.clone() {
                self.classes[base as usize].subclasses.push(class);
            }
        }
        self.find_families();
        // External bases are inherited.
        for class in 0..self.n_classes() {
            let mut inherited = Vec::new();
            for base in self.ancestors(class).iter().copied() {
                inherited.extend(self.classes[base as usize].external_bases.iter().cloned());
            }
            let own = &mut self.classes[class as usize].external_bases;
            for name in inherited {
                if !own.contains(&name) {
                    own.push(name);
                }
            }
        }
    }

    /// What a class says of itself.
    fn entry(&self, class: ClassGid) -> ClassEntry {
        let ClassEntry { module, local, .. } = self.classes[class as usize];
        let facts = self.class(class);
        let parent = self.func_gid(module, facts.parent);
        let (mut bases, mut external_bases) = (Vec::new(), Vec::new());
        for base in &facts.bases {
            match self.entity(parent, *base) {
                Some(Entity::Class(it)) if it != class => bases.push(it),
                Some(Entity::External(name)) => external_bases.push(name),
                _ => {}
            }
        }
        let (mut instance_attrs, mut plain_attrs) = (FxHashSet::default(), FxHashSet::default());
        let mut class_attrs = FxHashSet::default();
        let functions = &self.modules[module as usize].facts.functions;
        if !self.has_fields(parent, facts) {
            stored(&functions[facts.body as usize], &Base::Cls, true, &mut class_attrs);
        }
        for (_, method) in &facts.methods {
            let method = &functions[*method as usize];
            stored(method, &Base::SelfObj, true, &mut instance_attrs);
            stored(method, &Base::SelfObj, false, &mut plain_attrs);
            // `cls._instances = WeakSet()` in a method makes an attribute of the class, too.
            stored(method, &Base::Cls, true, &mut class_attrs);
        }
        let methods =
            facts.methods.iter().map(|it| (it.0.clone(), self.func_gid(module, it.1))).collect();
        ClassEntry {
            module,
            local,
            bases,
            n_own_external: external_bases.len(),
            external_bases,
            methods,
            instance_attrs,
            plain_attrs,
            class_attrs,
            ..ClassEntry::default()
        }
    }

    /// Dataclasses and their like: what the class body assigns are fields of the instances.
    fn has_fields(&self, parent: FuncGid, class: &ClassFacts) -> bool {
        let external = |origin: &Origin| match origin {
            Origin::Call(call) => {
                self.entity(parent, self.func(parent).calls[*call as usize].callee)
            }
            other => self.entity(parent, *other),
        };
        let named = |origin: &Origin, names: &[&str]| match external(origin) {
            Some(Entity::External(name)) => {
                names.contains(&name.rsplit('.').next().unwrap_or_default())
            }
            _ => false,
        };
        let decorators = ["dataclass", "attrs", "attr", "s", "define", "mutable", "frozen"];
        let bases = [
            "NamedTuple",
            "BaseModel",
            "TypedDict",
            "Structure",
            "Struct",
            "Enum",
            "IntEnum",
            "Model",
        ];
        class.decorators.iter().any(|it| named(it, &decorators))
            || class.bases.iter().any(|it| named(it, &bases))
    }

    pub(crate) fn n_functions(&self) -> u32 {
        to_u32(self.func_module.len())
    }

    /// All functions, in parallel.
    pub(crate) fn par_functions(&self) -> impl IndexedParallelIterator<Item = FuncGid> {
        (0..self.n_functions()).into_par_iter().with_min_len(64)
    }

    pub(crate) fn n_classes(&self) -> u32 {
        to_u32(self.classes.len())
    }

    pub(crate) fn func_gid(&self, module: ModuleId, local: u32) -> FuncGid {
        self.func_base[module as usize] + local
    }

    /// The functions of a module.
    pub(crate) fn functions_of(&self, module: ModuleId) -> std::ops::Range<FuncGid> {
        let first = self.func_base[module as usize];
        first..first + to_u32(self.modules[module as usize].facts.functions.len())
    }

    pub(crate) fn class_gid(&self, module: ModuleId, local: u32) -> ClassGid {
        self.class_base[module as usize] + local
    }

    pub(crate) fn module_of(&self, func: FuncGid) -> ModuleId {
        self.func_module[func as usize]
    }

    pub(crate) fn module(&self, func: FuncGid) -> &ModuleEntry {
        &self.modules[self.module_of(func) as usize]
    }

    pub(crate) fn func(&self, func: FuncGid) -> &FunctionFacts {
        super::memo::note(func);
        self.head(func)
    }

    /// The same where only what stands outside of the function's body is looked at: while an edit inside of functions is
    /// taken over, that stays.
    fn head(&self, func: FuncGid) -> &FunctionFacts {
        let module = self.module_of(func) as usize;
        &self.modules[module].facts.functions[(func - self.func_base[module]) as usize]
    }

    /// The function in which `func` is defined.
    pub(crate) fn parent(&self, func: FuncGid) -> Option<FuncGid> {
        let parent = self.head(func).parent;
        (parent != NONE).then(|| self.func_gid(self.module_of(func), parent))
    }

    pub(crate) fn class(&self, class: ClassGid) -> &ClassFacts {
        let entry = &self.classes[class as usize];
        &self.modules[entry.module as usize].facts.classes[entry.local as usize]
    }

    /// The class whose method or body this is.
    pub(crate) fn class_of(&self, func: FuncGid) -> Option<ClassGid> {
        let class = self.head(func).class;
        (class != NONE).then(|| self.class_gid(self.module_of(func), class))
    }

    /// The class whose `self` a function sees: its own, or that of the method it is nested in.
    pub(crate) fn enclosing_class(&self, mut func: FuncGid) -> Option<ClassGid> {
        loop {
            if let Some(class) = self.class_of(func) {
                return Some(class);
            }
            func = self.parent(func)?;
        }
    }

    /// A method, own or inherited.
    pub(crate) fn method(&self, class: ClassGid, name: &Name) -> Option<FuncGid> {
        let own = |it: ClassGid| self.classes[it as usize].methods.get(name).copied();
        own(class).or_else(|| self.ancestors(class).iter().copied().find_map(own))
    }

    /// A method of the bases.
    pub(crate) fn super_method(&self, class: ClassGid, name: &Name) -> Option<FuncGid> {
        self.ancestors(class)
            .iter()
            .copied()
            .find_map(|it| self.classes[it as usize].methods.get(name).copied())
    }

    /// A method of the class itself.
    pub(crate) fn own_method(&self, class: ClassGid, name: &Name) -> Option<FuncGid> {
        self.classes[class as usize].methods.get(name).copied()
    }

    /// Own methods.
    pub(crate) fn methods(&self, class: ClassGid) -> impl Iterator<Item = FuncGid> + '_ {
        let entry = &self.classes[class as usize];
        self.class(class).methods.iter().map(|it| self.func_gid(entry.module, it.1))
    }
}

/// Names of the attributes a function stores on a base.
fn stored(facts: &FunctionFacts, base: &Base, augmented: bool, out: &mut FxHashSet<Name>) {
    for event in facts.events.iter().filter(|it| {
        // A bare annotation (`x: int`) stores nothing.
        it.op == Op::Store
            && (augmented || !it.flags.augmented)
            && (*base != Base::Cls || !matches!(it.value, Origin::Instance(_)))
    }) {
        let place = &facts.places[event.place as usize];
        if let (true, [Step::Attr(name)]) = (place.base == *base, place.path.as_slice()) {
            out.insert(name.clone());
        }
    }
}

pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}
