//! Where code asks whether the GIL is there, by names that `claims.toml` knows. Whether they exist is judged later.

use std::sync::LazyLock;

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::lower::Lowerer;
use crate::domain::{Ask, Origin, Step};
use crate::knowledge::KNOWLEDGE;

/// The last parts of all names: `_is_free_threaded`, `__gil_safe__`.
static NAMES: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| KNOWLEDGE.claims.keys().filter_map(|it| it.rsplit('.').next()).collect());

/// Whether a file can have one of the names: nearly no file has, and the others are not looked at again.
pub(super) fn may_ask(text: &str) -> bool {
    ["gil", "free_threaded", "Py_NOGIL", "Py_GIL"].iter().any(|it| text.contains(it))
}

impl Lowerer<'_> {
    /// An attribute is loaded.
    pub(super) fn asks_for(&mut self, range: TextRange, of: Origin, name: &Name) {
        if self.speaks_of_gil && NAMES.contains(name.as_str()) {
            let site = self.site(range);
            self.frame().facts.asks.push(Ask { site, of, name: name.clone() });
        }
    }

    /// `getattr(sys, "_is_free_threaded", ...)`, `hasattr(...)`, `sysconfig.get_config_var("Py_NOGIL")`.
    pub(super) fn asks_by_text(&mut self, it: &ast::ExprCall) {
        if !self.speaks_of_gil {
            return;
        }
        let function = match &*it.func {
            Expr::Name(it) => it.id.as_str(),
            Expr::Attribute(it) => it.attr.as_str(),
            _ => return,
        };
        match (function, it.arguments.args.as_ref()) {
            ("getattr" | "hasattr", [object, Expr::StringLiteral(name), ..])
                if NAMES.contains(name.value.to_str()) =>
            {
                let receiver = self.eval(object);
                let name = Name::new(name.value.to_str());
                let of = self.frame().extend(receiver.origin, Step::Attr(name.clone()));
                self.asks_for(it.range(), of, &name);
            }
            ("get_config_var", [Expr::StringLiteral(name)]) => {
                let name = Name::new(format!("get_config_var({})", name.value.to_str()));
                self.asks_for(it.range(), Origin::Unknown, &name);
            }
            _ => {}
        }
    }
}
