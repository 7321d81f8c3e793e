//! What statements may run besides their own text, as far as one file shows it.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged as _;

use super::source::Source;

/// Whether the statements, or functions of the file that they call, directly or through others, have a text in them.
/// Functions are told apart by their names alone: two methods of one name count as one.
pub(super) fn mention(source: &Source<'_>, stmts: &[Stmt], text: &str) -> bool {
    if stmts.iter().any(|it| source.slice(it.range()).contains(text)) {
        return true;
    }
    let mut all = Definitions(Vec::new());
    source.suite.iter().for_each(|it| all.visit_stmt(it));
    let mut called = Names(BTreeSet::new());
    for it in stmts {
        called.visit_stmt(it);
    }
    let mut done = BTreeSet::new();
    while let Some(name) = called.0.pop_first() {
        for function in all.0.iter().filter(|it| it.name.as_str() == name) {
            if source.slice(function.range()).contains(text) {
                return true;
            }
            let mut more = Names(BTreeSet::new());
            function.body.iter().for_each(|it| more.visit_stmt(it));
            called.0.extend(more.0.into_iter().filter(|it| *it != name && !done.contains(it)));
        }
        done.insert(name);
    }
    false
}

struct Definitions<'a>(Vec<&'a ruff_python_ast::StmtFunctionDef>);

impl<'a> Visitor<'a> for Definitions<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::FunctionDef(it) = stmt {
            self.0.push(it);
        }
        walk_stmt(self, stmt);
    }
}

/// Names of what is called, and of attributes that are read: a property runs code as well.
struct Names<'a>(BTreeSet<&'a str>);

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(it) => _ = self.0.insert(it.id.as_str()),
            Expr::Attribute(it) => _ = self.0.insert(it.attr.as_str()),
            _ => {}
        }
        walk_expr(self, expr);
    }
}
