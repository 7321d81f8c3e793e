//! Where code asks whether the GIL is there, by names that `claims.toml` knows. Whether they exist is judged later.

use std::sync::LazyLock;

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, CmpOp, Expr};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::lower::Lowerer;
use crate::domain::{Ask, Form, FunctionKind, Origin, Step};
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
    [
        "gil",
        "free_threaded",
        "Py_NOGIL",
        "Py_GIL",
        "getrefcount",
        "experimental free",
        "switchinterval",
        "checkinterval",
    ]
    .iter()
    .any(|it| text.contains(it))
}

/// The function that tells whether the GIL is on, and words of a file that asks first whether it is there.
const ASKS: &str = "_is_gil_enabled";
const GUARDS: &[&str] =
    &["version_info", "hasattr", "AttributeError", "hexversion", "Py_GIL_DISABLED"];

/// What starts threads.
const THREADS: &[&str] = &["ThreadPoolExecutor(", "Thread("];

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
        self.asks_by_calling(it);
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

    /// `sys.setswitchinterval(1)`, `sys._is_gil_enabled()`.
    fn asks_by_calling(&mut self, it: &ast::ExprCall) {
        let Some(name) = self.asked(&it.func).filter(|it| MISREAD.contains(it)) else { return };
        let unguarded = name == ASKS && !GUARDS.iter().any(|it| self.text.contains(it));
        // What depends on the GIL may do so because somebody looked.
        let looked = self.frame().looked_for_gil;
        let of = self.eval(&it.func).origin;
        if unguarded {
            self.misreads(it.range(), of, Name::default(), Form::Unguarded);
        }
        if !looked {
            self.misreads(it.range(), of, Name::default(), Form::Called);
        }
    }

    /// A name of the table, also where it was imported as another one.
    fn asked<'e>(&'e self, expr: &'e Expr) -> Option<&'e str> {
        let last = last_part(expr)?;
        let alias = self.renamed.iter().find(|it| it.0 == last);
        Some(alias.map_or(last, |it| it.1.as_str()))
    }

    /// `from sys import _is_gil_enabled as has_gil`.
    pub(super) fn renames(&mut self, alias: &ast::Alias) {
        let name = &alias.name.id;
        if let Some(new) = alias.asname.as_ref().filter(|_| self.speaks_of_gil)
            && (MISREAD.contains(name.as_str()) || NAMES.contains(name.as_str()))
        {
            self.renamed.push((new.id.clone(), name.clone()));
        }
    }

    /// A statement at the top of a module keeps the answer.
    pub(super) fn asks_once(&mut self, stmt: &ast::StmtAssign) {
        if !self.speaks_of_gil || self.frame().facts.kind != FunctionKind::Module {
            return;
        }
        let text = &self.text[stmt.value.range()];
        if ["sys._is_gil_enabled(", "getattr(sys, \"_is_gil_enabled\""]
            .iter()
            .any(|it| text.contains(it))
        {
            self.misreads(stmt.value.range(), Origin::Unknown, Name::new(ASKS), Form::Kept);
        }
    }

    /// `if sys._is_gil_enabled(): start threads`, and no threads without it; or the decision of a function of the file.
    pub(super) fn asks_before(&mut self, stmt: &ast::StmtIf) {
        if !self.speaks_of_gil {
            return;
        }
        let has = |body: &[ast::Stmt]| {
            let range = body.first().zip(body.last());
            let text = range.map_or("", |(a, b)| &self.text[TextRange::new(a.start(), b.end())]);
            THREADS.iter().any(|it| text.contains(it))
        };
        let (first, others) =
            (has(&stmt.body), stmt.elif_else_clauses.iter().any(|it| has(&it.body)));
        if let Expr::Call(call) = &*stmt.test {
            if self.asked(&call.func) == Some(ASKS) && first && !others {
                let of = self.eval(&call.func).origin;
                self.misreads(stmt.test.range(), of, Name::default(), Form::Inverted);
            } else if let Expr::Name(name) = &*call.func {
                let of = self.eval(&call.func).origin;
                self.misreads(stmt.test.range(), of, name.id.clone(), Form::Decides);
            }
        }
        let text = &self.text[stmt.test.range()];
        let looked = text.contains(ASKS) || text.contains("Py_GIL_DISABLED");
        self.frame().looked_for_gil |= looked;
    }

    /// What was asked for while the value of a `return` was made is what the function answers.
    pub(super) fn answers_with(&mut self, from: usize) {
        let asks = &mut self.frame().facts.asks;
        let named = asks.iter().skip(from).filter(|it| it.form == Form::Named);
        let returned: Vec<Ask> =
            named.map(|it| Ask { form: Form::Returned, ..it.clone() }).collect();
        asks.extend(returned);
    }

    /// The truth of a value decides something: `if sys._is_gil_enabled:`.
    pub(super) fn asks_truth(&mut self, expr: &Expr, of: Origin) {
        if self.speaks_of_gil && self.asked(expr).is_some_and(|it| MISREAD.contains(it)) {
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
                if self.asked(called(container)).is_some_and(|it| MISREAD.contains(it)) =>
            {
                let of = self.eval(called(container)).origin;
                let text = Name::new(text.value.to_str().to_ascii_lowercase());
                self.misreads(it.range(), of, text, Form::Contains);
            }
            (_, CmpOp::In | CmpOp::NotIn, _) => {}
            (value, _, Expr::BooleanLiteral(_))
                if self.asked(value).is_some_and(|it| MISREAD.contains(it)) =>
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
        if !self.asked(&call.func).is_some_and(|it| MISREAD.contains(it)) {
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

/// The function of a call without arguments, `get_config_vars` of `sysconfig.get_config_vars()`; else the expression.
fn called(expr: &Expr) -> &Expr {
    match expr {
        Expr::Call(it) if it.arguments.is_empty() => &it.func,
        _ => expr,
    }
}
