//! Lowers expressions: values with their origins, accesses, calls.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Number};
use ruff_text_size::Ranged;

use super::frame::{Val, key_of};
use super::lower::Lowerer;
use crate::domain::{
    Arg, Atom, AtomKind, Base, Bound, Call, Container, FunctionKind, Key, NONE, Op, Origin, Step,
};
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
            Expr::Lambda(it) => self.lambda(it),
            Expr::Named(it) => {
                let val = self.eval(&it.value);
                self.assign(&it.target, val.clone());
                val
            }
            Expr::BoolOp(it) => self.bool_op(it),
            Expr::If(it) => self.conditional(it),
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
            Expr::Starred(it) => self.eval(&it.value),
            Expr::Compare(_) => {
                let (atoms, _) = self.test(expr);
                let deps = atoms.iter().map(|it| it.event).collect();
                Val { deps, truth: atoms.into_iter().collect(), ..Val::default() }
            }
            Expr::UnaryOp(it) if it.op == ast::UnaryOp::Not => {
                let val = self.eval(&it.operand);
                let truth =
                    super::lower::negate(&self.truth_atoms(&val, true)).into_iter().collect();
                Val { deps: val.deps, truth, ..Val::default() }
            }
            Expr::BinOp(it) => {
                let parts = [self.eval(&it.left), self.eval(&it.right)];
                let number = parts.iter().all(|it| it.origin == Origin::Number);
                let origin = if number { Origin::Number } else { Origin::Unknown };
                Val { origin, ..Val::mix(parts) }
            }
            _ => self.eval_children(expr, Origin::Unknown),
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
            let atoms = self.truth_atoms(&val, it.op == ast::BoolOp::And);
            self.frame().assume(atoms);
            parts.push(val);
        }
        self.frame().guard = outer;
        let origin = parts
            .iter()
            .rev()
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
        let origin = if body.origin == Origin::Nothing { orelse.origin } else { body.origin };
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
        if it.attr.as_str() == "__class__" && self.is_self(receiver.origin) {
            return Val::of(Origin::Place(self.frame().place(Base::Cls, &[])));
        }
        let origin = self.frame().extend(receiver.origin, Step::Attr(it.attr.id.clone()));
        let mut val = Val::from_deps(origin, receiver.deps);
        if !self.is_imported(receiver.origin) {
            val.main = self.access(it.range(), origin, Op::Load, Key::NONE);
        }
        val.deps.extend(val.main);
        val
    }

    /// A name that an import binds: reading its attributes is hardly ever an access to a variable.
    fn is_imported(&mut self, origin: Origin) -> bool {
        let definitions = self.definitions;
        let frame = self.frame();
        matches!(origin, Origin::Place(id) if match &frame.facts.places[id as usize].base {
            Base::Import(_) => true,
            Base::Global(name) => definitions.imported.contains(name) || !definitions.bound.contains(name),
            _ => false,
        })
    }

    fn is_self(&mut self, origin: Origin) -> bool {
        let frame = self.frame();
        matches!(origin, Origin::Place(id) if frame.facts.places[id as usize].base == Base::SelfObj
            && frame.facts.places[id as usize].path.is_empty())
    }

    fn load_subscript(&mut self, it: &ast::ExprSubscript) -> Val {
        let receiver = self.eval(&it.value);
        let index = self.eval(&it.slice);
        let key = self.key(&it.slice);
        let main = self.access(it.range(), receiver.origin, Op::GetItem, key);
        let origin = self.frame().extend(receiver.origin, Step::Elem);
        let mut val = Val { main, ..Val::from_deps(origin, receiver.deps.clone()) };
        val.absorb(&index);
        val.deps.extend(main);
        val
    }

    /// The key of a subscript.
    pub(crate) fn key(&mut self, slice: &Expr) -> Key {
        if matches!(slice, Expr::Slice(_)) {
            return Key::NONE;
        }
        key_of(self.text, slice.range())
    }

    fn call(&mut self, it: &ast::ExprCall) -> Val {
        if let Some(val) = self.special_call(it) {
            return val;
        }
        let mut val = Val::default();
        let mut method = None;
        let callee = match &*it.func {
            Expr::Attribute(func) => {
                let receiver = self.eval(&func.value);
                val.absorb(&receiver);
                method = Some((receiver.origin, func.attr.id.clone()));
                self.frame().extend(receiver.origin, Step::Attr(func.attr.id.clone()))
            }
            func => {
                let callee = self.eval(func);
                val.absorb(&callee);
                callee.origin
            }
        };
        let args = self.arguments(&it.arguments, &mut val);
        if self.is_plain(it, callee, &args) {
            self.frame().clock += u32::from(!is_cheap(it));
            args.iter().for_each(|arg| self.frame().escape(arg.value));
            return val;
        }
        if let Some((receiver, name)) = method {
            self.note_elements(receiver, &name, &args);
            if is_container_method(&name) && !self.is_imported(receiver) {
                let key =
                    it.arguments.args.first().map_or(Key::NONE, |it| key_of(self.text, it.range()));
                val.main = self.access(it.range(), receiver, Op::Method(name), key);
            }
            val.deps.extend(val.main);
        }
        val.origin = self.record_call(it, callee, args);
        val
    }

    /// `xs.append(x)` on a container of this function: `x` is one of its elements.
    fn note_elements(&mut self, receiver: Origin, method: &Name, args: &[Arg]) {
        if let (Origin::Alloc(id), "append" | "add" | "appendleft", Some(arg)) =
            (receiver, method.as_str(), args.first())
        {
            let value = arg.value;
            self.frame().facts.allocs[id as usize].elems.push(value);
        }
    }

    fn arguments(&mut self, arguments: &ast::Arguments, val: &mut Val) -> Vec<Arg> {
        let mut args = Vec::with_capacity(arguments.args.len() + arguments.keywords.len());
        for arg in &arguments.args {
            let it = self.eval(arg);
            val.absorb(&it);
            args.push(Arg { name: None, starred: arg.is_starred_expr(), value: it.origin });
        }
        for keyword in &arguments.keywords {
            let it = self.eval(&keyword.value);
            val.absorb(&it);
            let name = keyword.arg.as_ref().map(|it| it.id.clone());
            args.push(Arg { starred: name.is_none(), name, value: it.origin });
        }
        args
    }

    fn record_call(&mut self, it: &ast::ExprCall, callee: Origin, args: Vec<Arg>) -> Origin {
        let site = self.site(it.range());
        let cheap = is_cheap(it);
        let first = it.arguments.args.first().or_else(|| {
            let named = |it: &&ast::Keyword| {
                it.arg
                    .as_ref()
                    .is_some_and(|it| matches!(it.as_str(), "max_workers" | "processes" | "value"))
            };
            it.arguments.keywords.iter().find(named).map(|it| &it.value)
        });
        let frame = self.frame();
        for arg in &args {
            frame.escape(arg.value);
        }
        frame.clock += u32::from(!cheap);
        let (held, seq) = (frame.held_now(), frame.tick());
        let in_loop = frame.loops.last().copied().unwrap_or(NONE);
        frame.call(Call {
            site,
            callee,
            args,
            held,
            seq,
            in_loop,
            awaited: false,
            workers: first.and_then(small_int),
        })
    }

    /// A call that nothing later asks about: of an unknown callee or a builtin, without functions among its arguments.
    fn is_plain(&mut self, it: &ast::ExprCall, callee: Origin, args: &[Arg]) -> bool {
        let data =
            |it: &Arg| !matches!(it.value, Origin::Func(_) | Origin::Place(_) | Origin::Class(_));
        match (&*it.func, callee) {
            (_, Origin::Unknown) => args.iter().all(data),
            (Expr::Name(name), _) if !self.definitions.bound.contains(&name.id) => matches!(
                name.id.as_str(),
                "isinstance"
                    | "issubclass"
                    | "str"
                    | "int"
                    | "float"
                    | "bool"
                    | "repr"
                    | "range"
                    | "print"
                    | "format"
                    | "ord"
                    | "chr"
                    | "abs"
                    | "round"
                    | "hasattr"
                    | "callable"
                    | "id"
                    | "hash"
                    | "bytes"
                    | "divmod"
                    | "ValueError"
                    | "TypeError"
                    | "KeyError"
                    | "RuntimeError"
                    | "AttributeError"
                    | "IndexError"
                    | "OSError"
                    | "NotImplementedError"
                    | "hex"
                    | "pow"
                    | "any"
                    | "all"
                    | "sum"
                    | "vars"
                    | "dir"
            ),
            _ => false,
        }
    }

    /// Calls that are accesses or type tests rather than calls.
    fn special_call(&mut self, it: &ast::ExprCall) -> Option<Val> {
        let Expr::Name(func) = &*it.func else { return None };
        if self.definitions.bound.contains(&func.id) {
            return None;
        }
        let args = &it.arguments.args;
        match (func.id.as_str(), args.as_ref()) {
            ("len", [arg]) => {
                let val = self.eval(arg);
                let main = self.access(it.range(), val.origin, Op::Len, Key::NONE);
                let mut out = Val { main, ..Val::from_deps(Origin::Number, val.deps) };
                out.deps.extend(main);
                Some(out)
            }
            ("type", [arg]) => {
                let val = self.eval(arg);
                if self.is_self(val.origin) {
                    return Some(Val::of(Origin::Place(self.frame().place(Base::Cls, &[]))));
                }
                Some(Val { origin: Origin::Unknown, ..val })
            }
            ("super", []) => Some(Val::of(Origin::Place(self.frame().place(Base::Super, &[])))),
            ("getattr", [object, Expr::StringLiteral(name), rest @ ..]) => {
                let receiver = self.eval(object);
                rest.iter().for_each(|it| {
                    self.eval(it);
                });
                let origin = self
                    .frame()
                    .extend(receiver.origin, Step::Attr(Name::new(name.value.to_str())));
                let main = self.access(it.range(), origin, Op::Load, Key::NONE);
                self.frame().clock += 1;
                let mut out = Val { main, ..Val::from_deps(origin, receiver.deps) };
                out.deps.extend(main);
                Some(out)
            }
            ("setattr", [object, Expr::StringLiteral(name), value]) => {
                let receiver = self.eval(object);
                let val = self.eval(value);
                let origin = self
                    .frame()
                    .extend(receiver.origin, Step::Attr(Name::new(name.value.to_str())));
                self.frame().clock += 1;
                if let Some(event) = self.access(it.range(), origin, Op::Store, Key::NONE) {
                    let it = &mut self.frame().facts.events[event as usize];
                    it.value = val.origin;
                    it.deps = val.deps;
                }
                Some(Val::of(Origin::Nothing))
            }
            _ => None,
        }
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

/// Methods of built-in containers and queues that a race can be about.
fn is_container_method(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "pop"
            | "popitem"
            | "popleft"
            | "setdefault"
            | "update"
            | "clear"
            | "append"
            | "appendleft"
            | "extend"
            | "extendleft"
            | "insert"
            | "remove"
            | "discard"
            | "add"
            | "index"
            | "count"
            | "sort"
            | "reverse"
            | "put"
            | "put_nowait"
            | "get_nowait"
            | "empty"
            | "full"
            | "qsize"
            | "has_key"
            | "keys"
            | "values"
            | "items"
            | "copy"
            | "move_to_end"
            | "subtract"
            | "difference_update"
            | "intersection_update"
            | "rotate"
    )
}

/// Calls after which a GIL build does not look for a waiting thread.
fn is_cheap(it: &ast::ExprCall) -> bool {
    matches!(&*it.func, Expr::Name(name) if matches!(name.id.as_str(), "len" | "isinstance" | "type"))
}

/// A small integer literal.
fn small_int(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::NumberLiteral(it) => match &it.value {
            Number::Int(int) => int.as_u8().map(u32::from),
            _ => None,
        },
        _ => None,
    }
}
