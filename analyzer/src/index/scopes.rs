//! Which names are local to which function, and which are captured by inner functions. Python's rules:
//! a name bound anywhere in a function is local to it unless declared `global` or `nonlocal`; class scopes are
//! skipped when looking outward.

use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{self as ast, Expr, ExprContext, Stmt};
use ruff_text_size::{Ranged, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::{FunctionKind, NONE};

/// One scope: the module, a class body, a function or a lambda.
pub(crate) struct Scope {
    pub(crate) kind: FunctionKind,
    pub(crate) parent: u32,
    pub(crate) bound: FxHashSet<Name>,
    pub(crate) globals: FxHashSet<Name>,
    pub(crate) nonlocals: FxHashSet<Name>,
    used: FxHashSet<Name>,
    /// Own variables that inner functions use.
    pub(crate) captured: FxHashSet<Name>,
}

/// All scopes of a module; index 0 is the module.
pub(crate) struct Scopes {
    pub(crate) all: Vec<Scope>,
    by_start: FxHashMap<(TextSize, bool), u32>,
}

/// Where a name lives, as seen from a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Local to the scope and used by nobody else.
    Local,
    /// A variable of this function that inner functions share.
    Cell(u32),
    /// Module level or builtin.
    Global,
    /// Class body.
    Class,
}

impl Scopes {
    /// Builds the scopes of a module.
    pub(crate) fn build(body: &[Stmt]) -> Self {
        let mut builder = Builder {
            scopes: Scopes {
                all: vec![Scope::new(FunctionKind::Module, NONE)],
                by_start: FxHashMap::default(),
            },
            current: 0,
            nested: 0,
            comprehension: Vec::new(),
        };
        for stmt in body {
            builder.visit_stmt(stmt);
        }
        let mut scopes = builder.scopes;
        scopes.find_captures();
        scopes
    }

    /// The scope of the definition that starts here.
    pub(crate) fn at(&self, start: TextSize, lambda: bool) -> u32 {
        self.by_start.get(&(start, lambda)).copied().unwrap_or(0)
    }

    /// Where `name` lives when used in `scope`.
    pub(crate) fn home(&self, scope: u32, name: &Name) -> Home {
        let this = &self.all[scope as usize];
        if this.kind == FunctionKind::Module || this.globals.contains(name) {
            return Home::Global;
        }
        if this.bound.contains(name) && !this.nonlocals.contains(name) {
            return match this.kind {
                FunctionKind::ClassBody => Home::Class,
                _ if this.captured.contains(name) => Home::Cell(scope),
                _ => Home::Local,
            };
        }
        match self.owner(this.parent, name) {
            Some(owner) => Home::Cell(owner),
            None => Home::Global,
        }
    }

    fn owner(&self, mut scope: u32, name: &Name) -> Option<u32> {
        while scope != NONE && scope != 0 {
            let it = &self.all[scope as usize];
            let is_function = matches!(it.kind, FunctionKind::Function | FunctionKind::Lambda);
            if is_function && it.globals.contains(name) {
                return None;
            }
            if is_function && it.bound.contains(name) && !it.nonlocals.contains(name) {
                return Some(scope);
            }
            scope = it.parent;
        }
        None
    }

    fn find_captures(&mut self) {
        let mut found = Vec::new();
        for scope in &self.all {
            for name in scope.used.iter().chain(&scope.nonlocals) {
                let own = scope.bound.contains(name) && !scope.nonlocals.contains(name);
                if own || scope.globals.contains(name) {
                    continue;
                }
                if let Some(owner) = self.owner(scope.parent, name) {
                    found.push((owner, name.clone()));
                }
            }
        }
        for (owner, name) in found {
            self.all[owner as usize].captured.insert(name);
        }
    }
}

impl Scope {
    fn new(kind: FunctionKind, parent: u32) -> Self {
        Scope {
            kind,
            parent,
            bound: FxHashSet::default(),
            globals: FxHashSet::default(),
            nonlocals: FxHashSet::default(),
            used: FxHashSet::default(),
            captured: FxHashSet::default(),
        }
    }
}

struct Builder {
    scopes: Scopes,
    current: u32,
    /// Depth of enclosing functions around the current scope.
    nested: u32,
    comprehension: Vec<Name>,
}

impl Builder {
    fn this(&mut self) -> &mut Scope {
        &mut self.scopes.all[self.current as usize]
    }

    fn bind(&mut self, name: &Name) {
        self.this().bound.insert(name.clone());
    }

    fn enter(&mut self, kind: FunctionKind, start: TextSize) -> u32 {
        let id = u32::try_from(self.scopes.all.len()).unwrap_or(NONE);
        self.scopes.all.push(Scope::new(kind, self.current));
        self.scopes.by_start.insert((start, kind == FunctionKind::Lambda), id);
        let outer = std::mem::replace(&mut self.current, id);
        let inside = self.scopes.all[outer as usize].kind;
        self.nested += u32::from(self.nested > 0 || is_function(inside));
        outer
    }

    fn leave(&mut self, outer: u32) {
        self.nested = self.nested.saturating_sub(1);
        self.current = outer;
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters {
            self.bind(&parameter.name().id);
        }
    }

    fn comprehension(&mut self, generators: &[ast::Comprehension], parts: &[&Expr]) {
        let depth = self.comprehension.len();
        for generator in generators {
            self.visit_expr(&generator.iter);
            collect_names(&generator.target, &mut self.comprehension);
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for part in parts {
            self.visit_expr(part);
        }
        self.comprehension.truncate(depth);
    }
}

fn is_function(kind: FunctionKind) -> bool {
    matches!(kind, FunctionKind::Function | FunctionKind::Lambda)
}

/// The plain names of an assignment target.
pub(crate) fn collect_names(target: &Expr, out: &mut Vec<Name>) {
    match target {
        Expr::Name(name) => out.push(name.id.clone()),
        Expr::Tuple(tuple) => tuple.elts.iter().for_each(|it| collect_names(it, out)),
        Expr::List(list) => list.elts.iter().for_each(|it| collect_names(it, out)),
        Expr::Starred(starred) => collect_names(&starred.value, out),
        _ => {}
    }
}

impl<'a> Visitor<'a> for Builder {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                self.bind(&def.name.id);
                for decorator in &def.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                for parameter in def.parameters.iter_non_variadic_params() {
                    if let Some(default) = parameter.default() {
                        self.visit_expr(default);
                    }
                }
                let outer = self.enter(FunctionKind::Function, def.range.start());
                self.parameters(&def.parameters);
                for stmt in &def.body {
                    self.visit_stmt(stmt);
                }
                self.leave(outer);
            }
            Stmt::ClassDef(def) => {
                self.bind(&def.name.id);
                for decorator in &def.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                if let Some(arguments) = &def.arguments {
                    self.visit_arguments(arguments);
                }
                let outer = self.enter(FunctionKind::ClassBody, def.range.start());
                for stmt in &def.body {
                    self.visit_stmt(stmt);
                }
                self.leave(outer);
            }
            Stmt::Global(global) => {
                self.this().globals.extend(global.names.iter().map(|it| it.id.clone()));
            }
            Stmt::Nonlocal(it) => {
                self.this().nonlocals.extend(it.names.iter().map(|it| it.id.clone()));
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let bound = alias
                        .asname
                        .as_ref()
                        .map_or_else(|| first_part(&alias.name.id), |it| it.id.clone());
                    self.bind(&bound);
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name).id.clone();
                    self.bind(&bound);
                }
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if self.comprehension.contains(&name.id) => {}
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                // Only what stands inside a function can capture from one.
                if self.nested > 0 {
                    self.this().used.insert(name.id.clone());
                }
            }
            Expr::Name(name) => self.bind(&name.id),
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    for parameter in parameters.iter_non_variadic_params() {
                        if let Some(default) = parameter.default() {
                            self.visit_expr(default);
                        }
                    }
                }
                let outer = self.enter(FunctionKind::Lambda, lambda.range().start());
                if let Some(parameters) = &lambda.parameters {
                    self.parameters(parameters);
                }
                self.visit_expr(&lambda.body);
                self.leave(outer);
            }
            Expr::ListComp(it) => self.comprehension(&it.generators, &[&it.elt]),
            Expr::SetComp(it) => self.comprehension(&it.generators, &[&it.elt]),
            Expr::Generator(it) => self.comprehension(&it.generators, &[&it.elt]),
            Expr::DictComp(it) => match &it.key {
                Some(key) => self.comprehension(&it.generators, &[key, &it.value]),
                None => self.comprehension(&it.generators, &[&it.value]),
            },
            _ => walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(it) = handler;
        if let Some(name) = &it.name {
            self.bind(&name.id);
        }
        ruff_python_ast::visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        match pattern {
            ast::Pattern::MatchAs(it) => it.name.iter().for_each(|it| self.bind(&it.id)),
            ast::Pattern::MatchStar(it) => it.name.iter().for_each(|it| self.bind(&it.id)),
            ast::Pattern::MatchMapping(it) => it.rest.iter().for_each(|it| self.bind(&it.id)),
            _ => {}
        }
        walk_pattern(self, pattern);
    }
}

/// `a` of `a.b.c`.
pub(crate) fn first_part(dotted: &Name) -> Name {
    Name::new(dotted.split('.').next().unwrap_or_default())
}
