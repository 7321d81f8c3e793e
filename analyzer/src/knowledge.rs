//! The typed view of `knowledge/*.toml`, parsed once; the only reader of those files. A project may add rows.

pub(crate) mod atomicity;
pub(crate) mod packages;
mod rows;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::DeValue;

use rows::Tables;
pub(crate) use rows::{
    BaseRow, CallableRow, ClaimRow, Excludes, ExtensionRow, HookRow, InstanceSharing, LockRow,
    MethodRow, MisreadingRow, NameRow, SpawnKind, Topic, matches,
};

/// What ftlint knows about Python and its libraries: the embedded tables, with what a project adds to them.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// By name; several when several arguments run elsewhere.
    pub(crate) callables: FxHashMap<String, Vec<CallableRow>>,
    /// By name of the method.
    pub(crate) methods: FxHashMap<String, Vec<MethodRow>>,
    /// Decorators by full name.
    pub(crate) decorators: FxHashMap<String, HookRow>,
    /// Decorators that are methods, by name of the method.
    pub(crate) decorator_methods: FxHashMap<String, Vec<HookRow>>,
    /// Attributes by name.
    pub(crate) attributes: FxHashMap<String, Vec<HookRow>>,
    pub(crate) base_rows: Vec<BaseRow>,
    /// Indices into `base_rows` by exact name.
    pub(crate) bases: FxHashMap<String, u32>,
    /// Rows that classes of the analysed code itself are compared with, too.
    pub(crate) base_patterns: Vec<u32>,
    pub(crate) locks: FxHashMap<String, LockRow>,
    pub(crate) lock_decorators: FxHashMap<String, NameRow>,
    pub(crate) safe: FxHashMap<String, NameRow>,
    pub(crate) own: FxHashMap<String, NameRow>,
    pub(crate) idempotent: FxHashMap<String, NameRow>,
    /// Decorators that make coroutines.
    pub(crate) coroutines: FxHashMap<String, NameRow>,
    /// Modules of event loops on which everything runs.
    pub(crate) loops: FxHashMap<String, NameRow>,
    /// Modules that make all threads of a program take turns.
    pub(crate) thread_patches: FxHashMap<String, NameRow>,
    pub(crate) extensions: Vec<ExtensionRow>,
    /// By name, for those that do not exist.
    pub(crate) claims: BTreeMap<String, ClaimRow>,
    /// Names that exist and are misread.
    pub(crate) misreadings: Vec<MisreadingRow>,
    /// Every name of the tables that stands for one thing of one module.
    names: FxHashSet<String>,
    /// The modules of `names`.
    modules: FxHashSet<String>,
    /// Names that the project itself may define.
    project: FxHashSet<String>,
    /// What is wrong with the tables; a test keeps this empty.
    pub(crate) problems: Vec<String>,
}

/// The embedded tables.
pub(crate) static KNOWLEDGE: LazyLock<Arc<Knowledge>> =
    LazyLock::new(|| Arc::new(Knowledge::new(None)));

impl Knowledge {
    /// The embedded tables with the rows of a project's settings. The error is an offset and a message.
    pub(crate) fn with_project(value: Spanned<DeValue<'_>>) -> Result<Self, (usize, String)> {
        let start = value.span().start;
        let tables = Tables::deserialize(toml::de::ValueDeserializer::from(value))
            .map_err(|it| (it.span().map_or(start, |it| it.start), it.message().to_owned()))?;
        Ok(Knowledge::new(Some(tables)))
    }

    fn new(project: Option<Tables>) -> Self {
        let mut out = Knowledge::default();
        let mut tables = Tables::default();
        for (file, text) in [
            ("threads.toml", include_str!("../knowledge/threads.toml")),
            ("runtime.toml", include_str!("../knowledge/runtime.toml")),
            ("frameworks.toml", include_str!("../knowledge/frameworks.toml")),
            ("locks.toml", include_str!("../knowledge/locks.toml")),
            ("claims.toml", include_str!("../knowledge/claims.toml")),
        ] {
            match toml::from_str(text) {
                Ok(it) => tables.extend(it),
                Err(it) => out.problems.push(format!("{file}: {it}")),
            }
        }
        out.problems.extend(atomicity::ATOMICITY.problem.clone());
        out.find_problems(&tables);
        out.names = names_of(&tables).chain(base_names(&tables)).cloned().collect();
        // The project's rows come first: of several for one name the first counts.
        if let Some(mut project) = project {
            out.project = names_of(&project).cloned().collect();
            out.names.extend(out.project.iter().cloned());
            out.base_patterns = (0..project.base.len()).filter_map(index).collect();
            tables.callable.retain(|it| !out.project.contains(&it.name));
            project.extend(tables);
            tables = project;
        }
        let modules = out.names.iter().filter_map(|it| it.rsplit_once('.'));
        out.modules = modules.map(|it| it.0.to_owned()).collect();
        out.fill(tables);
        out
    }

    fn fill(&mut self, tables: Tables) {
        for row in tables.callable {
            self.callables.entry(row.name.clone()).or_default().push(row);
        }
        for row in tables.method {
            for name in &row.names {
                self.methods.entry(name.clone()).or_default().push(row.clone());
            }
        }
        for row in tables.decorator {
            for name in &row.names {
                if row.classes.is_empty() {
                    self.decorators.entry(name.clone()).or_insert_with(|| row.clone());
                } else {
                    self.decorator_methods.entry(name.clone()).or_default().push(row.clone());
                }
            }
        }
        for row in tables.attribute {
            for name in &row.names {
                self.attributes.entry(name.clone()).or_default().push(row.clone());
            }
        }
        for (at, row) in (0u32..).zip(&tables.base) {
            self.bases.entry(row.name.clone()).or_insert(at);
            if row.name.contains('*') && !self.base_patterns.contains(&at) {
                self.base_patterns.push(at);
            }
        }
        self.base_rows = tables.base;
        for row in tables.lock {
            self.locks.entry(row.name.clone()).or_insert(row);
        }
        self.lock_decorators = by_name(tables.lock_decorator);
        self.safe = by_name(tables.safe);
        self.own = by_name(tables.own);
        self.idempotent = by_name(tables.idempotent);
        self.coroutines = by_name(tables.coroutine);
        self.loops = by_name(tables.event_loop);
        self.thread_patches = by_name(tables.thread_patch);
        self.extensions = tables.extension;
        self.misreadings = tables.misreading;
        self.claims = tables.claim.into_iter().map(|it| (it.name.clone(), it)).collect();
    }

    /// Rows that say nothing about where they are from, and names that stand twice in one table.
    fn find_problems(&mut self, it: &Tables) {
        let joined = |row: &HookRow| format!("{}.{}", row.classes.join("/"), row.names.join("/"));
        let mut table = |what: &str, rows: Vec<(String, &str)>| {
            let mut seen = FxHashSet::default();
            for (name, evidence) in rows {
                if evidence.is_empty() {
                    self.problems.push(format!("{what} `{name}` has no evidence"));
                }
                if !seen.insert(name.clone()) {
                    self.problems.push(format!("{what} `{name}` stands twice"));
                }
            }
        };
        let names = |rows: &'_ [NameRow]| -> Vec<(String, String)> {
            rows.iter().map(|it| (it.name.clone(), it.evidence.clone())).collect()
        };
        let callable = |it: &CallableRow| format!("{}:{:?}", it.name, it.keyword);
        table(
            "callable",
            it.callable.iter().map(|it| (callable(it), it.evidence.as_str())).collect(),
        );
        let method = |it: &MethodRow| {
            format!("{}.{}:{}", it.classes.join("/"), it.names.join("/"), it.argument)
        };
        table("method", it.method.iter().map(|it| (method(it), it.evidence.as_str())).collect());
        for (what, rows) in [("decorator", &it.decorator), ("attribute", &it.attribute)] {
            table(what, rows.iter().map(|it| (joined(it), it.evidence.as_str())).collect());
        }
        table("base", it.base.iter().map(|it| (it.name.clone(), it.evidence.as_str())).collect());
        table("lock", it.lock.iter().map(|it| (it.name.clone(), it.evidence.as_str())).collect());
        for (what, rows) in [
            ("lock-decorator", &it.lock_decorator),
            ("safe", &it.safe),
            ("own", &it.own),
            ("idempotent", &it.idempotent),
            ("coroutine", &it.coroutine),
            ("event-loop", &it.event_loop),
            ("thread-patch", &it.thread_patch),
        ] {
            let rows = names(rows);
            table(what, rows.iter().map(|it| (it.0.clone(), it.1.as_str())).collect());
        }
        let extensions = it.extension.iter();
        table(
            "extension",
            extensions.map(|it| (it.module.clone(), it.evidence.as_str())).collect(),
        );
        let misreading = |it: &MisreadingRow| format!("{}:{:?}:{}", it.name, it.form, it.text);
        table(
            "misreading",
            it.misreading.iter().map(|it| (misreading(it), it.evidence.as_str())).collect(),
        );
        table("claim", it.claim.iter().map(|it| (it.name.clone(), it.evidence.as_str())).collect());
    }

    /// Whether the tables say something about this name. What they say holds also when its source is analysed: the
    /// standard library's own `threading` is no ordinary class.
    pub(crate) fn knows(&self, module: &str, name: &str) -> bool {
        self.modules.contains(module) && self.names.contains(&format!("{module}.{name}"))
    }

    /// Whether the project's settings say something about this name.
    pub(crate) fn is_configured(&self, module: &str, name: &str) -> bool {
        !self.project.is_empty()
            && self.modules.contains(module)
            && self.project.contains(&format!("{module}.{name}"))
    }
}

/// Names that stand for one thing of one module.
fn names_of(it: &Tables) -> impl Iterator<Item = &String> {
    let decorators = it.decorator.iter().filter(|it| it.classes.is_empty());
    (it.callable.iter().map(|it| &it.name))
        .chain(decorators.flat_map(|it| &it.names))
        .chain(it.lock.iter().map(|it| &it.name))
        .chain(it.lock_decorator.iter().chain(&it.safe).map(|it| &it.name))
        .chain(it.own.iter().chain(&it.idempotent).map(|it| &it.name))
        .chain(it.coroutine.iter().map(|it| &it.name))
}

fn base_names(it: &Tables) -> impl Iterator<Item = &String> {
    it.base.iter().map(|it| &it.name)
}

fn by_name(rows: Vec<NameRow>) -> FxHashMap<String, NameRow> {
    rows.into_iter().map(|it| (it.name.clone(), it)).collect()
}

fn index(at: usize) -> Option<u32> {
    u32::try_from(at).ok()
}
