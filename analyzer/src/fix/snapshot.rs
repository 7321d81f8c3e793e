//! `for x in shared` becomes `for x in list(shared)`: the copy of an exact container is one step.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged as _;

use super::exact::{self, Exact};
use super::source::is_plain;
use super::{Around, Fix};
use crate::evidence::Pattern;

pub(super) fn fix(around: &Around<'_>) -> Option<Fix> {
    if around.window.pattern != Pattern::Iteration {
        return None;
    }
    let source = &around.source;
    let range = source.range(&around.window.last.site)?;
    let iter = source.innermost(range, |it| {
        let it = it.as_for_stmt()?;
        (!it.is_async && it.iter.range().contains_range(range)).then_some(&*it.iter)
    })?;
    let container = match iter {
        Expr::Call(it) => {
            let function = it.func.as_attribute_expr()?;
            let view = matches!(function.attr.as_str(), "items" | "keys" | "values");
            (view && it.arguments.is_empty()).then_some(&*function.value)?
        }
        it => it,
    };
    // A local view or a chain of iterators is not the container: copying it would go through the container all the same.
    let is_place = source.slice(container) == around.window.place.text;
    if !is_place || !is_plain(container) || source.has_comment(iter.range()) {
        return None;
    }
    if exact::is_bound(source, "list") {
        return None;
    }
    // A loop over a list sees what its body appends, and a loop over a copy does not; a dict or set would complain.
    let exact = matches!(exact::of(source, container), Some(Exact::Dict | Exact::Set));
    let text = format!("list({})", source.slice(iter));
    Some(around.replace("Go through a copy".to_owned(), exact, iter.range(), text))
}
