//! Windows whose shape only the statement shows: exchanges, loops over indices, results that a decorator keeps.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use crate::domain::{Base, Bound, Candidate, Key, NONE, Op, Origin, Step};
use crate::evidence::Pattern;
use crate::facts::frame::{key_of, to_u32};
use crate::facts::lower::Lowerer;

impl Lowerer<'_> {
    /// `a[i], a[j] = a[j], a[i]`, once it is lowered; `first` read the first value.
    pub(in crate::facts) fn note_swap(
        &mut self,
        targets: &[Expr],
        values: &[Expr],
        first: Option<u32>,
    ) {
        let ([a, b], [c, d], Some(first)) = (targets, values, first) else { return };
        let place = |it: &Expr| matches!(it, Expr::Attribute(_) | Expr::Subscript(_));
        let same = |a: &Expr, b: &Expr| self.text[a.range()] == self.text[b.range()];
        if !place(a) || !place(b) || !same(a, d) || !same(b, c) {
            return;
        }
        let facts = &mut self.frame().facts;
        let last = to_u32(facts.events.len().saturating_sub(1));
        let Some(event) = facts.events.last() else { return };
        if matches!(event.op, Op::SetItem | Op::Store) && !event.flags.owned && first < last {
            facts.candidates.push(Candidate { pattern: Pattern::Swap, first, last });
        }
    }

    /// `for i in range(len(xs)): ... xs[i]`, once it is lowered from event `start` on.
    pub(in crate::facts) fn note_index_loop(&mut self, stmt: &ast::StmtFor, start: u32) {
        let (Expr::Name(target), Expr::Call(range)) = (&*stmt.target, &*stmt.iter) else { return };
        let counts = matches!(&*range.func, Expr::Name(name) if name.id == "range");
        let is_len = |it: &Expr| matches!(it, Expr::Call(it) if matches!(&*it.func, Expr::Name(name) if name.id == "len"));
        if !counts || !range.arguments.args.iter().take(2).any(is_len) {
            return;
        }
        let key = key_of(self.text, target.range());
        let facts = &mut self.frame().facts;
        let events = facts.events.iter().enumerate().skip(start as usize);
        let Some((first, place)) =
            events.clone().find(|(_, it)| it.op == Op::Len).map(|(index, it)| (index, it.place))
        else {
            return;
        };
        let last = events.clone().find(|(_, it)| {
            it.place == place
                && matches!(it.op, Op::GetItem | Op::SetItem | Op::DelItem)
                && it.key == key
                && !it.flags.owned
                && !it.flags.caught
        });
        if let Some((last, _)) = last {
            let (first, last) = (to_u32(first), to_u32(last));
            facts.candidates.push(Candidate { pattern: Pattern::IndexLoop, first, last });
        }
    }

    /// A function under a decorator that may keep its result: what it makes and returns is stored there.
    pub(in crate::facts) fn note_cached(&mut self, def: &ast::StmtFunctionDef) {
        let named = |it: &ast::Decorator| {
            let callee = match &it.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            let name = match callee {
                Expr::Name(name) => &name.id,
                Expr::Attribute(it) => &it.attr.id,
                _ => return false,
            };
            name.contains("cache")
        };
        if !def.decorator_list.iter().any(named) {
            return;
        }
        let facts = &self.frame().facts;
        let made = facts.returns.iter().find_map(|it| match *it {
            Origin::Call(call) => Some((*it, facts.calls[call as usize].site)),
            _ => None,
        });
        let Some((value, site)) = made else { return };
        let step = Step::Attr(Name::new(format!("{} (cached)", def.name.id)));
        let base = match (facts.class, facts.bound) {
            (NONE, _) if self.frames.len() == 2 => Base::Global(def.name.id.clone()),
            (NONE, _) => return,
            (_, Bound::Instance) => Base::SelfObj,
            _ => Base::Cls,
        };
        let frame = self.frame();
        let place = frame.place(base, &[step]);
        let last = frame.record(site, place, Op::Store, Key::NONE);
        frame.facts.events[last as usize].value = value;
        frame.facts.candidates.push(Candidate {
            pattern: Pattern::CachedFactory,
            first: last,
            last,
        });
    }

    /// A module's `__getattr__` with an import statement that looks the name up on the module again.
    pub(in crate::facts) fn note_lazy_module(&mut self, def: &ast::StmtFunctionDef) {
        if def.name.as_str() != "__getattr__" || self.frames.len() != 2 {
            return;
        }
        let text = &self.text[def.range()];
        if text.contains("globals()") || text.contains("setattr(") {
            return;
        }
        let mut found = None;
        for_each_import(&def.body, 0, &mut |range| found = found.or(Some(range)));
        let Some(range) = found else { return };
        let site = self.site(range);
        let frame = self.frame();
        let place = frame.place(
            Base::Global(Name::new_static("__getattr__")),
            &[Step::Attr(Name::new_static("(lazy)"))],
        );
        let last = frame.record(site, place, Op::Store, Key::NONE);
        let pattern = Pattern::LazySubmodule;
        frame.facts.candidates.push(Candidate { pattern, first: last, last });
    }
}

/// Import statements that end in a lookup on the package: `import package.name as name`. (`from . import name` asks the
/// package first, and calls `__getattr__` for ever in a single thread.)
fn for_each_import(body: &[Stmt], depth: u32, found: &mut impl FnMut(ruff_text_size::TextRange)) {
    if depth > 8 {
        return;
    }
    for stmt in body {
        match stmt {
            Stmt::Import(it)
                if it.names.iter().any(|it| it.asname.is_some() && it.name.contains('.')) =>
            {
                found(it.range);
            }
            Stmt::If(it) => {
                for_each_import(&it.body, depth + 1, found);
                for clause in &it.elif_else_clauses {
                    for_each_import(&clause.body, depth + 1, found);
                }
            }
            Stmt::Try(it) => for_each_import(&it.body, depth + 1, found),
            Stmt::With(it) => for_each_import(&it.body, depth + 1, found),
            _ => {}
        }
    }
}
