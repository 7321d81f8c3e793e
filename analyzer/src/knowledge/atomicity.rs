//! The typed view of `knowledge/atomicity.toml`: what operations do to shared objects, looked up by name.
//!
//! Receivers often have no known type, so a method is looked up by its name alone and has the effects of all rows.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::settings::TargetVersion;

/// The interpreter that is assumed when the settings name none.
const ASSUMED: TargetVersion = TargetVersion::Py314t;

/// The target of a release: `3.15`, `3.14.3`.
fn release(version: &str) -> Option<TargetVersion> {
    let minor = version.split('.').nth(1)?;
    Some(match minor {
        "13" => TargetVersion::Py313t,
        "14" => TargetVersion::Py314t,
        _ => TargetVersion::Py315t,
    })
}

/// What a method does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Effect {
    Reads,
    Adds,
    Removes,
    Updates,
    Reorders,
    Takes,
    Writes,
}

/// What a function does to its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Handling {
    /// Takes the next element of an iterator.
    Advances,
    /// Goes through a container, and what it holds, in more than one step.
    GoesThrough,
    /// The same, unless it is exactly a dict or a list.
    GoesThroughLookalikes,
    /// Works on the order of a heap.
    Heaps,
    /// Finds a position in a sorted list, then inserts there.
    SortedInsert,
    /// Exchanges elements.
    Swaps,
}

/// What happens to a loop when the size of the container changes, and to a copy in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Iteration {
    Raises,
    /// Goes through a copy of the keys, and looks each up again for `items()` and `values()`.
    LooksUp,
    Skips,
}

/// Whether others can see an operation half done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Atomic,
    Safe,
    Not,
}

/// What happens to loops over a container and to copies of it, and from which release on neither minds any more.
type Looped = (Iteration, Outcome, Option<TargetVersion>);

/// What happens when several threads take from one iterator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shared {
    Crashes,
    Repeats,
    Tee,
    Safe,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "columns for readers and for tests of the table")]
struct OperationRow {
    #[serde(rename = "type")]
    class: String,
    operation: String,
    effect: Effect,
    outcome: Outcome,
    since: Option<String>,
    evidence: String,
    proof: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "columns for readers and for tests of the table")]
struct FunctionRow {
    name: String,
    argument: usize,
    effect: Handling,
    since: Option<String>,
    evidence: String,
    proof: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "columns for readers and for tests of the table")]
struct ContainerRow {
    name: String,
    iteration: Iteration,
    copies: Outcome,
    until: Option<String>,
    evidence: String,
    proof: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "columns for readers and for tests of the table")]
struct IteratorRow {
    name: String,
    shared: Shared,
    until: Option<String>,
    evidence: String,
    proof: Option<String>,
}

/// A container that the whole process has once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcessRow {
    name: String,
    /// What changes it without any code of the project; empty when nothing does.
    pub(crate) changed_by: String,
    /// An entry must exist once.
    pub(crate) keyed: bool,
    #[expect(dead_code, reason = "for readers and for tests of the table")]
    evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "columns for readers and for tests of the table")]
struct UniqueRow {
    name: String,
    #[serde(default)]
    spare: bool,
    evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "columns for readers and for tests of the table")]
struct NamedRow {
    name: String,
    evidence: String,
    proof: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "columns for readers and for tests of the table")]
struct MixinRow {
    name: String,
    methods: Vec<String>,
    evidence: String,
    proof: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    operation: Vec<OperationRow>,
    function: Vec<FunctionRow>,
    container: Vec<ContainerRow>,
    iterator: Vec<IteratorRow>,
    process: Vec<ProcessRow>,
    cache: Vec<NamedRow>,
    unique: Vec<UniqueRow>,
    mixin: Vec<MixinRow>,
}

/// What the methods of a name do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects(u8);

impl Effects {
    fn has(self, effects: &[Effect]) -> bool {
        effects.iter().any(|it| self.0 & (1 << *it as u8) != 0)
    }

    /// Takes elements away from a container.
    pub(crate) fn removes(self) -> bool {
        self.has(&[Effect::Removes])
    }

    /// Takes an element away, from a container or a queue.
    pub(crate) fn takes(self) -> bool {
        self.has(&[Effect::Removes, Effect::Takes])
    }

    /// Puts elements in.
    pub(crate) fn adds(self) -> bool {
        self.has(&[Effect::Adds, Effect::Updates])
    }

    /// Changes the container.
    pub(crate) fn changes(self) -> bool {
        self.has(&[Effect::Adds, Effect::Removes, Effect::Updates, Effect::Reorders])
    }

    /// Adds to a buffer.
    pub(crate) fn writes(self) -> bool {
        self.has(&[Effect::Writes])
    }
}

/// All tables.
pub(crate) struct Atomicity {
    operations: FxHashMap<String, Effects>,
    /// By the last part of the name.
    functions: FxHashMap<String, Vec<(String, Handling)>>,
    /// With the first release in which it is one step.
    handling: FxHashMap<String, (Handling, Option<TargetVersion>)>,
    /// By full name and by its last part.
    containers: FxHashMap<String, Looped>,
    /// With the first release in which that is no longer so.
    iterators: FxHashMap<String, (Shared, Option<TargetVersion>)>,
    processes: FxHashMap<String, ProcessRow>,
    /// First parts of the names of `processes`.
    process_modules: FxHashSet<String>,
    caches: FxHashSet<String>,
    /// With whether the second one is as good as the first and dropped again.
    uniques: FxHashMap<String, bool>,
    mixins: FxHashMap<String, Vec<String>>,
    /// What is wrong with the file.
    pub(crate) problem: Option<String>,
}

/// The embedded tables.
pub(crate) static ATOMICITY: LazyLock<Atomicity> =
    LazyLock::new(|| match toml::from_str(include_str!("../../knowledge/atomicity.toml")) {
        Ok(rows) => load(rows, None),
        Err(problem) => load(Rows::default(), Some(format!("atomicity.toml: {problem}"))),
    });

fn load(rows: Rows, problem: Option<String>) -> Atomicity {
    let mut operations: FxHashMap<String, Effects> = FxHashMap::default();
    for row in rows.operation {
        operations.entry(row.operation).or_default().0 |= 1 << row.effect as u8;
    }
    let mut functions: FxHashMap<String, Vec<(String, Handling)>> = FxHashMap::default();
    let mut handling = FxHashMap::default();
    for row in rows.function {
        let last = last_part(&row.name).to_owned();
        handling.insert(row.name.clone(), (row.effect, row.since.as_deref().and_then(release)));
        functions.entry(last).or_default().push((row.name, row.effect));
    }
    let mut containers = FxHashMap::default();
    for row in rows.container {
        let looped = (row.iteration, row.copies, row.until.as_deref().and_then(release));
        containers.insert(last_part(&row.name).to_owned(), looped);
        containers.insert(row.name, looped);
    }
    let first = |it: &str| it.split('.').next().unwrap_or_default().to_owned();
    Atomicity {
        operations,
        functions,
        handling,
        containers,
        iterators: (rows.iterator.into_iter())
            .map(|it| (it.name, (it.shared, it.until.as_deref().and_then(release))))
            .collect(),
        process_modules: rows.process.iter().map(|it| first(&it.name)).collect(),
        processes: rows.process.into_iter().map(|it| (it.name.clone(), it)).collect(),
        caches: rows.cache.into_iter().map(|it| it.name).collect(),
        uniques: rows.unique.into_iter().map(|it| (it.name, it.spare)).collect(),
        mixins: rows.mixin.into_iter().map(|it| (it.name, it.methods)).collect(),
        problem,
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl Atomicity {
    /// What a method of this name does; `None` when it is no method of a container, queue or buffer.
    pub(crate) fn operation(&self, name: &str) -> Option<Effects> {
        self.operations.get(name).copied()
    }

    /// The same, with no effect for methods that are not known.
    pub(crate) fn effects(&self, name: &str) -> Effects {
        self.operation(name).unwrap_or_default()
    }

    /// Functions that are called by this name and work on their first argument.
    pub(crate) fn functions(&self, last: &str) -> &[(String, Handling)] {
        self.functions.get(last).map_or(&[], Vec::as_slice)
    }

    /// What a function of this full name does with its first argument.
    pub(crate) fn handling(&self, name: &str) -> Option<Handling> {
        self.handling.get(name).map(|it| it.0)
    }

    /// Whether such a call is one step for the interpreter that the code is written for.
    pub(crate) fn is_one_step(&self, name: &str, target: Option<TargetVersion>) -> bool {
        let since = self.handling.get(name).and_then(|it| it.1);
        since.is_some_and(|it| target.unwrap_or(ASSUMED) >= it)
    }

    fn container(&self, name: &str, target: Option<TargetVersion>) -> Option<Looped> {
        let found = self.containers.get(name).or_else(|| self.containers.get(last_part(name)));
        found.copied().filter(|it| it.2.is_none_or(|until| target.unwrap_or(ASSUMED) < until))
    }

    /// Whether a loop over such a container raises when an element comes or goes.
    pub(crate) fn raises(&self, name: &str, target: Option<TargetVersion>) -> bool {
        self.container(name, target).is_some_and(|it| it.0 != Iteration::Skips)
    }

    /// Whether going through it fails only where an entry is looked up that has gone.
    pub(crate) fn looks_up(&self, name: &str, target: Option<TargetVersion>) -> bool {
        self.container(name, target).is_some_and(|it| it.0 == Iteration::LooksUp)
    }

    /// Whether even `list(container)` goes through it in several steps.
    pub(crate) fn copies_stepwise(&self, name: &str, target: Option<TargetVersion>) -> bool {
        self.container(name, target).is_some_and(|it| it.1 != Outcome::Atomic)
    }

    /// What happens when several threads take from such an iterator, on the interpreter that the code is written for.
    pub(crate) fn iterator(&self, name: &str, target: Option<TargetVersion>) -> Option<Shared> {
        let (shared, until) = *self.iterators.get(name)?;
        let mended = until.is_some_and(|it| target.unwrap_or(ASSUMED) >= it);
        // A generator that no longer crashes still raises.
        Some(if mended && shared == Shared::Repeats { Shared::Safe } else { shared })
    }

    /// A container that the process has once.
    pub(crate) fn process(&self, name: &str) -> Option<&ProcessRow> {
        self.processes.get(name)
    }

    /// Whether a name of this module may lead to one.
    pub(crate) fn has_process(&self, module: &str) -> bool {
        self.process_modules.contains(module.split('.').next().unwrap_or_default())
    }

    /// Decorators that keep the first result, but may call the function more than once.
    pub(crate) fn caches(&self, name: &str) -> bool {
        self.caches.contains(name)
    }

    /// Calls whose result is an object that others must not have a second one of.
    pub(crate) fn is_unique(&self, name: &str) -> bool {
        self.uniques.contains_key(name)
    }

    /// The result of a call that must exist once and keeps something that is not in a second one.
    pub(crate) fn is_certainly_unique(&self, name: &str) -> bool {
        self.uniques.get(name) == Some(&false)
    }

    /// Methods of a mapping that are written as two steps in Python.
    pub(crate) fn mixin(&self, name: &str) -> Option<&[String]> {
        self.mixins.get(name).map(Vec::as_slice)
    }
}
