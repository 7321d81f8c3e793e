//! `if k not in d: d[k] = v` becomes `d.setdefault(k, v)`: one step of an exact dict.

use ruff_python_ast::{CmpOp, Expr, Stmt, StmtIf};
use ruff_text_size::Ranged as _;

use super::exact::{self, Exact};
use super::source::is_plain;
use super::{Around, Fix};
use crate::evidence::Pattern;

pub(super) fn fix(around: &Around<'_>) -> Option<Fix> {
    if around.window.pattern != Pattern::CheckThenInsert {
        return None;
    }
    let source = &around.source;
    let range = source.range(&around.window.last.site)?;
    let it = source.innermost(range, Stmt::as_if_stmt)?;
    let (container, key, value) = parts(it)?;
    let Expr::Compare(test) = &*it.test else { return None };
    let ([CmpOp::NotIn], [tested]) = (&*test.ops, &*test.comparators) else { return None };
    let same = source.slice(tested) == source.slice(container)
        && source.slice(&*test.left) == source.slice(key);
    if !same || !is_plain(container) || !is_plain(key) || source.has_comment(it.range()) {
        return None;
    }
    let exact = exact::of(source, container) == Some(Exact::Dict);
    let text = format!(
        "{}.setdefault({}, {})",
        source.slice(container),
        source.slice(key),
        source.slice(value)
    );
    // A value that is made for nothing must cost nothing and do nothing.
    let title = "Use `setdefault`".to_owned();
    let parameters = source.innermost(range, Stmt::as_function_def_stmt);
    let is_given = |name: &str| {
        parameters.is_some_and(|it| it.parameters.iter().any(|it| it.name().as_str() == name))
    };
    let safe = exact && is_idle(value, &is_given);
    Some(around.replace(title, safe, it.range(), text))
}

/// `d[k] = v` as the only statement.
fn parts(it: &StmtIf) -> Option<(&Expr, &Expr, &Expr)> {
    let ([Stmt::Assign(assign)], []) = (&*it.body, &*it.elif_else_clauses) else { return None };
    let [Expr::Subscript(target)] = &*assign.targets else { return None };
    Some((&target.value, &target.slice, &assign.value))
}

/// Constants, parameters, and empty displays: any other name may not be bound yet.
fn is_idle(value: &Expr, is_given: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Expr::List(it) => it.elts.is_empty(),
        Expr::Dict(it) => it.items.is_empty(),
        Expr::Tuple(it) => it.elts.iter().all(|it| is_idle(it, is_given)),
        Expr::Name(it) => is_given(it.id.as_str()),
        Expr::Call(it) => {
            let name = it.func.as_name_expr().map(|it| it.id.as_str());
            matches!(name, Some("list" | "dict" | "set")) && it.arguments.is_empty()
        }
        _ => value.is_literal_expr(),
    }
}
