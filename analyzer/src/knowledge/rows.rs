//! The rows of the tables, as they stand in TOML: those of `analyzer/knowledge/` and those of a project's settings.

use serde::{Deserialize, Deserializer};

use crate::domain::Form;

/// Where a callable runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SpawnKind {
    /// On a thread of its own, after `start()`.
    Thread,
    /// On a thread of its own, at once.
    Started,
    /// On a pool: several at the same time.
    Pool,
    /// On one thread of a library.
    T1,
    /// On several threads of a library.
    Tn,
    /// On several threads if the server that calls it has them.
    Served,
    /// On the event loop.
    Loop,
    /// In whichever thread comes by: finalizers, hooks.
    Any,
    /// In the main thread, between two of its instructions.
    Signal,
    /// In the main thread, by its event loop.
    Main,
    /// Later, by the thread that registers it: a callback of its own event loop.
    Caller,
    /// In another process or interpreter.
    Iso,
    /// In the main thread, when the threads have ended.
    Exit,
}

impl SpawnKind {
    /// Never beside itself.
    pub(crate) fn takes_turns(self) -> bool {
        matches!(self, SpawnKind::T1 | SpawnKind::Loop | SpawnKind::Signal | SpawnKind::Main)
    }

    /// Beside itself whenever it runs at all.
    pub(crate) fn is_many(self) -> bool {
        matches!(self, SpawnKind::Tn | SpawnKind::Served | SpawnKind::Any)
    }

    /// No thread of this process runs it while others run.
    pub(crate) fn is_apart(self) -> bool {
        matches!(self, SpawnKind::Iso | SpawnKind::Exit)
    }

    /// Whether threads run it depends on what the code does not show.
    pub(crate) fn is_unsure(self) -> bool {
        matches!(self, SpawnKind::Served | SpawnKind::Any)
    }

    /// Surely on another thread than the one that hands it over: what both see is shared.
    pub(crate) fn is_elsewhere(self) -> bool {
        self.is_started() || matches!(self, SpawnKind::T1 | SpawnKind::Tn)
    }

    /// The code starts the thread itself.
    pub(crate) fn is_started(self) -> bool {
        matches!(self, SpawnKind::Thread | SpawnKind::Started | SpawnKind::Pool)
    }

    /// A framework calls the function, and nobody else does.
    pub(crate) fn is_registration(self) -> bool {
        use SpawnKind::{Iso, Loop, Served, T1, Tn};
        matches!(self, T1 | Tn | Served | Loop | Iso)
    }

    /// Where the function runs is known, though others may call it as well.
    pub(crate) fn is_placed(self) -> bool {
        matches!(self, SpawnKind::Exit | SpawnKind::Signal | SpawnKind::Main)
    }

    /// Where a coroutine runs that is registered so.
    pub(crate) fn of_coroutine(self) -> Self {
        if self.is_apart() || self == SpawnKind::Caller { self } else { SpawnKind::Loop }
    }
}

/// What a lock keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Excludes {
    Threads,
    Tasks,
    IfOne,
    Nothing,
}

/// Whether instances of a class are shared between threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InstanceSharing {
    /// Between its thread and its creator.
    Own,
    /// One for each request or thread.
    Never,
    /// The framework holds a lock around the methods.
    Serialised,
    /// One for all threads.
    One,
    /// As the program does it.
    #[default]
    Unknown,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallableRow {
    pub(crate) name: String,
    pub(crate) argument: usize,
    #[serde(default)]
    pub(crate) keyword: Option<String>,
    /// The attribute under which what runs sees the object that was made.
    pub(crate) back: Option<String>,
    pub(crate) kind: SpawnKind,
    /// The name of the thread: what runs on one thread takes turns.
    pub(crate) thread: Option<String>,
    /// The call comes back when the function has run.
    #[serde(default)]
    pub(crate) waits: bool,
    #[serde(default)]
    pub(crate) evidence: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodRow {
    /// The types of the receiver; none for receivers of unknown type.
    #[serde(rename = "type", deserialize_with = "one_or_many")]
    pub(crate) classes: Vec<String>,
    #[serde(rename = "name", deserialize_with = "one_or_many")]
    pub(crate) names: Vec<String>,
    pub(crate) argument: usize,
    #[serde(default)]
    pub(crate) keyword: Option<String>,
    pub(crate) kind: SpawnKind,
    /// The kind when a coroutine calls it.
    pub(crate) coroutine: Option<SpawnKind>,
    /// The kind in a module that imports asyncio, unless the receiver is known to come from `concurrent`.
    pub(crate) asyncio: Option<SpawnKind>,
    /// Position of the executor that runs it.
    pub(crate) executor: Option<usize>,
    pub(crate) thread: Option<String>,
    /// The call comes back when the function has run.
    #[serde(default)]
    pub(crate) waits: bool,
    #[serde(default)]
    pub(crate) evidence: String,
}

/// A decorator whose function is called by somebody else, or an attribute whose value is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HookRow {
    /// The types of the object whose method or attribute it is; none for functions with full names.
    #[serde(default, rename = "type", deserialize_with = "one_or_many")]
    pub(crate) classes: Vec<String>,
    #[serde(rename = "name", deserialize_with = "one_or_many")]
    pub(crate) names: Vec<String>,
    pub(crate) kind: SpawnKind,
    pub(crate) thread: Option<String>,
    /// The method that starts the thread.
    pub(crate) start: Option<String>,
    #[serde(default)]
    pub(crate) evidence: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseRow {
    /// Full name; `*` stands for any text, as a method's whole name for those without underscore.
    pub(crate) name: String,
    /// Names of methods; `*` stands for any text.
    #[serde(default)]
    pub(crate) methods: Vec<String>,
    #[serde(default)]
    pub(crate) shared: InstanceSharing,
    /// Where the methods run by themselves; without, only where the code hands the class or the object over.
    pub(crate) kind: Option<SpawnKind>,
    pub(crate) thread: Option<String>,
    #[serde(default)]
    pub(crate) evidence: String,
}

impl BaseRow {
    /// Whether a method is one of those that run on threads.
    pub(crate) fn runs(&self, method: &str) -> bool {
        let all = |it: &str| it == "*" && method.starts_with('_');
        self.methods.iter().any(|it| matches(it, method) && !all(it))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockRow {
    pub(crate) name: String,
    pub(crate) excludes: Excludes,
    /// Whether who holds it may take it again; absent when it is not known.
    #[serde(default)]
    pub(crate) reentrant: Option<bool>,
    #[serde(default)]
    pub(crate) evidence: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameRow {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) evidence: String,
}

/// A name that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimRow {
    /// Fully qualified; `*.` in front for an attribute of anything.
    pub(crate) name: String,
    /// What there is.
    pub(crate) instead: String,
    pub(crate) evidence: String,
}

/// A name that exists and says something else than the use of it expects.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MisreadingRow {
    /// Fully qualified; with the argument in parentheses where that decides.
    pub(crate) name: String,
    pub(crate) form: Form,
    /// For [`Form::Contains`]: a part of the text that is looked for.
    #[serde(default)]
    pub(crate) text: String,
    pub(crate) topic: Topic,
    /// What is wrong, in one sentence.
    pub(crate) problem: String,
    /// What there is.
    pub(crate) instead: String,
    pub(crate) evidence: String,
}

/// What it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Topic {
    /// Whether the GIL is there.
    Gil,
    /// How many references an object has.
    References,
    /// How often threads take turns.
    Switching,
    /// A file switches the GIL on or off.
    Forced,
    /// A release for which wheels are no longer built.
    OldRelease,
    /// Which wheels are built.
    Wheels,
    /// A comment relies on the GIL.
    Reliance,
    /// Processes instead of threads, because of the GIL.
    Workaround,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtensionRow {
    pub(crate) module: String,
    pub(crate) distribution: String,
    pub(crate) since: Option<String>,
    pub(crate) fixed: Option<String>,
    pub(crate) seen: Option<String>,
    pub(crate) evidence: String,
}

/// One file of tables, or what a project adds to them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Tables {
    pub(crate) callable: Vec<CallableRow>,
    pub(crate) method: Vec<MethodRow>,
    pub(crate) decorator: Vec<HookRow>,
    pub(crate) attribute: Vec<HookRow>,
    pub(crate) base: Vec<BaseRow>,
    pub(crate) lock: Vec<LockRow>,
    pub(crate) lock_decorator: Vec<NameRow>,
    pub(crate) safe: Vec<NameRow>,
    pub(crate) own: Vec<NameRow>,
    pub(crate) idempotent: Vec<NameRow>,
    pub(crate) coroutine: Vec<NameRow>,
    pub(crate) event_loop: Vec<NameRow>,
    pub(crate) thread_patch: Vec<NameRow>,
    pub(crate) extension: Vec<ExtensionRow>,
    pub(crate) claim: Vec<ClaimRow>,
    pub(crate) misreading: Vec<MisreadingRow>,
}

impl Tables {
    /// Puts the rows of others behind these.
    pub(crate) fn extend(&mut self, other: Tables) {
        self.callable.extend(other.callable);
        self.method.extend(other.method);
        self.decorator.extend(other.decorator);
        self.attribute.extend(other.attribute);
        self.base.extend(other.base);
        self.lock.extend(other.lock);
        self.lock_decorator.extend(other.lock_decorator);
        self.safe.extend(other.safe);
        self.own.extend(other.own);
        self.idempotent.extend(other.idempotent);
        self.coroutine.extend(other.coroutine);
        self.event_loop.extend(other.event_loop);
        self.thread_patch.extend(other.thread_patch);
        self.extension.extend(other.extension);
        self.claim.extend(other.claim);
        self.misreading.extend(other.misreading);
    }
}

/// A name, or a list of names. An empty name is none.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a string or a list of strings")]
    enum Names {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Names::deserialize(from)? {
        Names::One(name) if name.is_empty() => Vec::new(),
        Names::One(name) => vec![name],
        Names::Many(names) => names,
    })
}

/// Whether a name fits a pattern in which `*` stands for any text.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let Some((front, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(front) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return name.ends_with(part);
        }
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name) in
            [("on_*", "on_message"), ("*_pb2_grpc.*Servicer", "a.b_pb2_grpc.XServicer"), ("*", "x")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("on_*", "once"), ("*_pb2_grpc.*Servicer", "a_pb2.XServicer")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(matches("run", "run") && !matches("run", "runs"));
    }
}
