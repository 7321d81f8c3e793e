//! `threading.Lock()` as a file may write it, with the import that it needs.

use ruff_python_ast::{Alias, Stmt};
use ruff_text_size::{Ranged as _, TextSize};

use super::exact;
use super::source::Source;

/// How to write the call that makes a lock.
pub(super) struct Maker {
    /// `threading.Lock()`, `Lock()`.
    pub(super) call: String,
    /// From where on it can be written.
    pub(super) from: TextSize,
    /// A line to insert, and where, when the module is not imported yet.
    pub(super) import: Option<(TextSize, String)>,
}

const MODULE: &str = "threading";

/// The maker of locks of a file; `None` when the module's name stands for something else there.
pub(super) fn maker(source: &Source<'_>) -> Option<Maker> {
    let known = source.suite.iter().find_map(|it| Some((imported(it)?, it.end())));
    if let Some((call, from)) = known {
        return Some(Maker { call, from, import: None });
    }
    if exact::is_bound(source, MODULE) {
        return None;
    }
    let (at, next) = place(source)?;
    // Empty lines below the imports, as many as the next statement wants above it.
    let gap = match next {
        Stmt::Import(_) | Stmt::ImportFrom(_) => 0,
        Stmt::FunctionDef(_) | Stmt::ClassDef(_) => 2,
        _ => 1,
    };
    let line = format!("import {MODULE}{}", source.line_ending().repeat(1 + gap));
    Some(Maker { call: format!("{MODULE}.Lock()"), from: at, import: Some((at, line)) })
}

fn imported(stmt: &Stmt) -> Option<String> {
    let name = |it: &Alias| it.asname.as_ref().unwrap_or(&it.name).to_string();
    match stmt {
        Stmt::Import(it) => {
            let it = it.names.iter().find(|it| &*it.name == MODULE)?;
            Some(format!("{}.Lock()", name(it)))
        }
        Stmt::ImportFrom(it) if it.module.as_deref() == Some(MODULE) && it.level == 0 => {
            let it = it.names.iter().find(|it| &*it.name == "Lock")?;
            Some(format!("{}()", name(it)))
        }
        _ => None,
    }
}

/// Where the import goes: among the first plain imports, in the order of names; or below the docstring and what has to
/// be first.
fn place<'a>(source: &Source<'a>) -> Option<(TextSize, &'a Stmt)> {
    let is_first = |it: &Stmt| {
        is_docstring(it)
            || matches!(it, Stmt::ImportFrom(it) if it.module.as_deref() == Some("__future__"))
    };
    let rest = source.suite.iter().position(|it| !is_first(it))?;
    let rest = source.suite.get(rest..)?;
    let is_plain = |it: &&Stmt| matches!(it, Stmt::Import(_));
    let comes_later = |it: &&Stmt| {
        let Stmt::Import(it) = it else { return true };
        it.names.first().is_none_or(|it| it.name.as_str() > MODULE)
    };
    let plain = rest.iter().take_while(is_plain).count();
    let next = rest.iter().take(plain).find(comes_later).or_else(|| rest.get(plain));
    match next.or_else(|| rest.first()) {
        Some(it) if source.indentation(it.start()) == Some("") => {
            Some((super::block::line_above(source, it.start()), it))
        }
        _ => None,
    }
}

/// Whether a statement is nothing but a text.
pub(super) fn is_docstring(it: &Stmt) -> bool {
    matches!(it, Stmt::Expr(it) if it.value.is_string_literal_expr())
}
