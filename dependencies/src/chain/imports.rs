//! What a module of Python text imports while it is imported itself.

use ruff_python_ast::{Expr, PySourceType, Stmt};
use ruff_python_parser::parse_unchecked_source;

/// An imported name: a module, or a module and one of its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Imported {
    pub(super) name: String,
    /// Below an `if`, a loop or a `match`.
    pub(super) conditional: bool,
}

/// The imports of a text, in order. Text with errors gives those that can be read.
pub(super) fn of(text: &str, module: &str, is_package: bool) -> Vec<Imported> {
    if !text.contains("import") {
        return Vec::new();
    }
    let package = if is_package { module } else { module.rsplit_once('.').map_or("", |it| it.0) };
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    let mut res = Vec::new();
    walk(&parsed.syntax().body, package, false, &mut res);
    res
}

fn walk(body: &[Stmt], package: &str, conditional: bool, out: &mut Vec<Imported>) {
    for stmt in body {
        match stmt {
            Stmt::Import(it) => out.extend(
                it.names.iter().map(|it| Imported { name: it.name.to_string(), conditional }),
            ),
            Stmt::ImportFrom(it) => {
                let written = it.module.as_ref().map_or("", |it| it.as_str());
                let Some(base) = absolute(package, it.level, written) else { continue };
                for alias in &it.names {
                    let name = match alias.name.as_str() {
                        "*" => base.clone(),
                        name => format!("{base}.{name}"),
                    };
                    out.push(Imported { name, conditional });
                }
            }
            Stmt::If(it) => {
                if !is_type_checking(&it.test) {
                    walk(&it.body, package, true, out);
                }
                for clause in &it.elif_else_clauses {
                    if !clause.test.as_ref().is_some_and(is_type_checking) {
                        // `else` of `if TYPE_CHECKING` is what runs.
                        let always = clause.test.is_none() && is_type_checking(&it.test);
                        walk(&clause.body, package, conditional || !always, out);
                    }
                }
            }
            Stmt::Try(it) => {
                walk(&it.body, package, conditional, out);
                for handler in &it.handlers {
                    let handler = handler.as_except_handler();
                    walk(handler.map_or(&[], |it| &it.body), package, true, out);
                }
                walk(&it.orelse, package, conditional, out);
                walk(&it.finalbody, package, conditional, out);
            }
            Stmt::With(it) => walk(&it.body, package, conditional, out),
            Stmt::ClassDef(it) => walk(&it.body, package, conditional, out),
            Stmt::For(it) => walk(&it.body, package, true, out),
            Stmt::While(it) => walk(&it.body, package, true, out),
            Stmt::Match(it) => {
                for case in &it.cases {
                    walk(&case.body, package, true, out);
                }
            }
            _ => {}
        }
    }
}

/// The module that a relative import begins with. `None` when it leads out of everything.
fn absolute(package: &str, level: u32, module: &str) -> Option<String> {
    let mut base = match level {
        0 => return Some(module.to_owned()),
        _ => package,
    };
    for _ in 1..level {
        base = base.rsplit_once('.')?.0;
    }
    Some(match (base, module) {
        ("", _) => return None,
        (base, "") => base.to_owned(),
        (base, module) => format!("{base}.{module}"),
    })
}

/// `TYPE_CHECKING`, `typing.TYPE_CHECKING`.
fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(it) => it.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(it) => it.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    fn names(text: &str, module: &str, is_package: bool) -> Vec<String> {
        let mark = |it: bool| if it { "?" } else { "" };
        of(text, module, is_package)
            .into_iter()
            .map(|it| format!("{}{}", it.name, mark(it.conditional)))
            .collect()
    }

    #[test]
    fn what_runs_at_import_time() {
        let text = "import a.b, c as d\nfrom . import e\nfrom ..f import g\nfrom h import *\n\
                    try:\n    import i\nexcept ImportError:\n    import j\n\
                    if TYPE_CHECKING:\n    import no\nelse:\n    import k\n\
                    if x:\n    import l\ndef f():\n    import no\nclass C:\n    import m\n";
        let expected = ["a.b", "c", "p.q.e", "p.f.g", "h", "i", "j?", "k", "l?", "m"];
        assert_eq!(names(text, "p.q.r", false), expected);
        assert_eq!(names("from . import e", "p.q", true), ["p.q.e"]);
        assert_eq!(names("from ... import e", "p.q", true), [""; 0]);
        assert_eq!(names("import (\nfrom . import", "p", true), [""; 0]);
    }
}
