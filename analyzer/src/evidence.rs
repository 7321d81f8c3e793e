//! Why a finding is a finding: data that the terminal, the editor and the replay all read.
//!
//! `S` is how a site is named: [`crate::program::GlobalSite`] inside the analysis (no byte ranges), and
//! [`crate::diagnostic::Location`] once a diagnostic is made. This file holds no logic beyond the mapping.

/// The evidence of one finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Evidence<S> {
    /// Two accesses of one thread that must not be separated, and who separates them.
    Window(Box<Window<S>>),
    /// Threads that wait for each other, or one for itself.
    Deadlock(Box<Deadlock<S>>),
    /// An import that switches the GIL back on for the whole process.
    GilRequest(GilRequest<S>),
    /// A name that no `CPython` has, or that does not say what the code takes it to say.
    Claim(Claim<S>),
    /// The file could not be parsed completely; the string is the parser's message.
    Syntax(S, String),
}

/// Two accesses to one place by one thread between which another thread can come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window<S> {
    /// The relation between the two accesses.
    pub pattern: Pattern,
    /// How locks that are held fail to help here; the finding is told by this, and replayed by the pattern.
    pub misuse: Option<Pattern>,
    /// The shared place.
    pub place: SharedPlace,
    /// The read or the test.
    pub first: Access<S>,
    /// The write or the action that relies on it.
    pub last: Access<S>,
    /// The access of the other thread; equal to `last` when the window races with itself.
    pub other: Access<S>,
    /// How two threads get here, outermost step first. Empty when only the users of a library bring them.
    pub entry: Vec<Step<S>>,
    /// The Python file whose own top level starts the threads, when the program does so by itself.
    pub program: Option<String>,
    /// A lock that protects the same place elsewhere, and one place where it is held.
    pub guard: Option<Guard<S>>,
    /// Why the place counts as shared, in words: "`Pool` owns the lock `_lock`".
    pub shared_because: String,
    /// Further accesses with the same cause, folded into this finding.
    pub also: Vec<Access<S>>,
    /// Every access to the place in functions that are not only a part of construction, by file and function; empty
    /// when there are too many of them to be mended together.
    pub all: Vec<Access<S>>,
}

/// Locks taken so that a thread can wait for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deadlock<S> {
    /// How.
    pub kind: DeadlockKind,
    /// The locks, as written: one that is taken twice, or those of the circle in order.
    pub locks: Vec<String>,
    /// What one thread does, outermost step first; the last step waits.
    pub mine: Vec<Step<S>>,
    /// What the other thread does; empty when a thread waits for itself.
    pub theirs: Vec<Step<S>>,
    /// Where the finding is reported: the step under the first lock that leads to waiting.
    pub site: S,
}

/// How threads come to wait for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeadlockKind {
    /// A lock that is not re-entrant is taken by the thread that holds it.
    Reacquire,
    /// Two threads take two locks in opposite order.
    Cycle,
    /// A thread waits for a notification that came before, or goes on without what it waited for.
    LostWakeup,
}

/// The relation between the two accesses of a [`Window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// `x += e`: load, compute, store in one statement.
    Augment,
    /// `x = f(x)`, possibly through locals: the stored value depends on the value read.
    ReadModifyWrite,
    /// `if v > x: x = v`: the store depends on a comparison with the value read.
    CompareThenStore,
    /// `if k not in d: d[k] = v` and its variants (`get() is None`, `except KeyError`).
    CheckThenInsert,
    /// `if k in d: d[k]` / `del d[k]` / `d.pop(k)` / `s.remove(x)`.
    CheckThenUse,
    /// `if q: q.pop()`, `while not q.empty(): q.get()`.
    CheckThenPop,
    /// `if x is None: x = make()`.
    LazyInit,
    /// `if not started: started = True; ...`.
    TestAndSet,
    /// A loop over a container that others change; both accesses are the loop.
    Iteration,
    /// A change without the lock that guards the place elsewhere; both accesses are the change.
    Unguarded,
    /// `if self.sock is None: return; self.sock.close()` while another thread sets it to `None` or deletes it.
    CheckThenDereference,
    /// `if self.done: f() else: self.callbacks.append(f)` while another thread sets `done` and goes through the list.
    CheckThenRegister,
    /// `a[i], a[j] = a[j], a[i]`, `random.shuffle(a)`.
    Swap,
    /// `batch = list(self.q); self.q.clear()`, `out = self.buf; self.buf = []`.
    CopyThenClear,
    /// A lock, but no second test inside; or the second test looks at something else.
    BrokenDoubleCheck,
    /// The object is known to others before it is complete.
    EarlyPublication,
    /// A cache decorator on a function whose result must exist once.
    CachedFactory,
    /// `if not hasattr(o, "a"): o.a = v`.
    CheckThenSetattr,
    /// A module `__getattr__` that imports and does not bind what it returns.
    LazySubmodule,
    /// `pop`, `setdefault`, … of a mapping whose methods are written in Python.
    MappingMixin,
    /// Two accesses under different locks.
    MixedGuards,
    /// A container that a lock guards is returned from inside the guard.
    GuardedEscape,
    /// Read under a lock, decided outside, written under the lock again.
    SplitSection,
    /// The lock covers the loop's body and not its iterator.
    GuardInWrongScope,
    /// A snapshot that is not atomic: `tuple(d.values())`, `max(d)`.
    Snapshot,
    /// One generator advanced by several threads.
    SharedGenerator,
    /// One iterator advanced by several threads.
    SharedIterator,
    /// Branches of `itertools.tee` in several threads.
    Tee,
    /// `copy.deepcopy`, `pickle.dumps`, `asdict` of something that others change.
    DeepCopy,
    /// A list sorted or rebuilt in place while others read it.
    SortInPlace,
    /// `bisect.insort` and other work on an order that others change.
    SortedStructure,
    /// `for i in range(len(l)): l[i]`.
    IndexLoop,
}

/// One side of a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access<S> {
    /// Where: the range of the access expression (`self.hits`, `CACHE[key]`, `q.pop()`).
    pub site: S,
    /// What is done there.
    pub kind: AccessKind,
    /// Locks held there, as written, for the reader.
    pub locks: Vec<String>,
}

/// What an access does to its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AccessKind {
    /// Loads the reference, or looks at the object without changing it.
    Read,
    /// Rebinds the reference.
    Store,
    /// Unbinds the reference.
    Delete,
    /// Reads an element.
    GetItem,
    /// Stores an element.
    SetItem,
    /// Deletes an element.
    DelItem,
    /// Tests membership.
    Contains,
    /// Calls this method on the object at the place.
    Call(String),
    /// Iterates over the object at the place.
    Iterate,
}

/// The shared place, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharedPlace {
    /// As written at the window: `self.hits`, `CACHE[key]`.
    pub text: String,
    /// What it is.
    pub kind: PlaceKind,
    /// Whether the window is about an element of (or the contents of) the object at the place.
    pub element: bool,
}

/// What a shared place is. Names are enough to find it at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlaceKind {
    /// A module global.
    Global {
        /// Dotted module name.
        module: String,
        /// Variable.
        name: String,
    },
    /// A class attribute, one for all instances.
    ClassAttribute {
        /// Dotted module name.
        module: String,
        /// Qualified class name.
        class: String,
        /// Attribute.
        name: String,
    },
    /// An attribute of the instances of a class.
    InstanceAttribute {
        /// Dotted module name.
        module: String,
        /// Qualified class name.
        class: String,
        /// Attribute, or a dotted path below the instance.
        name: String,
    },
    /// A variable of an enclosing function, seen from an inner one.
    Cell {
        /// Dotted module name.
        module: String,
        /// Qualified name of the function that owns the variable.
        function: String,
        /// Variable.
        name: String,
    },
    /// An object made in a function and handed to threads.
    Object {
        /// How it was made: `dict`, `list`, or a class name.
        what: String,
    },
}

/// One step of the way into a thread.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step<S> {
    /// Where.
    pub site: S,
    /// What happens there: "thread started here, target `worker`".
    pub text: String,
}

/// A lock that protects the place elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Guard<S> {
    /// The lock as written: `self._lock`.
    pub lock: String,
    /// An access that holds it.
    pub site: S,
    /// Further accesses that hold it, a few of them.
    pub sites: Vec<S>,
    /// Accesses that hold it.
    pub held: u32,
    /// All accesses that were counted.
    pub total: u32,
}

/// An import that brings the GIL back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GilRequest<S> {
    /// The import statement.
    pub import: S,
    /// The module to import to see it.
    pub module: String,
    /// The distribution it belongs to.
    pub distribution: String,
    /// The installed version.
    pub version: String,
    /// Where the fact comes from.
    pub source: String,
    /// From the imported module to the extension, where its file was read. Empty when the fact is from the table.
    pub chain: Vec<String>,
    /// Further extensions of the same distribution that the import loads and that do the same.
    pub others: Vec<String>,
}

/// A name that code asks for and that does not exist, or says something else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim<S> {
    /// Where.
    pub site: S,
    /// The name: `sys._is_free_threaded`.
    pub name: String,
    /// What is wrong with it, as a message.
    pub problem: String,
    /// What there is instead, in words or code.
    pub instead: String,
    /// How that is known.
    pub source: String,
}

impl<S> Evidence<S> {
    /// The site at which the finding is reported.
    pub fn site(&self) -> &S {
        match self {
            Evidence::Window(window) => &window.last.site,
            Evidence::Deadlock(it) => &it.site,
            Evidence::GilRequest(request) => &request.import,
            Evidence::Claim(it) => &it.site,
            Evidence::Syntax(site, _) => site,
        }
    }

    /// The same evidence with each site named differently.
    pub fn map<T>(&self, mut f: impl FnMut(&S) -> T) -> Evidence<T> {
        match self {
            Evidence::Window(window) => Evidence::Window(Box::new(window.map(&mut f))),
            Evidence::Deadlock(it) => Evidence::Deadlock(Box::new(it.map(&mut f))),
            Evidence::GilRequest(request) => Evidence::GilRequest(GilRequest {
                import: f(&request.import),
                module: request.module.clone(),
                distribution: request.distribution.clone(),
                version: request.version.clone(),
                source: request.source.clone(),
                chain: request.chain.clone(),
                others: request.others.clone(),
            }),
            Evidence::Claim(it) => Evidence::Claim(Claim {
                site: f(&it.site),
                name: it.name.clone(),
                problem: it.problem.clone(),
                instead: it.instead.clone(),
                source: it.source.clone(),
            }),
            Evidence::Syntax(site, message) => Evidence::Syntax(f(site), message.clone()),
        }
    }
}

impl<S> Window<S> {
    fn map<T>(&self, f: &mut impl FnMut(&S) -> T) -> Window<T> {
        Window {
            pattern: self.pattern,
            misuse: self.misuse,
            place: self.place.clone(),
            first: self.first.map(f),
            last: self.last.map(f),
            other: self.other.map(f),
            entry: self.entry.iter().map(|it| it.map(f)).collect(),
            program: self.program.clone(),
            guard: self.guard.as_ref().map(|it| Guard {
                lock: it.lock.clone(),
                site: f(&it.site),
                sites: it.sites.iter().map(&mut *f).collect(),
                held: it.held,
                total: it.total,
            }),
            shared_because: self.shared_because.clone(),
            also: self.also.iter().map(|it| it.map(f)).collect(),
            all: self.all.iter().map(|it| it.map(f)).collect(),
        }
    }
}

impl<S> Deadlock<S> {
    fn map<T>(&self, f: &mut impl FnMut(&S) -> T) -> Deadlock<T> {
        Deadlock {
            kind: self.kind,
            locks: self.locks.clone(),
            mine: self.mine.iter().map(|it| it.map(f)).collect(),
            theirs: self.theirs.iter().map(|it| it.map(f)).collect(),
            site: f(&self.site),
        }
    }
}

impl<S> Step<S> {
    fn map<T>(&self, f: &mut impl FnMut(&S) -> T) -> Step<T> {
        Step { site: f(&self.site), text: self.text.clone() }
    }
}

impl<S> Access<S> {
    pub(crate) fn map<T>(&self, f: &mut impl FnMut(&S) -> T) -> Access<T> {
        Access { site: f(&self.site), kind: self.kind.clone(), locks: self.locks.clone() }
    }
}
