//! `for x in shared` becomes `for x in list(shared)`: the copy of an exact container is one step.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged as _;

use super::exact::{self, Exact};
use super::source::is_plain;
use super::{Around, Fix, calls};
use crate::evidence::Pattern;

pub(super) fn fix(around: &Around<'_>) -> Option<Fix> {
    if around.window.pattern != Pattern::Iteration {
        return None;
    }
    let source = &around.source;
    let range = source.range(&around.window.last.site)?;
    let stmt = source.innermost(range, |it| {
        let it = it.as_for_stmt()?;
        (!it.is_async && it.iter.range().contains_range(range)).then_some(it)
    })?;
    let iter = &*stmt.iter;
    let (container, view) = match iter {
        Expr::Call(it) => {
            let function = it.func.as_attribute_expr()?;
            let view = function.attr.as_str();
            let is_view = matches!(view, "items" | "keys" | "values");
            ((is_view && it.arguments.is_empty()).then_some(&*function.value)?, view)
        }
        it => (it, "keys"),
    };
    // A local view or a chain of iterators is not the container: copying it would go through the container all the same.
    let is_place = source.slice(container) == around.window.place.text;
    if !is_place || !is_plain(container) || source.has_comment(iter.range()) {
        return None;
    }
    if exact::is_bound(source, "list") {
        return None;
    }
    // A loop over a list sees what its body appends, and a loop over a copy does not; a dict or set would complain. The
    // values of a dict may be replaced meanwhile, which only the loop over the dict itself sees.
    let safe = match exact::of(source, container) {
        Some(Exact::Set) => true,
        Some(Exact::Dict) => {
            view == "keys" || !calls::mention(source, &stmt.body, exact::name(source, container))
        }
        Some(Exact::List) | None => false,
    };
    let text = format!("list({})", source.slice(iter));
    Some(around.replace("Go through a copy".to_owned(), safe, iter.range(), text))
}
