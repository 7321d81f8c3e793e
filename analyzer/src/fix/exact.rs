//! The exact type of a place, as far as one file shows it: everything that is ever assigned to it is a display or a
//! call of the type itself.

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt};

use super::source::Source;

/// A built-in container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exact {
    Dict,
    List,
    Set,
}

/// The exact type of what the expression names: a variable of the module or an attribute, with a leading underscore,
/// whose every assignment in the file is of one type. What has no underscore may be assigned in other files.
pub(super) fn of(source: &Source<'_>, place: &Expr) -> Option<Exact> {
    let wanted = name(source, place);
    let is_told =
        !["setattr", "__dict__", "globals", "vars"].iter().any(|it| source.text.contains(it));
    let is_builtin = !["dict", "list", "set"].iter().any(|it| is_bound(source, it));
    if !wanted.starts_with('_') || !is_told || !is_builtin {
        return None;
    }
    let it = assignments(source, wanted);
    if it.unknown {
        return None;
    }
    let first = *it.found.first()?;
    it.found.iter().all(|it| *it == first).then_some(first)
}

/// The last part of a name: objects of one class are called differently here and there.
pub(super) fn name<'a>(source: &Source<'a>, place: &Expr) -> &'a str {
    source.slice(place).rsplit('.').next().unwrap_or_default()
}

/// Whether a file gives a name of its own, such as `list`, a meaning anywhere. A method counts: that is refused in vain
/// at worst.
pub(super) fn is_bound(source: &Source<'_>, name: &str) -> bool {
    let it = assignments(source, name);
    it.unknown || !it.found.is_empty()
}

/// Whether a file binds a name, and never by a definition or an import.
pub(super) fn is_variable(source: &Source<'_>, name: &str) -> bool {
    let mut it = Defined { name, found: false };
    for stmt in source.suite {
        it.visit_stmt(stmt);
    }
    !it.found && is_bound(source, name)
}

struct Defined<'s> {
    name: &'s str,
    found: bool,
}

impl<'a> Visitor<'a> for Defined<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let bound = |it: &ruff_python_ast::Alias| {
            it.asname.as_ref().unwrap_or(&it.name).as_str() == self.name
        };
        self.found |= match stmt {
            Stmt::FunctionDef(it) => it.name.as_str() == self.name,
            Stmt::ClassDef(it) => it.name.as_str() == self.name,
            Stmt::Import(it) => it.names.iter().any(bound),
            Stmt::ImportFrom(it) => it.names.iter().any(bound),
            _ => false,
        };
        walk_stmt(self, stmt);
    }
}

fn assignments<'a>(source: &'a Source<'a>, wanted: &'a str) -> Assignments<'a> {
    let mut it = Assignments { source, wanted, found: Vec::new(), unknown: false };
    for stmt in source.suite {
        it.visit_stmt(stmt);
    }
    it
}

struct Assignments<'a> {
    source: &'a Source<'a>,
    wanted: &'a str,
    found: Vec<Exact>,
    unknown: bool,
}

impl<'a> Visitor<'a> for Assignments<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Assign(it) => {
                for target in &it.targets {
                    self.assigned(target, Some(&it.value));
                }
            }
            Stmt::AnnAssign(it) => self.assigned(&it.target, it.value.as_deref()),
            // `|=` and the like leave the type as it is for the built-in ones.
            Stmt::AugAssign(_) => {}
            Stmt::For(it) => self.assigned(&it.target, None),
            Stmt::With(it) => {
                for part in it.items.iter().filter_map(|it| it.optional_vars.as_deref()) {
                    self.assigned(part, None);
                }
            }
            Stmt::FunctionDef(it) => {
                // A parameter of the same name is another variable.
                self.unknown |= it.parameters.iter().any(|it| it.name().as_str() == self.wanted);
                self.unknown |= it.name.as_str() == self.wanted;
            }
            Stmt::ClassDef(it) => self.unknown |= it.name.as_str() == self.wanted,
            Stmt::Import(it) => self.unknown |= it.names.iter().any(|it| self.binds(it)),
            Stmt::ImportFrom(it) => self.unknown |= it.names.iter().any(|it| self.binds(it)),
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Named(it) = expr {
            self.assigned(&it.target, Some(&it.value));
        }
        ruff_python_ast::visitor::walk_expr(self, expr);
    }
}

impl Assignments<'_> {
    fn binds(&self, alias: &ruff_python_ast::Alias) -> bool {
        alias.asname.as_ref().unwrap_or(&alias.name).as_str() == self.wanted
    }

    fn assigned(&mut self, target: &Expr, value: Option<&Expr>) {
        match target {
            Expr::Tuple(it) => it.elts.iter().for_each(|it| self.assigned(it, None)),
            Expr::List(it) => it.elts.iter().for_each(|it| self.assigned(it, None)),
            Expr::Starred(it) => self.assigned(&it.value, None),
            Expr::Name(_) | Expr::Attribute(_) if name(self.source, target) == self.wanted => {
                match value.and_then(display) {
                    Some(exact) => self.found.push(exact),
                    None => self.unknown = true,
                }
            }
            _ => {}
        }
    }
}

fn display(value: &Expr) -> Option<Exact> {
    Some(match value {
        Expr::Dict(_) | Expr::DictComp(_) => Exact::Dict,
        Expr::List(_) | Expr::ListComp(_) => Exact::List,
        Expr::Set(_) | Expr::SetComp(_) => Exact::Set,
        Expr::Call(it) => match it.func.as_name_expr()?.id.as_str() {
            "dict" => Exact::Dict,
            "list" => Exact::List,
            "set" => Exact::Set,
            _ => return None,
        },
        _ => return None,
    })
}
