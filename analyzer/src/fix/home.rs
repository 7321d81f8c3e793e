//! The lock that a place gets: one that its class or module has already, or a new one and where it is made.

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged as _, TextSize};

use super::import::{self, Maker};
use super::source::{Source, bodies};
use super::{Around, block, exact};
use crate::evidence::PlaceKind;

/// A lock for a place.
pub(super) struct Lock {
    /// Its own name.
    name: String,
    of: Of,
    /// Lines to insert so that there is one.
    pub(super) made: Vec<(TextSize, String)>,
}

/// What the lock belongs to.
enum Of {
    /// Each object: the lock is beside the place.
    Instance,
    /// The class of this name.
    Class(String),
    /// The module or a function.
    Variable,
}

impl Lock {
    /// How code writes it that writes the place as an attribute of `holder`.
    pub(super) fn written(&self, holder: &str) -> String {
        match &self.of {
            Of::Instance => format!("{holder}.{}", self.name),
            Of::Class(class) => format!("{class}.{}", self.name),
            Of::Variable => self.name.clone(),
        }
    }
}

/// The variable or attribute of a place, when it is not a part of another one.
pub(super) fn name_of(kind: &PlaceKind) -> Option<&str> {
    let name = match kind {
        PlaceKind::Global { name, .. }
        | PlaceKind::ClassAttribute { name, .. }
        | PlaceKind::InstanceAttribute { name, .. }
        | PlaceKind::Cell { name, .. } => name,
        PlaceKind::Object { .. } => return None,
    };
    (!name.contains(['.', '['])).then_some(name)
}

/// The only lock that the class of an attribute, or the module of a variable, makes for itself. Which of several
/// guards what is for a person to say.
pub(super) fn existing(around: &Around<'_>) -> Option<Lock> {
    let source = &around.source;
    let (stmts, of) = match &around.window.place.kind {
        PlaceKind::InstanceAttribute { module, class, .. } => {
            let class = class_of(around, module, class)?;
            let init = class.body.iter().filter_map(Stmt::as_function_def_stmt);
            let init = init.into_iter().find(|it| it.name.as_str() == "__init__")?;
            (&*init.body, Of::Instance)
        }
        PlaceKind::ClassAttribute { module, class, .. } => {
            let it = class_of(around, module, class)?;
            (&*it.body, Of::Class(class.clone()))
        }
        PlaceKind::Global { module, .. } if is_here(around, module) => (source.suite, Of::Variable),
        _ => return None,
    };
    let makes = [import::maker(source).filter(|it| it.import.is_none())?.call];
    let mut names = stmts.iter().filter_map(|it| {
        let Stmt::Assign(it) = it else { return None };
        let [target] = &*it.targets else { return None };
        makes.iter().any(|call| source.slice(&*it.value) == call).then_some(())?;
        let whole = match (target, &of) {
            (Expr::Attribute(_), Of::Instance) | (Expr::Name(_), Of::Class(_) | Of::Variable) => {
                exact::name(source, target)
            }
            _ => return None,
        };
        Some(whole.to_owned())
    });
    let name = names.next()?;
    names.next().is_none().then_some(())?;
    Some(Lock { name, of, made: Vec::new() })
}

/// A lock that is to be made where the place comes from.
pub(super) fn new(around: &Around<'_>) -> Option<Lock> {
    let source = &around.source;
    let maker = import::maker(source)?;
    let kind = &around.window.place.kind;
    let place = name_of(kind)?;
    let (name, of, at, text) = match kind {
        PlaceKind::InstanceAttribute { module, class, .. } => {
            let class = class_of(around, module, class)?;
            let name = free(source, place, is_alone(class))?;
            let (at, text) = in_constructor(source, class, &name, &maker)?;
            (name, Of::Instance, at, text)
        }
        PlaceKind::ClassAttribute { module, class, .. } => {
            let it = class_of(around, module, class).filter(|it| is_alone(it))?;
            let name = free(source, place, true)?;
            let (at, text) = first_in(source, &it.body, &format!("{name} = {}", maker.call))?;
            (name, Of::Class(class.clone()), at, text)
        }
        PlaceKind::Global { module, .. } if is_here(around, module) => {
            let name = free(source, place, true)?;
            let (at, text) = above_binding(source, source.suite, place, &name, &maker)?;
            (name, Of::Variable, at, text)
        }
        PlaceKind::Cell { module, function, .. } if is_here(around, module) => {
            let owner = function_of(source, function)?;
            let name = free(source, place, false)?;
            let (at, text) = above_binding(source, &owner.body, place, &name, &maker)
                .or_else(|| first_in(source, &owner.body, &format!("{name} = {}", maker.call)))?;
            (name, Of::Variable, at, text)
        }
        _ => return None,
    };
    // Code that runs while the module is imported needs the name before.
    if !matches!(of, Of::Instance) && at < maker.from {
        return None;
    }
    Some(Lock { name, of, made: maker.import.into_iter().chain([(at, text)]).collect() })
}

fn is_here(around: &Around<'_>, module: &str) -> bool {
    *around.window.last.site.module == *module
}

/// A name that the file does not have in any meaning.
fn free(source: &Source<'_>, place: &str, short: bool) -> Option<String> {
    let is_part = |it: char| it == '_' || it.is_alphanumeric();
    let has = |name: &str| source.text.split(|it| !is_part(it)).any(|it| it == name);
    let long = format!("_{}_lock", place.trim_matches('_').to_lowercase());
    let names = [short.then(|| "_lock".to_owned()), Some(long)];
    names.into_iter().flatten().find(|it| !has(it))
}

/// Whether nothing is inherited, which might have the same names or want to know of all attributes.
fn is_alone(class: &StmtClassDef) -> bool {
    class.arguments.as_ref().is_none_or(|it| it.args.is_empty() && it.keywords.is_empty())
}

/// The class of a name like `Outer.Inner`, unless it makes its objects in a way of its own.
fn class_of<'a>(around: &Around<'a>, module: &str, class: &str) -> Option<&'a StmtClassDef> {
    is_here(around, module).then_some(())?;
    let mut body = around.source.suite;
    let mut found = None;
    for part in class.split('.') {
        let it = body.iter().rev().filter_map(Stmt::as_class_def_stmt);
        let it = it.into_iter().find(|it| it.name.as_str() == part)?;
        (found, body) = (Some(it), &*it.body);
    }
    let found = found?;
    let own = |it: &Stmt| match it {
        Stmt::FunctionDef(it) => matches!(it.name.as_str(), "__setattr__" | "__getattribute__"),
        it => around.source.slice(it).starts_with("__slots__"),
    };
    let without = Subclasses { class: found.name.as_str(), source: &around.source, skip: false };
    (!found.body.iter().any(own) && !without.found()).then_some(found)
}

/// Classes below one whose constructors do not call that of the class.
struct Subclasses<'s> {
    class: &'s str,
    source: &'s Source<'s>,
    skip: bool,
}

impl Subclasses<'_> {
    fn found(mut self) -> bool {
        for stmt in self.source.suite {
            self.visit_stmt(stmt);
        }
        self.skip
    }
}

impl<'a> Visitor<'a> for Subclasses<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::ClassDef(it) = stmt
            && it.arguments.as_ref().is_some_and(|it| {
                it.args.iter().any(|it| exact::name(self.source, it) == self.class)
            })
        {
            self.skip |= it.body.iter().filter_map(Stmt::as_function_def_stmt).any(|it| {
                it.name.as_str() == "__init__" && !self.source.slice(it).contains(".__init__(")
            });
        }
        walk_stmt(self, stmt);
    }
}

/// The function of a name like `Class.method` or `outer.<locals>.inner`.
fn function_of<'a>(source: &Source<'a>, name: &str) -> Option<&'a StmtFunctionDef> {
    let mut body = source.suite;
    let mut found = None;
    for part in name.split('.').filter(|it| *it != "<locals>") {
        let mut levels = vec![body];
        let mut next = None;
        while let Some(level) = levels.pop() {
            for it in level {
                match it {
                    Stmt::FunctionDef(it) if it.name.as_str() == part => {
                        (next, found) = (Some(&*it.body), Some(it));
                    }
                    Stmt::ClassDef(it) if it.name.as_str() == part => next = Some(&*it.body),
                    Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                    it => levels.extend(bodies(it)),
                }
            }
        }
        body = next?;
    }
    found
}

/// A line at the beginning of a body, below its docstring.
fn first_in(source: &Source<'_>, body: &[Stmt], line: &str) -> Option<(TextSize, String)> {
    let it = body.iter().find(|it| !import::is_docstring(it))?;
    above(source, it, line)
}

/// A line above a statement.
fn above(source: &Source<'_>, stmt: &Stmt, line: &str) -> Option<(TextSize, String)> {
    let indent = source.indentation(stmt.start())?;
    let at = block::line_above(source, stmt.start());
    Some((at, format!("{indent}{line}{}", source.line_ending())))
}

/// A line above the first statement of a body that binds a variable.
fn above_binding(
    source: &Source<'_>,
    body: &[Stmt],
    place: &str,
    name: &str,
    maker: &Maker,
) -> Option<(TextSize, String)> {
    let is_it = |it: &Expr| matches!(it, Expr::Name(it) if it.id.as_str() == place);
    let binds = |it: &&Stmt| match it {
        Stmt::Assign(it) => it.targets.iter().any(is_it),
        Stmt::AnnAssign(it) => is_it(&it.target),
        _ => false,
    };
    above(source, body.iter().find(binds)?, &format!("{name} = {}", maker.call))
}

/// A line of the constructor, or a constructor.
fn in_constructor(
    source: &Source<'_>,
    class: &StmtClassDef,
    name: &str,
    maker: &Maker,
) -> Option<(TextSize, String)> {
    let functions = || class.body.iter().filter(|it| it.is_function_def_stmt());
    let init = functions()
        .find_map(|it| it.as_function_def_stmt().filter(|it| it.name.as_str() == "__init__"));
    let Some(init) = init else {
        // What a decorator or a base class makes of a constructor is not known here.
        (is_alone(class) && class.decorator_list.is_empty()).then_some(())?;
        let first = functions().next()?;
        let indent = source.indentation(first.start())?;
        let (unit, end) = (block::unit(indent), source.line_ending());
        let lines =
            format!("def __init__(self):{end}{indent}{unit}self.{name} = {}{end}", maker.call);
        return above(source, first, &lines);
    };
    init.decorator_list.is_empty().then_some(())?;
    let own = init.parameters.iter().next()?.name().as_str();
    let line = format!("{own}.{name} = {}", maker.call);
    let is_super = |it: &Stmt| source.slice(it).contains(".__init__(");
    let body = init.body.iter().filter(|it| !import::is_docstring(it));
    // What is inherited may want to be there before any attribute.
    let mut body = body.skip_while(|it| is_super(it));
    above(source, body.next()?, &line)
}
