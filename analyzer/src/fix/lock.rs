//! What is done without the lock that guards the place elsewhere goes into a `with` of that lock. Unsafe: whether the
//! lock may be taken here is for a person to say.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged as _, TextRange};

use super::{Around, Fix, calls};

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
    let both = TextRange::new(first.start().min(last.start()), first.end().max(last.end()));
    let stmts = source.siblings(both)?;
    let range = TextRange::new(stmts.first()?.start(), stmts.last()?.end());
    let indent = source.indentation(range.start())?;
    let text = source.slice(range);
    // What takes the lock by itself, or gives the processor away in the middle, would wait for itself or for others.
    if calls::mention(source, stmts, lock) || !source.can_be_indented(range) || leaves(stmts) {
        return None;
    }
    let unit = if indent.contains('\t') { "\t" } else { "    " };
    let mut res = format!("with {lock}:{}{indent}{unit}", source.line_ending());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number > 0 && !line.trim().is_empty() {
            res.push_str(unit);
        }
        res.push_str(line);
    }
    Some(around.replace(format!("Wrap in `with {lock}`"), false, range, res))
}

/// Whether the lock has the same name here as there: an attribute of `self` in a method of the same class, or a
/// variable of the module.
fn is_reachable(around: &Around<'_>, lock: &str) -> bool {
    let (Some(guard), site) = (&around.window.guard, &around.window.last.site) else {
        return false;
    };
    if guard.site.file != site.file {
        return false;
    }
    let class = |it: &str| it.rsplit_once('.').map(|it| it.0.to_owned());
    match lock.split_once('.') {
        None => lock.chars().all(|it| it == '_' || it.is_alphanumeric()),
        Some(("self", rest)) => {
            !rest.contains(['(', '[']) && class(&guard.site.function) == class(&site.function)
        }
        Some(_) => false,
    }
}

/// Whether a statement waits for others or gives a value away in its middle.
fn leaves(stmts: &[Stmt]) -> bool {
    struct Leaves(bool);
    impl<'a> Visitor<'a> for Leaves {
        fn visit_stmt(&mut self, it: &'a Stmt) {
            let nested = matches!(it, Stmt::FunctionDef(_) | Stmt::ClassDef(_));
            self.0 |= matches!(it, Stmt::For(it) if it.is_async);
            self.0 |= matches!(it, Stmt::With(it) if it.is_async);
            if !nested {
                walk_stmt(self, it);
            }
        }

        fn visit_expr(&mut self, it: &'a Expr) {
            self.0 |= matches!(it, Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_));
            walk_expr(self, it);
        }
    }
    let mut it = Leaves(false);
    for stmt in stmts {
        it.visit_stmt(stmt);
    }
    it.0
}
