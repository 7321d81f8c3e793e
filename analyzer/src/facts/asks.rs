//! Where code asks whether the GIL is there, by names that `claims.toml` knows. Whether they exist is judged later.

use std::sync::LazyLock;

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, CmpOp, Expr};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::lower::Lowerer;
use crate::domain::{Ask, Form, Origin, Step};
use crate::knowledge::KNOWLEDGE;

/// The last parts of all names: `_is_free_threaded`, `__gil_safe__`.
static NAMES: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| KNOWLEDGE.claims.keys().filter_map(|it| it.rsplit('.').next()).collect());

/// The last parts of all names that exist and are easily misread: `getrefcount`.
static MISREAD: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let last = KNOWLEDGE.misreadings.iter().filter_map(|it| it.name.rsplit('.').next());
    last.map(|it| it.split('(').next().unwrap_or(it)).collect()
});

/// Whether a file can have one of the names: nearly no file has, and the others are not looked at again.
pub(super) fn may_ask(text: &str) -> bool {
    ["gil", "free_threaded", "Py_NOGIL", "Py_GIL", "getrefcount", "experimental free"]
        .iter()
        .any(|it| text.contains(it))
}

impl Lowerer<'_> {
    /// An attribute is loaded.
    pub(super) fn asks_for(&mut self, range: TextRange, of: Origin, name: &Name) {
        if self.speaks_of_gil && NAMES.contains(name.as_str()) {
            let site = self.site(range);
            self.frame().facts.asks.push(Ask { site, of, name: name.clone(), form: Form::Named });
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

    /// The truth of a value decides something: `if sys._is_gil_enabled:`.
    pub(super) fn asks_truth(&mut self, expr: &Expr, of: Origin) {
        if self.speaks_of_gil && last_part(expr).is_some_and(|it| MISREAD.contains(it)) {
            self.misreads(expr.range(), of, Name::default(), Form::Uncalled);
        }
    }

    /// A comparison of two values.
    pub(super) fn asks_compared(&mut self, it: &ast::ExprCompare) {
        let ([op], [right]) = (it.ops.as_ref(), it.comparators.as_ref()) else { return };
        if !self.speaks_of_gil {
            return;
        }
        match (&*it.left, op, right) {
            (Expr::StringLiteral(text), CmpOp::In | CmpOp::NotIn, container)
                if last_part(container).is_some_and(|it| MISREAD.contains(it)) =>
            {
                let of = self.eval(container).origin;
                let text = Name::new(text.value.to_str().to_ascii_lowercase());
                self.misreads(it.range(), of, text, Form::Contains);
            }
            (_, CmpOp::In | CmpOp::NotIn, _) => {}
            (value, _, Expr::BooleanLiteral(_))
                if last_part(value).is_some_and(|it| MISREAD.contains(it)) =>
            {
                let of = self.eval(value).origin;
                self.misreads(it.range(), of, Name::default(), Form::Uncalled);
            }
            (_, _, Expr::BooleanLiteral(_)) => {}
            (Expr::Call(call), _, other) | (other, _, Expr::Call(call)) => {
                let form = match other {
                    Expr::NumberLiteral(_) => Form::Counted,
                    Expr::NoneLiteral(_) | Expr::StringLiteral(_) => Form::NotANumber,
                    _ => return,
                };
                self.asks_result(it.range(), call, form);
            }
            _ => {}
        }
    }

    /// What a call returns is compared: the name is its argument where that is a text.
    fn asks_result(&mut self, range: TextRange, call: &ast::ExprCall, form: Form) {
        if !last_part(&call.func).is_some_and(|it| MISREAD.contains(it)) {
            return;
        }
        let argument = match call.arguments.args.as_ref() {
            [Expr::StringLiteral(it)] => Name::new(it.value.to_str()),
            _ => Name::default(),
        };
        let of = self.eval(&call.func).origin;
        self.misreads(range, of, argument, form);
    }

    fn misreads(&mut self, range: TextRange, of: Origin, name: Name, form: Form) {
        let site = self.site(range);
        self.frame().facts.asks.push(Ask { site, of, name, form });
    }
}

/// `_is_gil_enabled` of `sys._is_gil_enabled`, and of the name alone.
fn last_part(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(it) => Some(it.id.as_str()),
        Expr::Attribute(it) => Some(it.attr.as_str()),
        _ => None,
    }
}
