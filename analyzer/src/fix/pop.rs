//! `if k in d: del d[k]` becomes `d.pop(k, None)`, and `if x in s: s.remove(x)` becomes `s.discard(x)`.

use ruff_python_ast::{CmpOp, Expr, Stmt};
use ruff_text_size::Ranged as _;

use super::exact::{self, Exact};
use super::source::is_plain;
use super::{Around, Fix};
use crate::evidence::Pattern;

pub(super) fn fix(around: &Around<'_>) -> Option<Fix> {
    if around.window.pattern != Pattern::CheckThenUse {
        return None;
    }
    let source = &around.source;
    let range = source.range(&around.window.last.site)?;
    let it = source.innermost(range, Stmt::as_if_stmt)?;
    let Expr::Compare(test) = &*it.test else { return None };
    let ([CmpOp::In], [container]) = (&*test.ops, &*test.comparators) else { return None };
    let ([action], []) = (&*it.body, &*it.elif_else_clauses) else { return None };
    let (done_to, key, method) = action_of(action)?;
    let same = source.slice(container) == source.slice(done_to)
        && source.slice(&*test.left) == source.slice(key);
    if !same || !is_plain(container) || !is_plain(key) || source.has_comment(it.range()) {
        return None;
    }
    let (container_text, key_text) = (source.slice(container), source.slice(key));
    let exact = exact::of(source, container);
    let (title, text, wanted) = match method {
        // A list has no `discard`, so the type has to be known.
        "remove" if exact != Some(Exact::Set) => return None,
        "remove" => ("Use `discard`", format!("{container_text}.discard({key_text})"), Exact::Set),
        _ => (
            "Use `pop` with a default",
            format!("{container_text}.pop({key_text}, None)"),
            Exact::Dict,
        ),
    };
    // `del` and `pop` work on a list as well, which has no `pop` with a default.
    if method != "remove" && exact.is_some_and(|it| it != Exact::Dict) {
        return None;
    }
    Some(around.replace(title.to_owned(), exact == Some(wanted), it.range(), text))
}

/// What is done to which container with which key: `del d[k]`, `d.pop(k)`, `s.remove(x)`.
fn action_of(action: &Stmt) -> Option<(&Expr, &Expr, &'static str)> {
    match action {
        Stmt::Delete(it) => {
            let [Expr::Subscript(target)] = &*it.targets else { return None };
            Some((&target.value, &target.slice, "del"))
        }
        Stmt::Expr(it) => {
            let call = it.value.as_call_expr()?;
            let function = call.func.as_attribute_expr()?;
            let ([key], []) = (&*call.arguments.args, &*call.arguments.keywords) else {
                return None;
            };
            let method = match function.attr.as_str() {
                "pop" => "pop",
                "remove" => "remove",
                _ => return None,
            };
            Some((&function.value, key, method))
        }
        _ => None,
    }
}
