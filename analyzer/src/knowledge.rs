//! The typed view of `knowledge/*.toml`, parsed once; the only reader of those files.

pub(crate) mod atomicity;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

/// How a callable runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SpawnKind {
    /// On a thread of its own, after `start()`.
    Thread,
    /// On a thread of its own, at once.
    Started,
    /// On a pool: several at the same time.
    Pool,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InstanceSharing {
    Own,
    Never,
    Serialised,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallableRow {
    pub(crate) name: String,
    pub(crate) argument: usize,
    pub(crate) keyword: String,
    /// The attribute under which what runs sees the object that was made.
    pub(crate) back: Option<String>,
    pub(crate) kind: SpawnKind,
    pub(crate) evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodRow {
    #[serde(rename = "type")]
    pub(crate) class: String,
    pub(crate) name: String,
    pub(crate) argument: usize,
    pub(crate) keyword: Option<String>,
    pub(crate) kind: SpawnKind,
    pub(crate) evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseRow {
    pub(crate) name: String,
    pub(crate) methods: Vec<String>,
    pub(crate) shared: InstanceSharing,
    pub(crate) evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockRow {
    pub(crate) name: String,
    pub(crate) excludes: Excludes,
    /// Read by the lock rules to come; kept so that rows are complete.
    #[expect(dead_code, reason = "no rule about re-entry yet")]
    pub(crate) reentrant: bool,
    pub(crate) evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameRow {
    pub(crate) name: String,
    pub(crate) evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtensionRow {
    pub(crate) module: String,
    pub(crate) distribution: String,
    pub(crate) since: Option<String>,
    pub(crate) fixed: Option<String>,
    pub(crate) evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Threads {
    callable: Vec<CallableRow>,
    method: Vec<MethodRow>,
    base: Vec<BaseRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locks {
    lock: Vec<LockRow>,
    safe: Vec<NameRow>,
    own: Vec<NameRow>,
    idempotent: Vec<NameRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extensions {
    #[serde(default)]
    extension: Vec<ExtensionRow>,
}

/// All tables.
pub(crate) struct Knowledge {
    pub(crate) callables: FxHashMap<String, CallableRow>,
    pub(crate) methods: Vec<MethodRow>,
    /// Names of `methods`.
    pub(crate) method_names: rustc_hash::FxHashSet<String>,
    pub(crate) bases: FxHashMap<String, BaseRow>,
    pub(crate) locks: FxHashMap<String, LockRow>,
    pub(crate) safe: FxHashMap<String, NameRow>,
    pub(crate) own: FxHashMap<String, NameRow>,
    pub(crate) idempotent: FxHashMap<String, NameRow>,
    pub(crate) extensions: Vec<ExtensionRow>,
    /// Every name of the tables that stands for one thing of one module.
    names: rustc_hash::FxHashSet<String>,
    /// The modules of `names`.
    modules: rustc_hash::FxHashSet<String>,
    /// What is wrong with the tables; a test keeps this empty.
    pub(crate) problems: Vec<String>,
}

impl Knowledge {
    /// Whether the tables say something about this name. What they say holds also when its source is analysed: the
    /// standard library's own `threading` is no ordinary class.
    pub(crate) fn knows(&self, module: &str, name: &str) -> bool {
        self.modules.contains(module) && self.names.contains(&format!("{module}.{name}"))
    }
}

/// The embedded tables.
pub(crate) static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(load);

fn load() -> Knowledge {
    let mut problems = Vec::new();
    let threads: Threads =
        table(include_str!("../knowledge/threads.toml"), "threads.toml", &mut problems)
            .unwrap_or(Threads { callable: Vec::new(), method: Vec::new(), base: Vec::new() });
    let locks: Locks =
        table(include_str!("../knowledge/locks.toml"), "locks.toml", &mut problems).unwrap_or(
            Locks { lock: Vec::new(), safe: Vec::new(), own: Vec::new(), idempotent: Vec::new() },
        );
    let extensions: Extensions =
        table(include_str!("../knowledge/extensions.toml"), "extensions.toml", &mut problems)
            .unwrap_or_default();
    for row in threads.method.iter().filter(|it| it.evidence.is_empty()) {
        problems.push(format!("threads.toml: `{}` has no evidence", row.name));
    }
    for row in extensions.extension.iter().filter(|it| it.evidence.is_empty()) {
        problems.push(format!("extensions.toml: `{}` has no evidence", row.module));
    }
    problems.extend(atomicity::ATOMICITY.problem.clone());
    let names = names_of(&threads, &locks);
    let modules =
        names.iter().filter_map(|it| it.rsplit_once('.')).map(|it| it.0.to_owned()).collect();
    let mut by_name = |what: &str, rows: Vec<NameRow>| {
        index(what, rows, |it| (it.name.clone(), it.evidence.is_empty()), &mut problems)
    };
    let (safe, own, idempotent) = (
        by_name("safe", locks.safe),
        by_name("own", locks.own),
        by_name("idempotent", locks.idempotent),
    );
    Knowledge {
        callables: index(
            "callable",
            threads.callable,
            |it| (it.name.clone(), it.evidence.is_empty()),
            &mut problems,
        ),
        method_names: threads.method.iter().map(|it| it.name.clone()).collect(),
        methods: threads.method,
        bases: index(
            "base",
            threads.base,
            |it| (it.name.clone(), it.evidence.is_empty()),
            &mut problems,
        ),
        locks: index(
            "lock",
            locks.lock,
            |it| (it.name.clone(), it.evidence.is_empty()),
            &mut problems,
        ),
        safe,
        own,
        idempotent,
        extensions: extensions.extension,
        names,
        modules,
        problems,
    }
}

/// Names that stand for one thing of one module.
fn names_of(threads: &Threads, locks: &Locks) -> rustc_hash::FxHashSet<String> {
    (threads.callable.iter().map(|it| &it.name))
        .chain(threads.base.iter().map(|it| &it.name))
        .chain(locks.lock.iter().map(|it| &it.name))
        .chain(locks.safe.iter().chain(&locks.own).chain(&locks.idempotent).map(|it| &it.name))
        .cloned()
        .collect()
}

fn table<T: for<'de> Deserialize<'de>>(
    text: &str,
    file: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    toml::from_str(text).map_err(|it| problems.push(format!("{file}: {it}"))).ok()
}

fn index<T>(
    what: &str,
    rows: Vec<T>,
    key: impl Fn(&T) -> (String, bool),
    problems: &mut Vec<String>,
) -> FxHashMap<String, T> {
    let mut out = FxHashMap::default();
    for row in rows {
        let (name, bare) = key(&row);
        if bare {
            problems.push(format!("{what} `{name}` has no evidence"));
        }
        if out.insert(name.clone(), row).is_some() {
            problems.push(format!("{what} `{name}` stands twice"));
        }
    }
    out
}
