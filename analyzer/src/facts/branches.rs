//! Lowers compound statements: branches with the tests that guard them, loops, regions, handlers.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};
use smallvec::SmallVec;

use super::frame::{Val, to_u32};
use super::lower::{Lowerer, negate};
use super::regions::Taken;
use crate::domain::{Atom, AtomKind, FunctionKind, Op, Step};

/// What a branch bound, whether control leaves it, and the regions it holds at its end.
type Branch = (Vec<(Name, Val)>, bool, SmallVec<[u32; 2]>);

impl Lowerer<'_> {
    pub(super) fn if_stmt(&mut self, stmt: &ast::StmtIf) -> bool {
        let main = self.frame().facts.kind == FunctionKind::Module && is_main_test(&stmt.test);
        let from = self.frame().seq;
        let exits = self.if_branches(stmt);
        if main {
            self.main = Some((from, self.frame().seq));
        }
        exits
    }

    fn if_branches(&mut self, stmt: &ast::StmtIf) -> bool {
        self.asks_before(stmt);
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
            let lock = acquired.filter(|(_, holds)| index == 0 && *holds).map(|it| it.0);
            let checking = index == 0 && is_type_checking(&stmt.test);
            self.type_checking += u32::from(checking);
            let branch = self.branch(body, &atoms, lock, &entry_held);
            self.type_checking -= u32::from(checking);
            let (changed, exits, held) = branch;
            helds.extend((!exits).then_some(held));
            first_exits |= index == 0 && exits;
            all_exit &= exits;
            branches.push((changed, exits));
        }
        if !has_else {
            branches.push((Vec::new(), false));
            helds.push(entry_held);
            all_exit = false;
        }
        self.frame().join(branches);
        self.frame().hold_common(&helds);
        self.frame().guard = outer_guard;
        if first_exits && stmt.elif_else_clauses.is_empty() {
            // What follows is the implicit else; `block` restores the guard at the end.
            self.frame().assume(negate(&first_atoms));
            if let Some((lock, false)) = acquired {
                self.frame().enter(lock);
            }
        }
        all_exit
    }

    /// Lowers one branch of an `if`: what it bound, whether control leaves it, what it holds at its end.
    fn branch(
        &mut self,
        body: &[ast::Stmt],
        atoms: &[Atom],
        lock: Option<Taken>,
        entry: &SmallVec<[u32; 2]>,
    ) -> Branch {
        let mark = self.frame().journal.len();
        let guard = self.frame().assume(atoms.iter().copied().collect());
        let region = lock.map(|it| self.frame().enter(it));
        let start = to_u32(self.frame().facts.events.len());
        let exits = self.block(body);
        let end = to_u32(self.frame().facts.events.len());
        if exits && start < end {
            self.frame().left.push((start, end));
        }
        if let Some(region) = region.filter(|it| self.frame().held.contains(it)) {
            self.frame().leave(region);
        }
        self.frame().guard = guard;
        let changed = self.frame().rewind(mark);
        let held = std::mem::replace(&mut self.frame().held, entry.clone());
        (changed, exits, held)
    }

    pub(super) fn while_stmt(&mut self, stmt: &ast::StmtWhile) {
        self.enter_loop();
        let (atoms, acquired) = self.test(&stmt.test);
        let mark = self.frame().journal.len();
        let guard = self.frame().assume(atoms);
        let lock = acquired.filter(|(_, holds)| *holds);
        let region = lock.map(|(it, _)| self.frame().enter(it));
        self.block(&stmt.body);
        if let Some(region) = region.filter(|it| self.frame().held.contains(it)) {
            self.frame().leave(region);
        }
        self.frame().guard = guard;
        self.leave_loop(mark);
        self.block(&stmt.orelse);
    }

    pub(super) fn enter_loop(&mut self) {
        let frame = self.frame();
        frame.clock += 1;
        frame.next_loop += 1;
        let id = frame.next_loop;
        frame.loops.push(id);
    }

    pub(super) fn leave_loop(&mut self, mark: usize) {
        let frame = self.frame();
        frame.clock += 1;
        frame.loops.pop();
        let changed = frame.rewind(mark);
        frame.join(vec![(changed, false), (Vec::new(), false)]);
    }

    pub(super) fn for_stmt(&mut self, stmt: &ast::StmtFor) {
        let start = to_u32(self.frame().facts.events.len());
        let elem = self.iterate(&stmt.iter);
        self.enter_loop();
        let mark = self.frame().journal.len();
        self.assign(&stmt.target, elem);
        self.block(&stmt.body);
        self.note_index_loop(stmt, start);
        self.leave_loop(mark);
        self.block(&stmt.orelse);
    }

    pub(super) fn try_stmt(&mut self, stmt: &ast::StmtTry) -> bool {
        let catches = stmt.handlers.iter().any(|it| {
            let ast::ExceptHandler::ExceptHandler(it) = it;
            it.type_.as_ref().is_none_or(|it| catches_lookup(&self.text[it.range()]))
        });
        // A handler that raises something else only tells it in other words.
        let expects = stmt.handlers.iter().any(|it| {
            let ast::ExceptHandler::ExceptHandler(it) = it;
            let named =
                it.type_.as_ref().is_some_and(|it| mentions(self.text, it.range(), "RuntimeError"));
            named && !it.body.iter().any(ast::Stmt::is_raise_stmt)
        });
        let first_event = to_u32(self.frame().facts.events.len());
        let mark = self.frame().journal.len();
        self.frame().caught += u32::from(catches);
        self.frame().expected += u32::from(expects);
        let body_exits = self.block(&stmt.body);
        self.frame().caught -= u32::from(catches);
        self.frame().expected -= u32::from(expects);
        let last_event = to_u32(self.frame().facts.events.len());
        let held = self.frame().held.clone();
        let changed = self.frame().rewind(mark);
        let mut branches = vec![(changed, body_exits && stmt.handlers.is_empty())];
        let missed = self.missed(first_event, last_event);
        let mut all_exit = body_exits;
        let mut goes_on_only_after_miss = body_exits && stmt.orelse.is_empty();
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
            goes_on_only_after_miss &= exits || lookup;
            branches.push((changed, exits));
            self.frame().held.clone_from(&held);
        }
        self.frame().join(branches);
        // `try: return d[k]`, `except KeyError: pass`: what follows runs when the key was not there.
        if goes_on_only_after_miss && !all_exit {
            self.frame().assume(missed);
        }
        let else_exits = self.block(&stmt.orelse);
        let final_exits = self.block(&stmt.finalbody);
        all_exit || (else_exits && stmt.handlers.is_empty()) || final_exits
    }

    /// Lookups in a `try` body that may have failed when its handler runs.
    pub(super) fn missed(&mut self, first: u32, last: u32) -> SmallVec<[Atom; 2]> {
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

    pub(super) fn match_stmt(&mut self, stmt: &ast::StmtMatch) {
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
}

/// `TYPE_CHECKING` or `typing.TYPE_CHECKING`.
pub(super) fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id == "TYPE_CHECKING",
        Expr::Attribute(it) => it.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

/// `__name__ == "__main__"`.
pub(super) fn is_main_test(test: &Expr) -> bool {
    matches!(test, Expr::Compare(it) if matches!(&*it.left, Expr::Name(name) if name.id == "__name__"))
}

pub(super) fn mentions(text: &str, range: TextRange, word: &str) -> bool {
    text[range].contains(word)
}

/// Whether a handler's type catches what a lost check-then-act race raises.
pub(super) fn catches_lookup(types: &str) -> bool {
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
pub(super) fn is_miss(types: &str) -> bool {
    ["KeyError", "LookupError", "AttributeError", "NameError"].iter().any(|it| types.contains(it))
}
