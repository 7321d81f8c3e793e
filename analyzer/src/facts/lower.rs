//! Lowers statements to facts: one walk per module, in evaluation order.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use smallvec::SmallVec;

use super::definitions::Definitions;
use super::frame::{Frame, Val, to_u32};
use crate::domain::{
    Atom, AtomKind, Base, ClassFacts, Container, FunctionFacts, FunctionKind, ImportSite, Key, Op,
    Origin, Step,
};
use crate::index::scopes::{Home, Scopes, first_part};

/// Lowering state of a module.
pub(crate) struct Lowerer<'a> {
    pub(crate) text: &'a str,
    pub(crate) scopes: &'a Scopes,
    pub(crate) definitions: &'a Definitions,
    pub(crate) sites: Vec<TextRange>,
    pub(crate) functions: Vec<Option<FunctionFacts>>,
    pub(crate) classes: Vec<ClassFacts>,
    pub(crate) imports: Vec<ImportSite>,
    pub(crate) star_imports: Vec<Name>,
    pub(crate) module_bindings: Vec<(Name, crate::domain::Binding)>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) has_main: bool,
    /// Depth of `if TYPE_CHECKING:` blocks.
    pub(crate) type_checking: u32,
}

impl Lowerer<'_> {
    /// The function being lowered. There always is one: the module's frame is pushed first.
    pub(crate) fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    pub(crate) fn site(&mut self, range: TextRange) -> u32 {
        self.sites.push(range);
        to_u32(self.sites.len() - 1)
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
                let val = it.value.as_deref().map(|it| self.eval(it));
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
            for (target, val) in targets.elts.iter().zip(vals) {
                self.assign(target, val);
            }
            return;
        }
        let val = self.eval(&stmt.value);
        for target in &stmt.targets {
            self.assign(target, val.clone());
        }
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
                let place =
                    self.frame().extend(receiver.origin, Step::Attr(attribute.attr.id.clone()));
                self.store(attribute.range(), place, Op::Store, Key::NONE, &val);
            }
            Expr::Subscript(it) => {
                let receiver = self.eval(&it.value);
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
        it.deps.clone_from(&val.deps);
        if !it.flags.owned {
            frame.escape(val.origin);
        }
    }

    fn assign_name(&mut self, name: &Name, range: TextRange, val: Val) {
        let scope = self.frame().scope;
        match self.scopes.home(scope, name) {
            Home::Local => self.frame().bind(name.clone(), val),
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

    /// Expression statements are where `acquire()` and `release()` stand.
    fn expr_stmt(&mut self, value: &Expr) {
        if let Expr::Call(call) = value
            && let Expr::Attribute(func) = &*call.func
        {
            match func.attr.as_str() {
                "acquire" | "acquire_lock" => {
                    let what = self.eval(&func.value).origin;
                    self.eval(value);
                    self.frame().enter(what, false);
                    return;
                }
                "release" | "release_lock" => {
                    let what = self.eval(&func.value).origin;
                    self.eval(value);
                    self.release(what);
                    return;
                }
                _ => {}
            }
        }
        self.eval(value);
    }

    fn release(&mut self, what: Origin) {
        let frame = self.frame();
        let found = frame
            .held
            .iter()
            .rev()
            .find(|it| frame.facts.regions[**it as usize].what == what)
            .copied();
        if let Some(region) = found {
            frame.leave(region);
        }
    }

    fn if_stmt(&mut self, stmt: &ast::StmtIf) -> bool {
        if self.frame().facts.kind == FunctionKind::Module && is_main_test(&stmt.test) {
            self.has_main = true;
        }
        let entry_held = self.frame().held.clone();
        let outer_guard = self.frame().guard;
        let mut branches = Vec::new();
        let mut helds: Vec<SmallVec<[u32; 2]>> = Vec::new();
        let (mut atoms, acquired) = self.test(&stmt.test);
        let first_atoms = atoms.clone();
        let mut all_exit = true;
        let mut has_else = false;
        let mut first_exits = false;
        let clauses = std::iter::once((None, &stmt.body))
            .chain(stmt.elif_else_clauses.iter().map(|it| (Some(it.test.as_ref()), &it.body)));
        for (index, (test, body)) in clauses.enumerate() {
            match test {
                None => {}
                Some(Some(test)) => {
                    self.frame().assume(negate(&atoms));
                    atoms = self.test(test).0;
                }
                Some(None) => {
                    has_else = true;
                    atoms = negate(&atoms);
                }
            }
            let mark = self.frame().journal.len();
            let guard = self.frame().assume(atoms.clone());
            let lock = acquired.filter(|(_, holds)| index == 0 && *holds);
            let region = lock.map(|(it, _)| self.frame().enter(it, false));
            let checking = index == 0 && is_type_checking(&stmt.test);
            self.type_checking += u32::from(checking);
            let exits = self.block(body);
            self.type_checking -= u32::from(checking);
            if let Some(region) = region
                && self.frame().held.contains(&region)
            {
                self.frame().leave(region);
            }
            self.frame().guard = guard;
            let changed = self.frame().rewind(mark);
            let held = std::mem::replace(&mut self.frame().held, entry_held.clone());
            if !exits {
                helds.push(held);
            }
            first_exits |= index == 0 && exits;
            all_exit &= exits;
            branches.push((changed, exits));
        }
        if !has_else {
            branches.push((Vec::new(), false));
            helds.push(entry_held.clone());
            all_exit = false;
        }
        self.frame().join(branches);
        if let Some(first) = helds.first() {
            self.frame().held = first
                .iter()
                .filter(|it| helds.iter().all(|held| held.contains(it)))
                .copied()
                .collect();
        }
        self.frame().guard = outer_guard;
        if first_exits && stmt.elif_else_clauses.is_empty() {
            // What follows is the implicit else; `block` restores the guard at the end.
            self.frame().assume(negate(&first_atoms));
            if let Some((lock, false)) = acquired {
                self.frame().enter(lock, false);
            }
        }
        all_exit
    }

    fn while_stmt(&mut self, stmt: &ast::StmtWhile) {
        self.enter_loop();
        let (atoms, acquired) = self.test(&stmt.test);
        let mark = self.frame().journal.len();
        let guard = self.frame().assume(atoms);
        let lock = acquired.filter(|(_, holds)| *holds);
        let region = lock.map(|(it, _)| self.frame().enter(it, false));
        self.block(&stmt.body);
        if let Some(region) = region.filter(|it| self.frame().held.contains(it)) {
            self.frame().leave(region);
        }
        self.frame().guard = guard;
        self.leave_loop(mark);
        self.block(&stmt.orelse);
    }

    fn enter_loop(&mut self) {
        let frame = self.frame();
        frame.clock += 1;
        frame.next_loop += 1;
        let id = frame.next_loop;
        frame.loops.push(id);
    }

    fn leave_loop(&mut self, mark: usize) {
        let frame = self.frame();
        frame.clock += 1;
        frame.loops.pop();
        let changed = frame.rewind(mark);
        frame.join(vec![(changed, false), (Vec::new(), false)]);
    }

    fn for_stmt(&mut self, stmt: &ast::StmtFor) {
        let elem = self.iterate(&stmt.iter);
        self.enter_loop();
        let mark = self.frame().journal.len();
        self.assign(&stmt.target, elem);
        self.block(&stmt.body);
        self.leave_loop(mark);
        self.block(&stmt.orelse);
    }

    /// Evaluates an iterable and returns one element of it.
    pub(crate) fn iterate(&mut self, iter: &Expr) -> Val {
        let iterable = self.eval(iter);
        self.access(iter.range(), iterable.origin, Op::Iterate, Key::NONE);
        let origin = self.frame().extend(iterable.origin, Step::Elem);
        Val::from_deps(origin, iterable.deps)
    }

    fn with_stmt(&mut self, stmt: &ast::StmtWith) -> bool {
        let mut regions = SmallVec::<[u32; 2]>::new();
        for item in &stmt.items {
            let val = self.eval(&item.context_expr);
            self.frame().clock += 1;
            regions.push(self.frame().enter(val.origin, stmt.is_async));
            if let Some(target) = &item.optional_vars {
                self.assign(target, val);
            }
        }
        let suppresses =
            stmt.items.iter().any(|it| mentions(self.text, it.context_expr.range(), "suppress"));
        self.frame().caught += u32::from(suppresses);
        let exits = self.block(&stmt.body);
        self.frame().caught -= u32::from(suppresses);
        for region in regions.into_iter().rev() {
            if self.frame().held.contains(&region) {
                self.frame().leave(region);
            }
        }
        exits
    }

    fn try_stmt(&mut self, stmt: &ast::StmtTry) -> bool {
        let catches = stmt.handlers.iter().any(|it| {
            let ast::ExceptHandler::ExceptHandler(it) = it;
            it.type_.as_ref().is_none_or(|it| catches_lookup(&self.text[it.range()]))
        });
        let first_event = to_u32(self.frame().facts.events.len());
        let mark = self.frame().journal.len();
        self.frame().caught += u32::from(catches);
        let body_exits = self.block(&stmt.body);
        self.frame().caught -= u32::from(catches);
        let last_event = to_u32(self.frame().facts.events.len());
        let held = self.frame().held.clone();
        let changed = self.frame().rewind(mark);
        let mut branches = vec![(changed, body_exits && stmt.handlers.is_empty())];
        let missed = self.missed(first_event, last_event);
        let mut all_exit = body_exits;
        for handler in &stmt.handlers {
            let ast::ExceptHandler::ExceptHandler(it) = handler;
            let lookup = it.type_.as_ref().is_some_and(|it| is_miss(&self.text[it.range()]));
            let guard = self.frame().guard;
            if lookup {
                self.frame().assume(missed.clone());
            }
            let mark = self.frame().journal.len();
            let exits = self.block(&it.body);
            self.frame().guard = guard;
            let changed = self.frame().rewind(mark);
            all_exit &= exits;
            branches.push((changed, exits));
            self.frame().held.clone_from(&held);
        }
        self.frame().join(branches);
        let else_exits = self.block(&stmt.orelse);
        let final_exits = self.block(&stmt.finalbody);
        all_exit || (else_exits && stmt.handlers.is_empty()) || final_exits
    }

    /// Lookups in a `try` body that may have failed when its handler runs.
    fn missed(&mut self, first: u32, last: u32) -> SmallVec<[Atom; 2]> {
        let frame = self.frame();
        (first..last)
            .filter(|it| {
                let event = &frame.facts.events[*it as usize];
                let attr = matches!(event.op, Op::Load)
                    && matches!(frame.facts.places[event.place as usize].path.last(), Some(Step::Attr(_)));
                attr || matches!(event.op, Op::GetItem)
                    || matches!(&event.op, Op::Method(name) if matches!(name.as_str(), "pop" | "index"))
            })
            .take(4)
            .map(|event| Atom { event, kind: AtomKind::Missing, holds: true })
            .collect()
    }

    fn match_stmt(&mut self, stmt: &ast::StmtMatch) {
        self.eval(&stmt.subject);
        let mut branches = Vec::new();
        for case in &stmt.cases {
            let mark = self.frame().journal.len();
            if let Some(guard) = &case.guard {
                self.test(guard);
            }
            let exits = self.block(&case.body);
            branches.push((self.frame().rewind(mark), exits));
        }
        branches.push((Vec::new(), false));
        self.frame().join(branches);
    }

    fn import(&mut self, stmt: &ast::StmtImport) {
        for alias in &stmt.names {
            let func = self.frame().scope;
            let site = self.site(stmt.range);
            if self.type_checking == 0 {
                self.imports.push(ImportSite { site, module: alias.name.id.clone(), func });
            }
            let (bound, target) = match &alias.asname {
                Some(name) => (name.id.clone(), alias.name.id.clone()),
                None => (first_part(&alias.name.id), first_part(&alias.name.id)),
            };
            self.bind_import(bound, target);
        }
        self.frame().clock += 1;
    }

    fn import_from(&mut self, stmt: &ast::StmtImportFrom) {
        let base =
            self.definitions.absolute(stmt.level, stmt.module.as_ref().map(|it| it.id.as_str()));
        let func = self.frame().scope;
        for alias in &stmt.names {
            if alias.name.as_str() == "*" {
                self.star_imports.push(Name::new(&base));
                continue;
            }
            let site = self.site(stmt.range);
            let target = Name::new(format!("{base}.{}", alias.name));
            if self.type_checking == 0 {
                self.imports.push(ImportSite { site, module: target.clone(), func });
            }
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).id.clone();
            self.bind_import(bound, target);
        }
        self.frame().clock += 1;
    }

    fn bind_import(&mut self, bound: Name, target: Name) {
        let scope = self.frame().scope;
        match self.scopes.home(scope, &bound) {
            Home::Global => {
                self.module_bindings.push((bound, crate::domain::Binding::Import(target)))
            }
            _ => {
                let origin = Origin::Place(self.frame().place(Base::Import(target), &[]));
                self.frame().bind(bound, Val::of(origin));
            }
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

/// `TYPE_CHECKING` or `typing.TYPE_CHECKING`.
fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id == "TYPE_CHECKING",
        Expr::Attribute(it) => it.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

/// `__name__ == "__main__"`.
fn is_main_test(test: &Expr) -> bool {
    matches!(test, Expr::Compare(it) if matches!(&*it.left, Expr::Name(name) if name.id == "__name__"))
}

fn mentions(text: &str, range: TextRange, word: &str) -> bool {
    text[range].contains(word)
}

/// Whether a handler's type catches what a lost check-then-act race raises.
fn catches_lookup(types: &str) -> bool {
    [
        "KeyError",
        "IndexError",
        "LookupError",
        "ValueError",
        "AttributeError",
        "Empty",
        "Exception",
        "RuntimeError",
    ]
    .iter()
    .any(|it| types.contains(it))
}

/// Whether a handler runs because something was not there.
fn is_miss(types: &str) -> bool {
    ["KeyError", "LookupError", "AttributeError", "NameError"].iter().any(|it| types.contains(it))
}
