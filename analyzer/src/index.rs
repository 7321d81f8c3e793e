//! The index of one file: its facts, and where each site stands in the text. Not comparable on purpose: it holds
//! byte ranges, which every edit moves; [`facts`] is the part that stays equal.

mod documents;
mod prose;
pub(crate) mod scopes;

use std::sync::Arc;

use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::db::{Db, FileKind, SourceFile};
use crate::domain::{DEFINED, FuncId, ModuleFacts, Setting, SettingKind, SiteId};
use crate::syntax::{self, SyntaxProblem};

/// What one parse of a file yields.
pub(crate) struct ModuleIndex {
    pub(crate) facts: Arc<ModuleFacts>,
    /// Where each site stands.
    pub(crate) sites: Sites,
    pub(crate) problems: Vec<SyntaxProblem>,
    /// Range of each comment that addresses ftlint.
    pub(crate) directives: Vec<TextRange>,
    /// Where the first statement that is not the docstring starts.
    pub(crate) body_start: Option<TextSize>,
}

/// Where the sites of a file stand in its text.
#[derive(Default)]
pub(crate) struct Sites {
    /// Those of all functions, one after the other.
    ranges: Box<[TextRange]>,
    /// Where those of each function begin.
    starts: Box<[u32]>,
    /// Where each function is defined, and what belongs to none.
    defs: Vec<TextRange>,
}

impl Sites {
    /// From the ranges of each function, and where it is defined.
    pub(crate) fn new(functions: &[Vec<TextRange>], defs: Vec<TextRange>) -> Self {
        let mut starts = Vec::with_capacity(functions.len() + 1);
        let mut n = 0;
        for it in functions {
            starts.push(n);
            n += u32::try_from(it.len()).unwrap_or_default();
        }
        starts.push(n);
        Sites { ranges: functions.concat().into(), starts: starts.into(), defs }
    }

    /// A site that belongs to no function.
    pub(crate) fn add(&mut self, range: TextRange) -> SiteId {
        self.defs.push(range);
        DEFINED | u32::try_from(self.defs.len() - 1).unwrap_or_default()
    }

    /// The range of a site of a function.
    pub(crate) fn get(&self, func: FuncId, site: SiteId) -> Option<TextRange> {
        if site & DEFINED != 0 {
            return self.defs.get((site & !DEFINED) as usize).copied();
        }
        let (from, to) = (self.starts.get(func as usize)?, self.starts.get(func as usize + 1)?);
        self.ranges.get(*from as usize..*to as usize)?.get(site as usize).copied()
    }
}

/// Parses and lowers a file. The tree is dropped at the end.
#[salsa::tracked(returns(ref), no_eq)]
pub(crate) fn index(db: &dyn Db, file: SourceFile) -> ModuleIndex {
    let text = file.text(db).get();
    match *file.kind(db) {
        FileKind::Python => {}
        FileKind::Configuration => {
            return documents::index(&text, documents::settings(file.path(db), &text));
        }
        FileKind::Lines => return documents::index(&text, Vec::new()),
    }
    syntax::with_stack(&text, || build(db, file, &text))
}

fn build(db: &dyn Db, file: SourceFile, text: &str) -> ModuleIndex {
    let path = file.path(db);
    let (parsed, problems) = syntax::parse(text, path);
    let is_package = path.ends_with("__init__.py") || path.ends_with("__init__.pyi");
    let directives = if text.contains("ftlint:") {
        syntax::comments(&parsed)
            .iter()
            .filter(|it| text[**it].contains("ftlint:"))
            .copied()
            .collect()
    } else {
        Vec::new()
    };
    let prose = prose::find(&parsed, text);
    let suite = syntax::suite(parsed);
    let suite: &[ruff_python_ast::Stmt] = &suite;
    let docstring = usize::from(crate::facts::prose::docstring(suite).is_some());
    let body_start = suite.get(docstring).map(Ranged::start);
    // Test functions run one after the other, so what they share between them is no race, and what they pass to the
    // code under test is no sign that others do. Tests without threads are parsed for their syntax only.
    let idle = crate::layout::is_test(file.root(db), file.module(db)) && !mentions_threads(text);
    let suite = if idle { &[] } else { suite };
    let (mut facts, mut sites) =
        crate::facts::lower_module(suite, text, file.module(db), is_package);
    let told = prose.into_iter().map(|(range, kind)| (range, kind, text[range].to_owned()));
    for (range, kind, text) in of_scripts(&facts, text).into_iter().chain(told) {
        let site = sites.add(range);
        facts.settings.push(Setting { site, kind, text });
    }
    ModuleIndex { facts: Arc::new(facts), sites, problems, directives, body_start }
}

/// What the first line of a script sets for its interpreter, and what a file of nox sets for those that it starts.
fn of_scripts(facts: &ModuleFacts, text: &str) -> Vec<(TextRange, SettingKind, String)> {
    let runs_nox = facts.imports.iter().any(|it| it.module == "nox");
    if runs_nox || text.starts_with("#!") {
        documents::of_python(text, runs_nox)
    } else {
        Vec::new()
    }
}

/// Whether a text has anything to do with threads. Cheap and generous.
fn mentions_threads(text: &str) -> bool {
    ["hread", "oncurrent", "xecutor", "asyncio", "gevent", "ool("]
        .iter()
        .any(|it| text.contains(it))
}

/// The facts of a file: equal while edits only move code, so nothing later runs again.
#[salsa::tracked(returns(ref))]
pub(crate) fn facts(db: &dyn Db, file: SourceFile) -> Arc<ModuleFacts> {
    Arc::clone(&index(db, file).facts)
}
