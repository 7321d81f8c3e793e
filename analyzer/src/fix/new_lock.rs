//! The place gets a lock, and all of its accesses in the file go below a `with` of it: a lock that the class or module
//! has already, or a new one. Unsafe: whether the lock may be held there is for a person to say.

use ruff_text_size::{Ranged as _, TextRange};

use super::cover::{self, Part};
use super::home::{self, Lock};
use super::{Around, Fix, block, calls};
use crate::evidence::Pattern;

/// With the lock that is there.
pub(super) fn existing(around: &Around<'_>) -> Option<Fix> {
    let lock = home::existing(around)?;
    let written = lock.written(holder(around));
    let parts = parts(around)?;
    // A lock has other users, which may call what takes it now.
    if is_taken_around(around, &parts, &written) {
        return None;
    }
    fix(around, &lock, &parts, format!("Wrap in existing lock `{written}`"))
}

/// With one of its own.
pub(super) fn new(around: &Around<'_>) -> Option<Fix> {
    let parts = parts(around)?;
    let lock = home::new(around)?;
    let written = lock.written(holder(around));
    fix(around, &lock, &parts, format!("Make a new lock `{written}`"))
}

/// What the place hangs on where the finding is.
fn holder<'a>(around: &Around<'a>) -> &'a str {
    cover::container(&around.window.place.text).rsplit_once('.').map_or("", |it| it.0)
}

fn parts<'a>(around: &Around<'a>) -> Option<Vec<Part<'a>>> {
    let window = around.window;
    // What has a lock somewhere has to get the same one everywhere; and these are about more than one access each.
    let other = matches!(
        window.misuse.unwrap_or(window.pattern),
        Pattern::CachedFactory | Pattern::LazySubmodule | Pattern::EarlyPublication
    );
    if window.guard.is_some() || other {
        return None;
    }
    let name = home::name_of(&window.place.kind)?;
    let parts = cover::parts(around, name, &|_| true)?;
    (!cover::nests(around, &parts)).then_some(parts)
}

fn fix(around: &Around<'_>, lock: &Lock, parts: &[Part<'_>], title: String) -> Option<Fix> {
    let mut changes = Vec::new();
    for it in parts {
        let written = lock.written(it.holder);
        if block::is_below(&around.source, it.range, &written) {
            return None;
        }
        let header = format!("with {written}");
        changes.push((it.range, block::below(&around.source, it.block, &header)?));
    }
    around.change(title, lock, changes)
}

/// Whether somebody who holds the lock runs one of the parts, or one of them somebody who takes it.
pub(super) fn is_taken_around(around: &Around<'_>, parts: &[Part<'_>], lock: &str) -> bool {
    let source = &around.source;
    let name = lock.rsplit('.').next().unwrap_or(lock);
    let place = cover::container(&around.window.place.text);
    let holds = |it: &ruff_python_ast::StmtFunctionDef| source.slice(it).contains(name);
    let has_part = |it: &ruff_python_ast::StmtFunctionDef| {
        parts.iter().any(|part| it.range().contains_range(part.range))
    };
    // Who takes it without a `with` may hold it anywhere in the function.
    let acquires = |it: &ruff_python_ast::StmtFunctionDef| {
        source.slice(it).contains(&format!("{name}.acquire"))
            && (has_part(it) || calls::reach(source, &it.body, place, &has_part))
    };
    let inside = |it: TextRange| parts.iter().any(|part| it.contains_range(part.range));
    let mut withs = Vec::new();
    let mut levels = vec![source.suite];
    while let Some(level) = levels.pop() {
        for stmt in level {
            levels.extend(super::source::bodies(stmt));
            if let ruff_python_ast::Stmt::With(it) = stmt
                && it.items.iter().any(|it| source.slice(&it.context_expr).ends_with(name))
            {
                withs.push(it);
            }
        }
    }
    calls::definitions(source).into_iter().any(acquires)
        || parts.iter().any(|it| calls::reach(source, it.block, place, &holds))
        || withs
            .iter()
            .any(|it| inside(it.range()) || calls::reach(source, &it.body, place, &has_part))
}
