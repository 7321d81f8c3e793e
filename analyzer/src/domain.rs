//! The vocabulary of the analysis: ids, places, origins, accesses. No byte ranges and no code beyond small joins.
//!
//! *Place*: a symbolic storage location as one function sees it (`self.hits`, `CACHE[]`).
//! *Origin*: where a value comes from, flow-sensitively for locals.
//! *Event*: one access to a place, with the locks held, the tests it depends on and its position in the function.

mod ask;
mod call;
mod exact;
mod places;
mod regions;
mod setting;

use std::sync::Arc;

use ruff_python_ast::name::Name;
use smallvec::SmallVec;
use thin_vec::ThinVec;

pub(crate) use ask::{Ask, Form};
pub(crate) use call::{Arg, Call, Passed};
pub(crate) use exact::{exact, exact_thin};
pub(crate) use places::{Places, share};
pub(crate) use regions::{Mode, Region};
pub(crate) use setting::{Setting, SettingKind};

/// Ordinal of a place in the text of its function (see [`crate::index::Sites`]); stable while code only moves, and while
/// other functions are edited. With [`DEFINED`], the definition of the function that follows.
pub(crate) type SiteId = u32;
/// Marks the site of a function's definition.
pub(crate) const DEFINED: SiteId = 1 << 31;
/// Function of a module, 0 is the module body. Lambdas and class bodies count as functions.
pub(crate) type FuncId = u32;
/// Class of a module.
pub(crate) type ClassId = u32;
/// No index.
pub(crate) const NONE: u32 = u32::MAX;

/// What a place hangs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Base {
    /// The first parameter of a method.
    SelfObj,
    /// The class itself: `cls`, `type(self)`, or the class whose body this is.
    Cls,
    /// `super()`.
    Super,
    /// A parameter by position (keyword-only ones follow, then `*args`, `**kwargs`).
    Param(u32),
    /// A variable of an enclosing function that an inner function uses, or of this one.
    Cell(FuncId, Name),
    /// A module-level name, or a builtin when the module does not bind it.
    Global(Name),
    /// Something imported inside a function, by dotted path.
    Import(Name),
    /// The result of a call of this function.
    Call(u32),
    /// A container made by this function.
    Alloc(u32),
}

/// One step from a base.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// `.name`
    Attr(Name),
    /// `[...]`, or an element met by iteration.
    Elem,
}

/// A storage location as one function sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) base: Base,
    pub(crate) path: SmallVec<[Step; 1]>,
}

/// Where a value comes from. Indices are local to the function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    #[default]
    Unknown,
    /// `None`.
    Nothing,
    /// `True` or `False`.
    Bool(bool),
    /// A number.
    Number,
    /// Text, bytes, or another immutable value.
    Immutable,
    /// A container display, comprehension or generator: index into `allocs`.
    Alloc(u32),
    /// Loaded from a place: index into `places`.
    Place(u32),
    /// Result of a call: index into `calls`.
    Call(u32),
    /// A function or lambda of this module.
    Func(FuncId),
    /// A class of this module.
    Class(ClassId),
    /// An instance of the class a place names, known from an annotation.
    Instance(u32),
}

/// What kind of container a display makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Container {
    List,
    Dict,
    Set,
    Tuple,
    Generator,
}

/// A container made in a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alloc {
    pub(crate) kind: Container,
    pub(crate) elems: Vec<Origin>,
}

/// What an event does to its place. Methods carry their name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Load,
    Store,
    Delete,
    GetItem,
    SetItem,
    DelItem,
    Contains,
    Len,
    /// A loop goes through it.
    Iterate,
    /// One call of a builtin goes through it: `max(d)`, `tuple(d.values())`.
    Consume,
    Method(Name),
}

impl Op {
    /// Whether the reference itself is rebound or unbound.
    pub(crate) fn rebinds(&self) -> bool {
        matches!(self, Op::Store | Op::Delete)
    }
}

/// What a test says about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AtomKind {
    /// `is None`, `is MISSING`.
    IsNone,
    /// Truthiness.
    Truthy,
    /// Membership, `hasattr`.
    In,
    /// A lookup in a `try` whose handler catches the miss; `holds` means it failed.
    Missing,
    /// `<`, `<=`, `>`, `>=` with something else.
    Ordered,
    /// Another comparison, or something derived from the value.
    Compared,
}

/// A fact established by a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Atom {
    pub(crate) event: u32,
    pub(crate) kind: AtomKind,
    pub(crate) holds: bool,
}

/// A test that dominates what follows; chained to the enclosing ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    pub(crate) parent: u32,
    pub(crate) atoms: SmallVec<[Atom; 2]>,
}

/// A subscript or method key: the hash of its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(crate) u64);

impl Key {
    /// No key, or one that cannot be compared.
    pub(crate) const NONE: Key = Key(0);
    /// Iteration through `items()`, `keys()` or `values()`: the container is a mapping.
    pub(crate) const VIEW: Key = Key(u64::MAX);
    /// Consumed by a builtin that copies exact containers in one step: `list(d)`.
    pub(crate) const COPIED: Key = Key(u64::MAX - 1);
    /// A load whose value a local variable keeps.
    pub(crate) const KEPT: Key = Key(u64::MAX - 2);
    /// A key that differs from thread to thread (`threading.get_ident()`).
    pub(crate) const PER_THREAD: Key = Key(1);
}

/// One access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) site: SiteId,
    pub(crate) place: u32,
    pub(crate) op: Op,
    pub(crate) key: Key,
    /// Index into `held`.
    pub(crate) held: u32,
    /// Index into `guards`, [`NONE`] outside of tests.
    pub(crate) guard: u32,
    /// Position in evaluation order, shared with calls.
    pub(crate) seq: u32,
    /// Innermost loop, [`NONE`] outside.
    pub(crate) in_loop: u32,
    /// Number of possible thread switches of a GIL build before this event.
    pub(crate) clock: u32,
    /// Value stored.
    pub(crate) value: Origin,
    /// Events whose value flows into the stored value.
    pub(crate) deps: ThinVec<u32>,
    pub(crate) flags: Flags,
}

/// Properties of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties, packed by the compiler")]
pub(crate) struct Flags {
    /// Part of an augmented assignment.
    pub(crate) augmented: bool,
    /// On an object this function made and has not let go.
    pub(crate) owned: bool,
    /// On what a method returned and this function has not let go: its own, unless the method hands out what it keeps.
    pub(crate) lent: bool,
    /// In a `try` that catches the exception a lost race would raise.
    pub(crate) caught: bool,
    /// A call that says what to give when there is nothing (`d.pop(key, None)`), or a loop whose failure is handled.
    pub(crate) lenient: bool,
    /// The value loaded is used at once: an attribute, an element or a call of it fails on `None`.
    pub(crate) used: bool,
    /// The value loaded is an argument of a call.
    pub(crate) passed: bool,
    /// A method of the object itself, called for its truth.
    pub(crate) predicate: bool,
}

/// The relation between the two events of a candidate window inside one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) pattern: crate::evidence::Pattern,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// What kind of code a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FunctionKind {
    Module,
    ClassBody,
    Function,
    Lambda,
}

/// One function, without ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties of a function")]
pub(crate) struct FunctionFacts {
    pub(crate) name: Name,
    pub(crate) kind: FunctionKind,
    /// `co_qualname`.
    pub(crate) qualname: String,
    pub(crate) parent: FuncId,
    /// The class whose method (or body) this is.
    pub(crate) class: u32,
    /// Site of the `def` line.
    pub(crate) site: SiteId,
    pub(crate) is_async: bool,
    pub(crate) is_generator: bool,
    /// Parameters in order, `self` included.
    pub(crate) params: Vec<Param>,
    /// `self` or `cls` is parameter 0.
    pub(crate) bound: Bound,
    pub(crate) decorators: ThinVec<Origin>,
    /// Docstring or comments say that the caller holds a lock.
    pub(crate) caller_locks: bool,
    /// Docstring says that only tests call it.
    pub(crate) for_tests: bool,
    pub(crate) places: Places,
    pub(crate) allocs: ThinVec<Alloc>,
    pub(crate) calls: Vec<Call>,
    pub(crate) events: Vec<Event>,
    pub(crate) guards: ThinVec<Guard>,
    pub(crate) regions: ThinVec<Region>,
    pub(crate) held: SmallVec<[SmallVec<[u32; 2]>; 1]>,
    pub(crate) returns: ThinVec<Origin>,
    /// Index into `held` at the first `yield`.
    pub(crate) yield_held: u32,
    /// Index into `held` at the end.
    pub(crate) exit_held: u32,
    pub(crate) candidates: ThinVec<Candidate>,
    /// Where the code asks for something that has to do with the GIL by one of the names of `claims.toml`.
    pub(crate) asks: ThinVec<Ask>,
}

impl FunctionFacts {
    /// Gives back what the growing lists reserved: facts of all files stay in memory together.
    pub(crate) fn shrink(&mut self) {
        exact(&mut self.params);
        for alloc in &mut self.allocs {
            exact(&mut alloc.elems);
        }
        exact_thin(&mut self.allocs);
        exact(&mut self.calls);
        exact(&mut self.events);
        exact_thin(&mut self.guards);
        exact_thin(&mut self.regions);
        self.held.shrink_to_fit();
        exact_thin(&mut self.returns);
        exact_thin(&mut self.candidates);
        exact_thin(&mut self.asks);
    }
}

/// How the first parameter is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bound {
    Free,
    Instance,
    Class,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Param {
    pub(crate) name: Name,
    /// Instance of the annotated class, when it is a plain name.
    pub(crate) annotation: Origin,
    pub(crate) default: Origin,
}

/// One class, without ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent statements of the text")]
pub(crate) struct ClassFacts {
    pub(crate) name: Name,
    pub(crate) qualname: String,
    /// The function in which the class statement stands.
    pub(crate) parent: FuncId,
    /// Bases as places of `parent`.
    pub(crate) bases: Vec<Origin>,
    pub(crate) decorators: Vec<Origin>,
    pub(crate) metaclass: Origin,
    /// The class body as a function.
    pub(crate) body: FuncId,
    /// Methods by name (the last definition wins).
    pub(crate) methods: Vec<(Name, FuncId)>,
    /// The docstring says that instances may be shared between threads.
    pub(crate) says_thread_safe: bool,
    /// The docstring says that they may not.
    pub(crate) denies_thread_safe: bool,
    /// Comments or strings of the class say that several threads use it; it mentions threads in any way.
    pub(crate) speaks_of_threads: bool,
    pub(crate) mentions_threads: bool,
}

/// What a module-level name is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    Func(FuncId),
    Class(ClassId),
    /// Imported from this absolute dotted path.
    Import(Name),
    Variable,
}

/// An import statement's target, for FTL301.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportSite {
    pub(crate) site: SiteId,
    pub(crate) module: Name,
    pub(crate) func: FuncId,
}

/// Everything later steps know of a module. Equal while edits only move code: the wall against invalidation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModuleFacts {
    pub(crate) functions: Vec<FunctionFacts>,
    /// The different places of all functions.
    pub(crate) places: Arc<Vec<Place>>,
    pub(crate) classes: Vec<ClassFacts>,
    /// Sorted by name.
    pub(crate) bindings: Vec<(Name, Binding)>,
    pub(crate) star_imports: Vec<Name>,
    pub(crate) imports: Vec<ImportSite>,
    /// One of them is pytest.
    pub(crate) uses_pytest: bool,
    pub(crate) is_package: bool,
    /// The docstring says that the module may be used from threads.
    pub(crate) says_thread_safe: bool,
    /// What stands under `if __name__ == "__main__"`: positions in the module's own code, from and to.
    pub(crate) main: Option<(u32, u32)>,
    /// What its lines set for interpreters.
    pub(crate) settings: Vec<Setting>,
}
