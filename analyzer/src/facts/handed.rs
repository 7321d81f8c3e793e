//! Functions that work on the object they are given: `next(it)`, `random.shuffle(xs)`, `copy.deepcopy(d)`. Each is an
//! access to the place of the argument, named by the function's full name.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::frame::{Frame, Val};
use super::lower::Lowerer;
use crate::domain::{Arg, Key, Op, Origin, Passed};
use crate::knowledge::atomicity::ATOMICITY;

impl Lowerer<'_> {
    /// Notes what a call does to its first argument.
    pub(super) fn handed(&mut self, it: &ast::ExprCall, args: &[Arg]) {
        let Some(Arg { value: value @ Origin::Place(_), how }) = args.first() else { return };
        if *how == Passed::Starred {
            return;
        }
        let last = match &*it.func {
            Expr::Name(name) => &name.id,
            Expr::Attribute(attribute) => &attribute.attr.id,
            _ => return,
        };
        let rows = ATOMICITY.functions(last);
        if rows.is_empty() {
            return;
        }
        let found = rows.iter().find(|(full, _)| {
            let module = full.split('.').next().unwrap_or_default();
            match &*it.func {
                Expr::Name(name) if module == "builtins" => {
                    !self.definitions.bound.contains(&name.id)
                }
                Expr::Name(name) => self.definitions.imported.contains(&name.id),
                // `rng.shuffle(xs)` is a shuffle; `self.next(x)` is not the builtin.
                Expr::Attribute(attribute) => match &*attribute.value {
                    Expr::Name(name) => {
                        name.id == module || (last == "shuffle" && name.id.contains("rng"))
                    }
                    Expr::Attribute(it) => {
                        last == "shuffle" && (it.attr.contains("rng") || it.attr.contains("random"))
                    }
                    _ => false,
                },
                _ => false,
            }
        });
        if let Some((full, _)) = found {
            self.access(it.range(), *value, Op::Method(Name::new(full)), Key::NONE);
        }
    }
}

impl Frame {
    /// A local variable keeps the value.
    pub(crate) fn keep(&mut self, val: &Val) {
        if let Some(event) = val.main.and_then(|it| self.facts.events.get_mut(it as usize))
            && event.op == Op::Load
        {
            event.key = Key::KEPT;
        }
    }
}
