//! Lowers expressions: values with their origins, accesses, calls.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::frame::{Val, key_of};
use super::lower::Lowerer;
use crate::domain::{Atom, AtomKind, Base, Bound, Container, FunctionKind, Key, Op, Origin, Step};
use crate::index::scopes::Home;

impl Lowerer<'_> {
    /// Evaluates an expression.
    pub(crate) fn eval(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::Name(name) => self.load_name(&name.id, expr),
            Expr::Attribute(it) => self.load_attribute(it),
            Expr::Subscript(it) => self.load_subscript(it),
            Expr::Call(it) => self.call(it),
            Expr::NoneLiteral(_) => Val::of(Origin::Nothing),
            Expr::BooleanLiteral(it) => Val::of(Origin::Bool(it.value)),
            Expr::NumberLiteral(_) => Val::of(Origin::Number),
            Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::EllipsisLiteral(_) => {
                Val::of(Origin::Immutable)
            }
            Expr::FString(_) | Expr::TString(_) => self.eval_children(expr, Origin::Immutable),
            Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Set(_)
            | Expr::Dict(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::Generator(_)
            | Expr::DictComp(_) => self.container(expr),
            Expr::Lambda(it) => self.lambda(it),
            Expr::Named(it) => {
                let val = self.eval(&it.value);
                self.assign(&it.target, val.clone());
                val
            }
            Expr::BoolOp(it) => self.bool_op(it),
            Expr::If(it) => self.conditional(it),
            Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) => self.suspended(expr),
            Expr::Starred(it) => self.eval(&it.value),
            Expr::Compare(_) => {
                let (atoms, _) = self.test(expr);
                let deps = atoms.iter().map(|it| it.event).collect();
                let truth = atoms.into_iter().collect();
                Val { origin: Origin::Immutable, deps, truth, ..Val::default() }
            }
            Expr::UnaryOp(it) if it.op == ast::UnaryOp::Not => {
                let val = self.eval(&it.operand);
                self.asks_truth(&it.operand, val.origin);
                let truth =
                    super::lower::negate(&Self::truth_atoms(&val, true)).into_iter().collect();
                Val { origin: Origin::Immutable, deps: val.deps, truth, ..Val::default() }
            }
            Expr::BinOp(it) => {
                let parts = [self.eval(&it.left), self.eval(&it.right)];
                let number = parts.iter().all(|it| it.origin == Origin::Number);
                // Text is formatted, or put together.
                let text = matches!(it.op, ast::Operator::Add | ast::Operator::Mod)
                    && parts.iter().any(|it| it.origin == Origin::Immutable);
                let origin = match (number, text) {
                    (true, _) => Origin::Number,
                    (_, true) => Origin::Immutable,
                    _ => Origin::Unknown,
                };
                Val { origin, ..Val::mix(parts) }
            }
            _ => self.eval_children(expr, Origin::Unknown),
        }
    }

    /// Expressions at which the function gives up control.
    fn suspended(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::Await(it) => {
                let val = self.eval(&it.value);
                self.frame().clock += 1;
                if let Origin::Call(call) = val.origin {
                    self.frame().facts.calls[call as usize].awaited = true;
                }
                val
            }
            Expr::Yield(it) => {
                let val = it.value.as_deref().map(|it| self.eval(it)).unwrap_or_default();
                self.yielded(val.origin);
                Val::default()
            }
            Expr::YieldFrom(it) => {
                let val = self.iterate(&it.value);
                self.yielded(val.origin);
                Val::default()
            }
            _ => Val::default(),
        }
    }

    fn container(&mut self, expr: &Expr) -> Val {
        match expr {
            Expr::List(it) => self.display(&it.elts, Container::List),
            Expr::Tuple(it) => self.display(&it.elts, Container::Tuple),
            Expr::Set(it) => self.display(&it.elts, Container::Set),
            Expr::Dict(it) => {
                it.items.iter().filter_map(|it| it.key.as_ref()).for_each(|it| {
                    self.eval(it);
                });
                let vals: Vec<_> = it.items.iter().map(|it| self.eval(&it.value)).collect();
                self.made(vals, Container::Dict)
            }
            Expr::ListComp(it) => self.comprehension(&it.generators, &[&it.elt], Container::List),
            Expr::SetComp(it) => self.comprehension(&it.generators, &[&it.elt], Container::Set),
            Expr::Generator(it) => {
                self.comprehension(&it.generators, &[&it.elt], Container::Generator)
            }
            Expr::DictComp(it) => match &it.key {
                Some(key) => self.comprehension(&it.generators, &[&it.value, key], Container::Dict),
                None => self.comprehension(&it.generators, &[&it.value], Container::Dict),
            },
            _ => Val::default(),
        }
    }

    fn eval_children(&mut self, expr: &Expr, origin: Origin) -> Val {
        struct Children<'a>(Vec<&'a Expr>);
        impl<'a> ruff_python_ast::visitor::Visitor<'a> for Children<'a> {
            fn visit_expr(&mut self, expr: &'a Expr) {
                self.0.push(expr);
            }
        }
        let mut children = Children(Vec::new());
        ruff_python_ast::visitor::walk_expr(&mut children, expr);
        let parts: Vec<_> = children.0.into_iter().map(|it| self.eval(it)).collect();
        Val { origin, ..Val::mix(parts) }
    }

    fn yielded(&mut self, origin: Origin) {
        let held = self.frame().held_now();
        let frame = self.frame();
        frame.escape(origin);
        if !frame.facts.is_generator {
            frame.facts.yield_held = held;
        }
        frame.facts.is_generator = true;
        frame.clock += 1;
    }

    fn display(&mut self, elts: &[Expr], kind: Container) -> Val {
        let vals: Vec<_> = elts.iter().map(|it| self.eval(it)).collect();
        self.made(vals, kind)
    }

    fn made(&mut self, vals: Vec<Val>, kind: Container) -> Val {
        let origin = self.frame().alloc(kind, vals.iter().map(|it| it.origin).collect());
        Val { origin, ..Val::mix(vals) }
    }

    /// `a or b`: the value of either; each later operand depends on the earlier ones.
    fn bool_op(&mut self, it: &ast::ExprBoolOp) -> Val {
        let outer = self.frame().guard;
        let mut parts = Vec::new();
        for value in &it.values {
            let val = self.eval(value);
            let atoms = Self::truth_atoms(&val, it.op == ast::BoolOp::And);
            self.frame().assume(atoms);
            parts.push(val);
        }
        self.frame().guard = outer;
        // `self.lock or nullcontext()` is the lock when there is one.
        let no_lock = it.values.last().is_some_and(is_nullcontext);
        let skipped = usize::from(no_lock && parts.len() > 1);
        let origin = parts
            .iter()
            .rev()
            .skip(skipped)
            .map(|it| it.origin)
            .find(|it| *it != Origin::Unknown)
            .unwrap_or_default();
        let tested =
            if it.op == ast::BoolOp::Or { parts.first().and_then(|it| it.main) } else { None };
        let chosen = tested.map(|event| Atom { event, kind: AtomKind::Truthy, holds: false });
        Val { origin, chosen, ..Val::mix(parts) }
    }

    fn conditional(&mut self, it: &ast::ExprIf) -> Val {
        let (atoms, _) = self.test(&it.test);
        let outer = self.frame().assume(atoms.clone());
        let body = self.eval(&it.body);
        self.frame().guard = outer;
        self.frame().assume(super::lower::negate(&atoms));
        let orelse = self.eval(&it.orelse);
        self.frame().guard = outer;
        let origin = match (body.origin, orelse.origin) {
            (Origin::Nothing, other) => other,
            // `given if given else set()`: what is made says more than the bare argument.
            (Origin::Place(place), made @ (Origin::Call(_) | Origin::Alloc(_)))
                if self.is_argument(place) =>
            {
                made
            }
            (origin, _) => origin,
        };
        // `x if x is not None else make()` is made when the test fails, the other way round when it holds.
        let keeps = |val: &Val| val.main.is_some();
        let chosen = match (keeps(&body), keeps(&orelse)) {
            (true, false) => atoms.last().map(|it| Atom { holds: !it.holds, ..*it }),
            (false, true) => atoms.last().copied(),
            _ => None,
        };
        let mut val = Val { origin, chosen, ..Val::mix([body, orelse]) };
        val.deps.extend(atoms.iter().map(|it| it.event));
        val
    }

    fn is_argument(&mut self, place: u32) -> bool {
        let place = &self.frame().facts.places[place as usize];
        matches!(place.base, Base::Param(_)) && place.path.is_empty()
    }

    fn load_name(&mut self, name: &Name, expr: &Expr) -> Val {
        if let Some(val) = self.frame().env.get(name) {
            return val.clone();
        }
        let scope = self.frame().scope;
        let base = match self.scopes.home(scope, name) {
            Home::Cell(owner) => Base::Cell(owner, name.clone()),
            Home::Local | Home::Class if self.definitions.bound.contains(name) && scope != 0 => {
                Base::Global(name.clone())
            }
            Home::Local | Home::Class => return Val::default(),
            Home::Global => Base::Global(name.clone()),
        };
        let variable = match &base {
            Base::Cell(..) => true,
            _ => self.definitions.variables.contains(name),
        };
        let origin = Origin::Place(self.frame().place(base, &[]));
        let mut val = Val::of(origin);
        if variable {
            val.main = self.access(expr.range(), origin, Op::Load, Key::NONE);
            val.deps.extend(val.main);
        }
        val
    }

    fn load_attribute(&mut self, it: &ast::ExprAttribute) -> Val {
        let receiver = self.eval(&it.value);
        self.frame().note_use(&receiver);
        if it.attr.as_str() == "__class__" && self.is_self(receiver.origin) {
            return Val::of(Origin::Place(self.frame().place(Base::Cls, &[])));
        }
        let origin = self.frame().extend(receiver.origin, Step::Attr(it.attr.id.clone()));
        self.asks_for(it.range(), origin, &it.attr.id);
        let mut val = Val::from_deps(origin, receiver.deps);
        if !self.is_imported(receiver.origin) {
            val.main = self.access(it.range(), origin, Op::Load, Key::NONE);
        }
        val.deps.extend(val.main);
        val
    }

    /// A name that an import binds: reading its attributes is hardly ever an access to a variable.
    pub(super) fn is_imported(&mut self, origin: Origin) -> bool {
        let definitions = self.definitions;
        let frame = self.frame();
        matches!(origin, Origin::Place(id) if match &frame.facts.places[id as usize].base {
            Base::Import(_) => true,
            Base::Global(name) => definitions.imported.contains(name) || !definitions.bound.contains(name),
            _ => false,
        })
    }

    pub(super) fn is_self(&mut self, origin: Origin) -> bool {
        let frame = self.frame();
        matches!(origin, Origin::Place(id) if frame.facts.places[id as usize].base == Base::SelfObj
            && frame.facts.places[id as usize].path.is_empty())
    }

    fn load_subscript(&mut self, it: &ast::ExprSubscript) -> Val {
        let receiver = self.eval(&it.value);
        self.frame().note_use(&receiver);
        let index = self.eval(&it.slice);
        let key = self.key(&it.slice);
        let main = self.access(it.range(), receiver.origin, Op::GetItem, key);
        let mut origin = self.frame().extend(receiver.origin, Step::Elem);
        if it.slice.is_slice_expr() {
            // A piece of a sequence is an object of its own, and what it is made of is not said.
            origin = self.frame().alloc(Container::Tuple, vec![origin]);
        }
        let mut val = Val { main, ..Val::from_deps(origin, receiver.deps) };
        val.absorb(&index);
        val.deps.extend(main);
        val
    }

    /// The key of a subscript.
    pub(crate) fn key(&mut self, slice: &Expr) -> Key {
        if matches!(slice, Expr::Slice(_)) {
            return Key::NONE;
        }
        if let Expr::Name(name) = slice
            && self.is_number_of_thread(&name.id)
        {
            return Key::PER_THREAD;
        }
        key_of(self.text, slice.range())
    }

    /// `tid = threading.get_ident()`: a local that differs from thread to thread.
    fn is_number_of_thread(&mut self, name: &Name) -> bool {
        let frame = self.frame();
        let Some(Val { origin: Origin::Call(call), .. }) = frame.env.get(name) else {
            return false;
        };
        let Origin::Place(callee) = frame.facts.calls[*call as usize].callee else { return false };
        let callee = &frame.facts.places[callee as usize];
        let ((Some(Step::Attr(last)), _) | (None, Base::Global(last))) =
            (callee.path.last(), &callee.base)
        else {
            return false;
        };
        matches!(last.as_str(), "get_ident" | "get_native_id" | "current_thread")
    }

    /// The instance an annotation promises, if it names a class plainly.
    pub(crate) fn annotation(&mut self, annotation: &Expr) -> Origin {
        match annotation {
            Expr::Name(name) => {
                let place = self.frame().place(Base::Global(name.id.clone()), &[]);
                Origin::Instance(place)
            }
            Expr::Attribute(it) => {
                let Expr::Name(module) = &*it.value else { return Origin::Unknown };
                let step = Step::Attr(it.attr.id.clone());
                let place = self.frame().place(Base::Global(module.id.clone()), &[step]);
                Origin::Instance(place)
            }
            Expr::BinOp(it) if it.op == ast::Operator::BitOr && it.right.is_none_literal_expr() => {
                self.annotation(&it.left)
            }
            Expr::Subscript(it) => match &*it.value {
                Expr::Name(name)
                    if matches!(
                        name.id.as_str(),
                        "Optional" | "ClassVar" | "Final" | "Annotated"
                    ) =>
                {
                    match &*it.slice {
                        Expr::Tuple(parts) => {
                            parts.elts.first().map_or(Origin::Unknown, |it| self.annotation(it))
                        }
                        inner => self.annotation(inner),
                    }
                }
                outer => self.annotation(outer),
            },
            Expr::StringLiteral(it) => {
                let text = it.value.to_str();
                let plain = text.chars().all(|it| it.is_alphanumeric() || it == '_');
                if !plain || text.is_empty() {
                    return Origin::Unknown;
                }
                let place = self.frame().place(Base::Global(Name::new(text)), &[]);
                Origin::Instance(place)
            }
            _ => Origin::Unknown,
        }
    }

    /// The base of the first parameter of a method.
    pub(crate) fn receiver_base(&mut self) -> Option<Base> {
        match (self.frame().facts.bound, self.frame().facts.kind) {
            (Bound::Instance, _) => Some(Base::SelfObj),
            (Bound::Class, _) | (_, FunctionKind::ClassBody) => Some(Base::Cls),
            _ => None,
        }
    }
}

/// `contextlib.nullcontext()`, which stands where a lock may be missing.
fn is_nullcontext(expr: &Expr) -> bool {
    let Expr::Call(it) = expr else { return false };
    match &*it.func {
        Expr::Name(name) => name.id == "nullcontext",
        Expr::Attribute(it) => it.attr.as_str() == "nullcontext",
        _ => false,
    }
}
