//! Lowers statements to facts: one walk per module, in evaluation order.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use smallvec::SmallVec;

use super::definitions::Definitions;
use super::frame::{Frame, Val, to_u32};
use super::room::Room;
use crate::domain::{
    Atom, Base, ClassFacts, Container, DEFINED, FunctionFacts, FunctionKind, ImportSite, Key, Op,
    Origin, SiteId, Step,
};
use crate::index::scopes::{Home, Scopes};

/// Lowering state of a module.
pub(crate) struct Lowerer<'a> {
    pub(crate) text: &'a str,
    /// Whether a name of `claims.toml` can be in the file.
    pub(crate) speaks_of_gil: bool,
    /// Whether the module has to do with threads itself, once somebody asked.
    pub(crate) uses_threads: Option<bool>,
    pub(crate) scopes: &'a Scopes,
    pub(crate) definitions: &'a Definitions,
    /// The ranges of each function's sites.
    pub(crate) sites: Vec<Vec<TextRange>>,
    /// Where each function is defined.
    pub(crate) defs: Vec<TextRange>,
    pub(crate) functions: Vec<Option<FunctionFacts>>,
    pub(crate) classes: Vec<ClassFacts>,
    pub(crate) imports: Vec<ImportSite>,
    pub(crate) star_imports: Vec<Name>,
    pub(crate) module_bindings: Vec<(Name, crate::domain::Binding)>,
    pub(crate) frames: Vec<Frame>,
    /// From functions that are done.
    pub(crate) spare: Vec<Room>,
    pub(crate) main: Option<(u32, u32)>,
    /// Depth of `if TYPE_CHECKING:` blocks.
    pub(crate) type_checking: u32,
    /// Names of `claims.toml` that were imported as others: the new and the old one.
    pub(crate) renamed: Vec<(Name, Name)>,
}

impl Lowerer<'_> {
    /// The function being lowered. There always is one: the module's frame is pushed first.
    pub(crate) fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// A place in the text of the function being lowered.
    pub(crate) fn site(&mut self, range: TextRange) -> SiteId {
        let func = self.frame().scope as usize;
        let sites = &mut self.sites[func];
        sites.push(range);
        to_u32(sites.len() - 1)
    }

    /// Where a function is defined.
    pub(crate) fn def_site(&mut self, func: u32, range: TextRange) -> SiteId {
        self.defs[func as usize] = range;
        DEFINED | func
    }

    /// Records an access, if its place can matter to another thread.
    pub(crate) fn access(
        &mut self,
        range: TextRange,
        origin: Origin,
        op: Op,
        key: Key,
    ) -> Option<u32> {
        let place = self.frame().wants(origin, &op)?;
        let site = self.site(range);
        Some(self.frame().record(site, place, op, key))
    }

    /// Lowers a block. Returns whether control leaves it for good (return, raise, continue, break).
    pub(crate) fn block(&mut self, body: &[Stmt]) -> bool {
        let outer = self.frame().guard;
        let mut exits = false;
        for stmt in body {
            exits |= self.stmt(stmt);
        }
        self.frame().guard = outer;
        exits
    }

    fn stmt(&mut self, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::FunctionDef(def) => self.function_def(def),
            Stmt::ClassDef(def) => self.class_def(def),
            Stmt::Return(it) => {
                let asked = self.frame().facts.asks.len();
                let val = it.value.as_deref().map(|it| self.eval(it));
                self.answers_with(asked);
                let origin = val.map_or(Origin::Nothing, |it| it.origin);
                self.frame().escape(origin);
                self.frame().facts.returns.push(origin);
                return true;
            }
            Stmt::Raise(it) => {
                for part in it.exc.iter().chain(&it.cause) {
                    self.eval(part);
                }
                return true;
            }
            Stmt::Continue(_) | Stmt::Break(_) => return true,
            Stmt::Assign(it) => self.assign_stmt(it),
            Stmt::AugAssign(it) => self.aug_assign(it),
            Stmt::AnnAssign(it) => self.ann_assign(it),
            Stmt::Delete(it) => it.targets.iter().for_each(|it| self.delete(it)),
            Stmt::Expr(it) => self.expr_stmt(&it.value),
            Stmt::If(it) => return self.if_stmt(it),
            Stmt::While(it) => self.while_stmt(it),
            Stmt::For(it) => self.for_stmt(it),
            Stmt::With(it) => return self.with_stmt(it),
            Stmt::Try(it) => return self.try_stmt(it),
            Stmt::Match(it) => self.match_stmt(it),
            Stmt::Assert(it) => {
                self.test(&it.test);
            }
            Stmt::Import(it) => self.import(it),
            Stmt::ImportFrom(it) => self.import_from(it),
            _ => {}
        }
        false
    }

    fn assign_stmt(&mut self, stmt: &ast::StmtAssign) {
        // `a.x, a.y = 1, 2` stores element by element.
        if let ([Expr::Tuple(targets)], Expr::Tuple(values)) =
            (stmt.targets.as_slice(), &*stmt.value)
            && targets.elts.len() == values.elts.len()
            && !values.elts.iter().any(Expr::is_starred_expr)
        {
            let vals: Vec<_> = values.elts.iter().map(|it| self.eval(it)).collect();
            let first = vals.first().and_then(|it| it.main);
            for (target, val) in targets.elts.iter().zip(vals) {
                self.assign(target, val);
            }
            self.note_swap(&targets.elts, &values.elts, first);
            return;
        }
        self.asks_once(stmt);
        let taken = self.taken(&stmt.value);
        let val = self.eval(&stmt.value);
        for target in &stmt.targets {
            self.assign(target, val.clone());
        }
        // `got = lock.acquire(timeout=1)`: who did not get it leaves, as a rule.
        taken.map(|it| self.frame().enter(it));
    }

    fn ann_assign(&mut self, stmt: &ast::StmtAnnAssign) {
        let annotated = self.annotation(&stmt.annotation);
        let mut val = match &stmt.value {
            Some(value) => self.eval(value),
            None if self.frame().facts.kind == FunctionKind::ClassBody
                && annotated != Origin::Unknown =>
            {
                Val::of(annotated)
            }
            None => return,
        };
        if matches!(val.origin, Origin::Unknown | Origin::Nothing) && annotated != Origin::Unknown {
            val.origin = annotated;
        }
        self.assign(&stmt.target, val);
    }

    /// Stores a value into a target.
    pub(crate) fn assign(&mut self, target: &Expr, val: Val) {
        match target {
            Expr::Name(name) => self.assign_name(&name.id, name.range, val),
            Expr::Attribute(attribute) => {
                let receiver = self.eval(&attribute.value);
                self.frame().note_use(&receiver);
                let place =
                    self.frame().extend(receiver.origin, Step::Attr(attribute.attr.id.clone()));
                self.store(attribute.range(), place, Op::Store, Key::NONE, &val);
            }
            Expr::Subscript(it) => {
                let receiver = self.eval(&it.value);
                self.frame().note_use(&receiver);
                let key = self.key(&it.slice);
                self.eval(&it.slice);
                if let Origin::Alloc(id) = receiver.origin {
                    self.frame().facts.allocs[id as usize].elems.push(val.origin);
                }
                self.store(it.range(), receiver.origin, Op::SetItem, key, &val);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let origin = self.frame().extend(val.origin, Step::Elem);
                let elem = Val::from_deps(origin, val.deps);
                for elt in elts {
                    self.assign(elt, elem.clone());
                }
            }
            Expr::Starred(it) => self.assign(&it.value, val),
            _ => {}
        }
    }

    fn store(&mut self, range: TextRange, place: Origin, op: Op, key: Key, val: &Val) {
        let outer = self.frame().assume(val.chosen.into_iter().collect());
        let event = self.access(range, place, op, key);
        let frame = self.frame();
        frame.guard = outer;
        let Some(event) = event else { return };
        let it = &mut frame.facts.events[event as usize];
        it.value = val.origin;
        it.deps = val.deps.iter().copied().collect();
        if !it.flags.owned {
            frame.escape(val.origin);
        }
    }

    fn assign_name(&mut self, name: &Name, range: TextRange, val: Val) {
        let scope = self.frame().scope;
        match self.scopes.home(scope, name) {
            Home::Local => {
                self.frame().keep(&val);
                self.frame().bind(name.clone(), val);
            }
            Home::Cell(owner) => {
                let place = Origin::Place(self.frame().place(Base::Cell(owner, name.clone()), &[]));
                self.store(range, place, Op::Store, Key::NONE, &val);
                self.frame().bind(name.clone(), val);
            }
            Home::Global => {
                let place = Origin::Place(self.frame().place(Base::Global(name.clone()), &[]));
                self.store(range, place, Op::Store, Key::NONE, &val);
            }
            Home::Class => {
                let place =
                    Origin::Place(self.frame().place(Base::Cls, &[Step::Attr(name.clone())]));
                self.store(range, place, Op::Store, Key::NONE, &val);
                self.frame().bind(name.clone(), val);
            }
        }
    }

    fn aug_assign(&mut self, stmt: &ast::StmtAugAssign) {
        let (range, place, op, key) = match &*stmt.target {
            Expr::Name(name) => {
                let scope = self.frame().scope;
                let base = match self.scopes.home(scope, &name.id) {
                    Home::Cell(owner) => Base::Cell(owner, name.id.clone()),
                    Home::Global => Base::Global(name.id.clone()),
                    Home::Local | Home::Class => {
                        let old = self.eval(&stmt.target);
                        let new = self.eval(&stmt.value);
                        let same = matches!(old.origin, Origin::Alloc(_));
                        let mut val = Val::mix([old.clone(), new]);
                        val.origin = if same { old.origin } else { Origin::Unknown };
                        self.assign_name(&name.id, name.range, val);
                        return;
                    }
                };
                let place = Origin::Place(self.frame().place(base, &[]));
                (name.range, place, Op::Store, Key::NONE)
            }
            Expr::Attribute(it) => {
                let receiver = self.eval(&it.value);
                let place = self.frame().extend(receiver.origin, Step::Attr(it.attr.id.clone()));
                (it.range(), place, Op::Store, Key::NONE)
            }
            Expr::Subscript(it) => {
                let receiver = self.eval(&it.value);
                let key = self.key(&it.slice);
                self.eval(&it.slice);
                (it.range(), receiver.origin, Op::SetItem, key)
            }
            _ => return,
        };
        let load = if op == Op::SetItem { Op::GetItem } else { Op::Load };
        let read = self.access(range, place, load, key);
        let mut val = self.eval(&stmt.value);
        val.deps.extend(read);
        if let Some(read) = read {
            self.frame().facts.events[read as usize].flags.augmented = true;
        }
        let n_events = self.frame().facts.events.len();
        self.store(range, place, op, key, &val);
        if let Some(event) = self.frame().facts.events.get_mut(n_events) {
            event.flags.augmented = true;
        }
    }

    fn delete(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let scope = self.frame().scope;
                if self.scopes.home(scope, &name.id) == Home::Global {
                    let place =
                        Origin::Place(self.frame().place(Base::Global(name.id.clone()), &[]));
                    self.access(name.range, place, Op::Delete, Key::NONE);
                }
            }
            Expr::Attribute(it) => {
                let receiver = self.eval(&it.value);
                let place = self.frame().extend(receiver.origin, Step::Attr(it.attr.id.clone()));
                self.access(it.range(), place, Op::Delete, Key::NONE);
            }
            Expr::Subscript(it) => {
                let receiver = self.eval(&it.value);
                let key = self.key(&it.slice);
                self.eval(&it.slice);
                self.access(it.range(), receiver.origin, Op::DelItem, key);
            }
            Expr::Tuple(it) => it.elts.iter().for_each(|it| self.delete(it)),
            _ => {}
        }
    }

    /// Lowers a comprehension: its targets are bound while its parts are evaluated.
    pub(crate) fn comprehension(
        &mut self,
        generators: &[ast::Comprehension],
        parts: &[&Expr],
        kind: Container,
    ) -> Val {
        let mark = self.frame().journal.len();
        let mut deps = Val::default();
        for generator in generators {
            let elem = self.iterate(&generator.iter);
            deps.absorb(&elem);
            self.enter_loop();
            bind_all(self.frame(), &generator.target, &elem);
            for condition in &generator.ifs {
                self.test(condition);
            }
        }
        let mut elems = Vec::new();
        for part in parts {
            let val = self.eval(part);
            elems.push(val.origin);
            deps.absorb(&val);
        }
        for _ in generators {
            self.frame().clock += 1;
            self.frame().loops.pop();
        }
        self.frame().rewind(mark);
        let origin = self.frame().alloc(kind, elems);
        Val::from_deps(origin, deps.deps)
    }
}

fn bind_all(frame: &mut Frame, target: &Expr, elem: &Val) {
    let mut names = Vec::new();
    crate::index::scopes::collect_names(target, &mut names);
    let nested = !matches!(target, Expr::Name(_));
    for name in names {
        let origin = if nested { frame.extend(elem.origin, Step::Elem) } else { elem.origin };
        frame.bind(name, Val::from_deps(origin, elem.deps.clone()));
    }
}

/// The opposite of a conjunction, taken atom by atom.
pub(crate) fn negate(atoms: &[Atom]) -> SmallVec<[Atom; 2]> {
    atoms.iter().map(|it| Atom { holds: !it.holds, ..*it }).collect()
}
