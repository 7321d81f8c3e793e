//! What statements may run besides their own text, as far as one file shows it.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged as _;

use super::exact;
use super::source::Source;

/// Whether the statements, or functions of the file that they call, directly or through others, have a text in them.
pub(super) fn mention(source: &Source<'_>, stmts: &[Stmt], text: &str) -> bool {
    stmts.iter().any(|it| source.slice(it.range()).contains(text))
        || reach(source, stmts, "", &|it| source.slice(it.range()).contains(text))
}

/// Whether the statements call a function of the file for which `wanted` holds, directly or through others. Functions
/// are told apart by their names alone: two methods of one name count as one. Methods of `place` are not the file's.
pub(super) fn reach(
    source: &Source<'_>,
    stmts: &[Stmt],
    place: &str,
    wanted: &dyn Fn(&StmtFunctionDef) -> bool,
) -> bool {
    let all = definitions(source);
    let mut called = Names { source, place, found: BTreeSet::new() };
    for it in stmts {
        called.visit_stmt(it);
    }
    let mut done = BTreeSet::new();
    while let Some(name) = called.found.pop_first() {
        for function in all.iter().copied().filter(|it| it.name.as_str() == name) {
            if wanted(function) {
                return true;
            }
            let mut more = Names { source, place, found: BTreeSet::new() };
            function.body.iter().for_each(|it| more.visit_stmt(it));
            called
                .found
                .extend(more.found.into_iter().filter(|it| *it != name && !done.contains(it)));
        }
        done.insert(name);
    }
    false
}

/// All functions of a file, methods and inner ones among them.
pub(super) fn definitions<'a>(source: &Source<'a>) -> Vec<&'a StmtFunctionDef> {
    let mut all = Definitions(Vec::new());
    for stmt in source.suite {
        all.visit_stmt(stmt);
    }
    all.0
}

/// Whether the statements call what a variable holds: a callback may do anything, and take the lock again.
pub(super) fn call_back(source: &Source<'_>, stmts: &[Stmt]) -> bool {
    let mut it = CallBack { source, found: false };
    for stmt in stmts {
        it.visit_stmt(stmt);
    }
    it.found
}

struct CallBack<'s> {
    source: &'s Source<'s>,
    found: bool,
}

impl<'a> Visitor<'a> for CallBack<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Expr::Name(it) = &*call.func
        {
            self.found |= exact::is_variable(self.source, it.id.as_str());
        }
        walk_expr(self, expr);
    }
}

struct Definitions<'a>(Vec<&'a StmtFunctionDef>);

impl<'a> Visitor<'a> for Definitions<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::FunctionDef(it) = stmt {
            self.0.push(it);
        }
        walk_stmt(self, stmt);
    }
}

/// Names of what is called, and of attributes that are read: a property runs code as well.
struct Names<'a, 's> {
    source: &'s Source<'s>,
    place: &'s str,
    found: BTreeSet<&'a str>,
}

impl<'a> Visitor<'a> for Names<'a, '_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(it) => _ = self.found.insert(it.id.as_str()),
            Expr::Attribute(it)
                if self.place.is_empty() || self.source.slice(&*it.value) != self.place =>
            {
                self.found.insert(it.attr.as_str());
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}
