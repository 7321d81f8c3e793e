//! What is done without the lock that guards the place elsewhere goes into a `with` of that lock. Unsafe: whether the
//! lock may be taken here is for a person to say.

use ruff_python_ast::{Alias, Stmt};

use super::cover::Part;
use super::{Around, Fix, block, calls, new_lock};

pub(super) fn fix(around: &Around<'_>) -> Option<Fix> {
    let (source, window) = (&around.source, around.window);
    let guard = window.guard.as_ref()?;
    let lock = &*guard.lock;
    let is_held = |it: &[String]| it.iter().any(|it| it == lock);
    if is_held(&window.first.locks) || is_held(&window.last.locks) || !is_reachable(around, lock) {
        return None;
    }
    let [first, last] = [&window.first.site, &window.last.site].map(|it| source.range(it));
    let (first, last) = (first?, last?);
    let both = block::joined(first, last);
    let stmts = block::around(source, both)?;
    // What takes the lock by itself, or gives the processor away in the middle, would wait for itself or for others.
    let part = [Part { block: stmts, range: block::range(stmts)?, holder: "" }];
    if block::is_below(source, both, lock)
        || new_lock::is_taken_around(around, &part, lock)
        || calls::mention(source, stmts, lock)
        || block::leaves(stmts)
        || !block::runs(source, stmts, both, &window.place.text)
    {
        return None;
    }
    let text = block::below(source, stmts, &format!("with {lock}"))?;
    let title = format!("Wrap in existing lock `{lock}`");
    Some(around.replace(title, false, block::range(stmts)?, text))
}

/// Whether the lock has the same name here as there: an attribute of `self` in a method of the same class, or a
/// variable of the module.
pub(super) fn is_reachable(around: &Around<'_>, lock: &str) -> bool {
    let (Some(guard), site) = (&around.window.guard, &around.window.last.site) else {
        return false;
    };
    if guard.site.file != site.file {
        return false;
    }
    let class = |it: &str| it.rsplit_once('.').map(|it| it.0.to_owned());
    match lock.split_once('.') {
        // The evidence names a lock of a class by its last part; only a variable of the module is called so.
        None => around.source.suite.iter().any(|it| binds(it, lock)),
        Some(("self", rest)) => {
            !rest.contains(['(', '[']) && class(&guard.site.function) == class(&site.function)
        }
        Some(_) => false,
    }
}

/// Whether a statement of the module makes or imports a variable of this name.
fn binds(stmt: &Stmt, name: &str) -> bool {
    let imports = |it: &Alias| it.asname.as_ref().unwrap_or(&it.name).as_str() == name;
    match stmt {
        Stmt::Assign(it) => {
            it.targets.iter().any(|it| it.as_name_expr().is_some_and(|it| it.id.as_str() == name))
        }
        Stmt::AnnAssign(it) => it.target.as_name_expr().is_some_and(|it| it.id.as_str() == name),
        Stmt::ImportFrom(it) => it.names.iter().any(imports),
        _ => false,
    }
}
