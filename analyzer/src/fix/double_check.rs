//! `if x is None: x = make()` gets a lock around its body and the same test below it: who comes second finds what the
//! first has made, and who comes later takes no lock. Unsafe: the lock may not be the right one.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt, StmtIf};
use ruff_text_size::{Ranged as _, TextRange};

use super::block::{self, Block};
use super::cover::{self, Part};
use super::home::{self, Lock};
use super::{Around, Fix, calls, lock, new_lock};
use crate::diagnostic::Location;
use crate::evidence::{Access, AccessKind, Pattern};

/// A test under the lock as well.
pub(super) fn fix(around: &Around<'_>) -> Option<Fix> {
    match around.window.pattern {
        Pattern::BrokenDoubleCheck => second_test(around),
        Pattern::LazyInit | Pattern::CheckThenInsert | Pattern::CheckThenSetattr => {
            with_guard(around).or_else(|| with_lock(around))
        }
        _ => None,
    }
}

const TITLE: &str = "Test again under the lock";

/// The test and the statement that makes the object.
fn shape<'a>(around: &Around<'a>) -> Option<&'a StmtIf> {
    let (source, window) = (&around.source, around.window);
    let [first, last] = [&window.first.site, &window.last.site].map(|it| source.range(it));
    let (first, last) = (first?, last?);
    let it = source.innermost(last, |it| {
        let it = it.as_if_stmt()?;
        it.test.range().contains_range(first).then_some(it)
    })?;
    let in_body = it.body.iter().any(|it| it.range().contains_range(last));
    (in_body && it.elif_else_clauses.is_empty() && is_repeatable(&it.test)).then_some(it)
}

/// Whether asking twice is as good as asking once.
fn is_repeatable(test: &Expr) -> bool {
    struct Asks(bool);
    impl<'a> Visitor<'a> for Asks {
        fn visit_expr(&mut self, it: &'a Expr) {
            self.0 &= match it {
                Expr::Named(_) | Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) => false,
                Expr::Call(it) => match &*it.func {
                    Expr::Name(it) => matches!(it.id.as_str(), "hasattr" | "getattr" | "len"),
                    Expr::Attribute(it) => it.attr.as_str() == "get",
                    _ => false,
                },
                _ => true,
            };
            walk_expr(self, it);
        }
    }
    let mut it = Asks(true);
    it.visit_expr(test);
    it.0
}

/// There is a lock, and no second test below it.
fn second_test(around: &Around<'_>) -> Option<Fix> {
    let source = &around.source;
    let it = shape(around)?;
    let [Stmt::With(with)] = &*it.body else { return None };
    let test = source.slice(&*it.test);
    if test.contains('\n') {
        return None;
    }
    let body = alone(around, &with.body)?;
    let text = block::below(source, body, &format!("if {test}"))?;
    Some(around.replace(TITLE.to_owned(), false, block::range(body)?, text))
}

/// The statements of a body, when they begin and end lines.
fn alone<'a>(around: &Around<'a>, body: Block<'a>) -> Option<Block<'a>> {
    let range = block::range(body)?;
    let own = block::around(&around.source, range)?;
    (block::range(own) == Some(range)).then_some(own)
}

/// With the lock that guards the place elsewhere.
fn with_guard(around: &Around<'_>) -> Option<Fix> {
    let guard = &*around.window.guard.as_ref()?.lock;
    let it = shape(around)?;
    if !around.window.last.locks.is_empty() || !lock::is_reachable(around, guard) {
        return None;
    }
    if calls::mention(&around.source, &it.body, guard) || block::leaves(&it.body) {
        return None;
    }
    let (range, text) = tested(around, it, guard)?;
    Some(around.replace(format!("{TITLE} `{guard}`"), false, range, text))
}

/// With a lock of the class or module, or a new one; whoever else changes the place takes it too.
fn with_lock(around: &Around<'_>) -> Option<Fix> {
    let window = around.window;
    let it = shape(around)?;
    if window.guard.is_some() || block::leaves(&it.body) {
        return None;
    }
    let name = home::name_of(&window.place.kind)?;
    let mut parts = cover::parts(around, name, &changes)?;
    let own = parts.iter().position(|part| part.range.contains_range(it.range()))?;
    // What is told together with the test belongs to it.
    let own = (parts.get(own)?.block.len() == 1).then(|| parts.remove(own))?;
    let existing = home::existing(around).filter(|it| {
        let written = it.written(own.holder);
        let ours = [Part { block: own.block, range: own.range, holder: own.holder }];
        !new_lock::is_taken_around(around, &ours, &written)
            && !new_lock::is_taken_around(around, &parts, &written)
    });
    let lock = existing.or_else(|| home::new(around))?;
    let written = lock.written(own.holder);
    let mut made = vec![tested(around, it, &written)?];
    for part in &parts {
        made.push((part.range, covered(around, &lock, part)?));
    }
    parts.push(own);
    if cover::nests(around, &parts) {
        return None;
    }
    around.change(format!("{TITLE} `{written}`"), &lock, made)
}

fn covered(around: &Around<'_>, lock: &Lock, part: &Part<'_>) -> Option<String> {
    let header = format!("with {}", lock.written(part.holder));
    block::below(&around.source, part.block, &header)
}

/// Whether an access makes a difference to who tests: reading does not.
fn changes(access: &Access<Location>) -> bool {
    match &access.kind {
        AccessKind::Store | AccessKind::Delete | AccessKind::SetItem | AccessKind::DelItem => true,
        AccessKind::Call(method) => {
            !matches!(&**method, "get" | "keys" | "values" | "items" | "copy")
        }
        AccessKind::Read | AccessKind::GetItem | AccessKind::Contains | AccessKind::Iterate => {
            false
        }
    }
}

/// The whole statement with the lock and the second test in it.
fn tested(around: &Around<'_>, it: &StmtIf, lock: &str) -> Option<(TextRange, String)> {
    let source = &around.source;
    let test = source.slice(&*it.test);
    let indent = source.indentation(it.start())?;
    let body = alone(around, &it.body)?;
    if test.contains('\n') || block::is_below(source, it.range(), lock) {
        return None;
    }
    let (unit, end) = (block::unit(indent), source.line_ending());
    let inner = block::range(body)?;
    let header = source.slice(TextRange::new(it.start(), source.line_start(inner.start())));
    let below = block::below(source, body, &format!("if {test}"))?;
    let text = format!(
        "{header}{indent}{unit}with {lock}:{end}{indent}{unit}{unit}{}",
        block::moved(&below, unit)
    );
    Some((it.range(), text))
}
