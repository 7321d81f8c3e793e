//! What a test tells about the places it looks at.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, CmpOp, Expr};
use ruff_text_size::Ranged;
use smallvec::{SmallVec, smallvec};

use super::frame::Val;
use super::lower::{Lowerer, negate};
use super::regions::Taken;
use crate::domain::{Atom, AtomKind, Key, Op, Origin, Step};

/// Atoms of a test, and the lock it tried to take with the outcome under which it is held.
pub(crate) type Tested = (SmallVec<[Atom; 2]>, Option<(Taken, bool)>);

impl Lowerer<'_> {
    /// Evaluates a test.
    pub(crate) fn test(&mut self, expr: &Expr) -> Tested {
        match expr {
            Expr::BoolOp(it) => {
                let mut atoms = SmallVec::new();
                let mut lock = None;
                let outer = self.frame().guard;
                for value in &it.values {
                    let (more, acquired) = self.test(value);
                    let holds = it.op == ast::BoolOp::And;
                    self.frame().assume(if holds { more.clone() } else { negate(&more) });
                    atoms.extend(more);
                    lock = lock.or(acquired);
                }
                self.frame().guard = outer;
                (atoms, lock)
            }
            Expr::UnaryOp(it) if it.op == ast::UnaryOp::Not => {
                let (atoms, lock) = self.test(&it.operand);
                (negate(&atoms), lock.map(|(it, holds)| (it, !holds)))
            }
            Expr::Compare(it) => (self.compare(it), None),
            Expr::Named(it) => {
                let val = self.eval(&it.value);
                self.assign(&it.target, val.clone());
                (Self::truth_atoms(&val, true), None)
            }
            Expr::Call(it) => self.tested_call(it, expr),
            _ => {
                let val = self.eval(expr);
                self.asks_truth(expr, val.origin);
                (Self::truth_atoms(&val, true), None)
            }
        }
    }

    /// The truth of a value: of the event that produced it, and something about those before.
    pub(crate) fn truth_atoms(val: &Val, holds: bool) -> SmallVec<[Atom; 2]> {
        if !val.truth.is_empty() {
            return if holds { val.truth.iter().copied().collect() } else { negate(&val.truth) };
        }
        atoms(val, AtomKind::Truthy, holds)
    }

    fn tested_call(&mut self, it: &ast::ExprCall, expr: &Expr) -> Tested {
        let hasattr = matches!(&*it.func, Expr::Name(name) if name.id == "hasattr");
        if let (true, [object, Expr::StringLiteral(name)]) = (hasattr, it.arguments.args.as_ref()) {
            let receiver = self.eval(object);
            let origin =
                self.frame().extend(receiver.origin, Step::Attr(Name::new(name.value.to_str())));
            self.frame().clock += 1;
            let event = self.access(it.range(), origin, Op::Load, Key::NONE);
            return (
                event
                    .map(|event| Atom { event, kind: AtomKind::In, holds: true })
                    .into_iter()
                    .collect(),
                None,
            );
        }
        if let Expr::Attribute(func) = &*it.func {
            match func.attr.as_str() {
                "acquire" => {
                    let lock = self.taken(expr);
                    self.eval(expr);
                    return (SmallVec::new(), lock.map(|it| (it, true)));
                }
                "empty" => {
                    let val = self.eval(expr);
                    return (atoms(&val, AtomKind::Truthy, false), None);
                }
                "is_set" | "is_alive" | "locked" => {
                    self.eval(expr);
                    return (SmallVec::new(), None);
                }
                _ => {}
            }
        }
        let val = self.eval(expr);
        let mut atoms = Self::truth_atoms(&val, true);
        atoms.extend(self.predicate(it));
        (atoms, None)
    }

    /// `if self.has(key): ...`: what the method looks at is found out later.
    fn predicate(&mut self, it: &ast::ExprCall) -> Option<Atom> {
        let Expr::Attribute(func) = &*it.func else { return None };
        let Expr::Name(receiver) = &*func.value else { return None };
        if self.frame().self_name.as_ref() != Some(&receiver.id) {
            return None;
        }
        let receiver = self.eval(&func.value);
        let method = self.frame().extend(receiver.origin, Step::Attr(func.attr.id.clone()));
        let event = self.access(it.range(), method, Op::Load, Key::NONE)?;
        self.frame().facts.events[event as usize].flags.predicate = true;
        Some(Atom { event, kind: AtomKind::Truthy, holds: true })
    }

    fn compare(&mut self, it: &ast::ExprCompare) -> SmallVec<[Atom; 2]> {
        self.asks_compared(it);
        let left = self.eval(&it.left);
        let ([op], [right]) = (it.ops.as_ref(), it.comparators.as_ref()) else {
            let mut all = left;
            for comparator in &it.comparators {
                let val = self.eval(comparator);
                all.absorb(&val);
            }
            return all_compared(&all);
        };
        match op {
            CmpOp::In | CmpOp::NotIn => {
                let container = self.eval(right);
                // A dict is asked for a key at once, its values are gone through; `keys()` and `items()` ask the dict.
                if is_values(right) {
                    self.consume_all(right.range(), &container.lazy);
                }
                let key = super::frame::key_of(self.text, it.left.range());
                match self.access(it.range, container.origin, Op::Contains, key) {
                    Some(event) => {
                        smallvec![Atom { event, kind: AtomKind::In, holds: *op == CmpOp::In }]
                    }
                    None => all_compared(&Val::mix([left, container])),
                }
            }
            CmpOp::Is | CmpOp::IsNot | CmpOp::Eq | CmpOp::NotEq => {
                let other = self.eval(right);
                let holds = matches!(op, CmpOp::Is | CmpOp::Eq);
                match (other.origin, right) {
                    (Origin::Nothing, _) => atoms(&left, AtomKind::IsNone, holds),
                    (Origin::Bool(value), _) => atoms(&left, AtomKind::Truthy, holds == value),
                    (Origin::Number, Expr::NumberLiteral(_))
                        if is_len(&it.left) && is_zero(right) =>
                    {
                        atoms(&left, AtomKind::Truthy, !holds)
                    }
                    (_, Expr::Name(name)) if is_sentinel(&name.id) => {
                        atoms(&left, AtomKind::IsNone, holds)
                    }
                    _ => all_compared(&Val::mix([left, other])),
                }
            }
            _ => {
                let other = self.eval(right);
                if is_len(&it.left)
                    && right.is_number_literal_expr()
                    && matches!(op, CmpOp::Gt | CmpOp::GtE)
                {
                    return atoms(&left, AtomKind::Truthy, true);
                }
                let mut atoms = all_compared(&Val::mix([left, other]));
                atoms.iter_mut().for_each(|it| it.kind = AtomKind::Ordered);
                atoms
            }
        }
    }
}

fn atoms(val: &Val, kind: AtomKind, holds: bool) -> SmallVec<[Atom; 2]> {
    let mut out: SmallVec<[Atom; 2]> = SmallVec::new();
    for event in &val.deps {
        let direct = Some(*event) == val.main;
        let (kind, holds) = if direct { (kind, holds) } else { (AtomKind::Compared, true) };
        out.push(Atom { event: *event, kind, holds });
    }
    out
}

fn all_compared(val: &Val) -> SmallVec<[Atom; 2]> {
    val.deps
        .iter()
        .map(|event| Atom { event: *event, kind: AtomKind::Compared, holds: true })
        .collect()
}

fn is_len(expr: &Expr) -> bool {
    match expr {
        Expr::Call(it) => match &*it.func {
            Expr::Name(name) => name.id == "len",
            Expr::Attribute(it) => it.attr.as_str() == "qsize",
            _ => false,
        },
        _ => false,
    }
}

/// `d.values()`
fn is_values(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(it) if matches!(&*it.func, Expr::Attribute(it) if matches!(it.attr.as_str(), "values" | "itervalues")))
}

fn is_zero(expr: &Expr) -> bool {
    matches!(expr, Expr::NumberLiteral(it) if matches!(&it.value, ast::Number::Int(int) if int.as_u8() == Some(0)))
}

/// Names people give to "not there" markers.
fn is_sentinel(name: &Name) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "missing",
        "sentinel",
        "unset",
        "undefined",
        "not_found",
        "notfound",
        "no_value",
        "empty",
        "nothing",
        "marker",
    ]
    .iter()
    .any(|it| lower.contains(it))
}
