//! Lowers calls: what is recorded as a call, what as an access, and what is neither.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Number};
use ruff_text_size::Ranged;

use super::frame::{Val, key_of};
use super::iterate::Lazy;
use super::lower::Lowerer;
use crate::domain::{Arg, Base, Call, Key, NONE, Op, Origin, Passed, Step};
use crate::knowledge::atomicity::ATOMICITY;

impl Lowerer<'_> {
    pub(super) fn call(&mut self, it: &ast::ExprCall) -> Val {
        self.asks_by_text(it);
        if let Some(val) = self.special_call(it) {
            return val;
        }
        let mut val = Val::default();
        let mut method = None;
        let callee = match &*it.func {
            Expr::Attribute(func) => {
                let receiver = self.eval(&func.value);
                self.frame().note_use(&receiver);
                val.absorb(&receiver);
                method = Some((receiver.origin, func.attr.id.clone()));
                let callee = self.frame().extend(receiver.origin, Step::Attr(func.attr.id.clone()));
                self.asks_for(func.range(), callee, &func.attr.id);
                self.called_after_test(func, callee);
                callee
            }
            func => {
                let callee = self.eval(func);
                val.absorb(&callee);
                callee.origin
            }
        };
        let mut lazies = Vec::new();
        let args = self.arguments(&it.arguments, &mut val, &mut lazies);
        val.lazy = self.consume(it, &lazies);
        self.handed(it, &args);
        let is_immutable = self.makes_immutable(it, method.as_ref());
        if is_immutable {
            val.origin = Origin::Immutable;
        }
        if self.is_plain(it, callee, &args) {
            self.frame().clock += u32::from(!is_cheap(it));
            for arg in &args {
                self.frame().escape(arg.value);
            }
            return val;
        }
        if let Some((receiver, name)) = method {
            self.note_elements(receiver, &name, &args);
            val.lazy.extend(self.view(receiver, &name, args.len()));
            if is_container_method(&name) && takes(&name, args.len()) && !self.is_imported(receiver)
            {
                let key =
                    it.arguments.args.first().map_or(Key::NONE, |it| key_of(self.text, it.range()));
                let lenient = name == "pop" && args.len() == 2;
                val.main = self.access(it.range(), receiver, Op::Method(name), key);
                if let Some(event) = val.main {
                    self.frame().facts.events[event as usize].flags.lenient = lenient;
                }
            }
            val.deps.extend(val.main);
        }
        let made = self.record_call(it, callee, args);
        if !is_immutable {
            val.origin = made;
        }
        val
    }

    /// `", ".join(names)`, `"{}".format(x)`, `str(x)` are text; `hash(x)` and tests are as good made twice as once. Numbers
    /// made from values, as `int(x)`, are not meant: a maximum is made of such.
    fn makes_immutable(&self, it: &ast::ExprCall, method: Option<&(Origin, Name)>) -> bool {
        match method {
            Some((Origin::Immutable, name)) => {
                !matches!(name.as_str(), "split" | "rsplit" | "splitlines")
            }
            Some(_) => false,
            None => matches!(&*it.func, Expr::Name(name)
                if matches!(name.id.as_str(), "str" | "repr" | "ascii" | "format" | "hex" | "chr" | "hash" | "id"
                    | "bool" | "callable" | "hasattr" | "isinstance" | "issubclass" | "any" | "all")
                    && !self.definitions.bound.contains(&name.id)),
        }
    }

    /// `if self.hook: self.hook()` loads the attribute a second time. Methods are called without having been tested.
    fn called_after_test(&mut self, func: &ast::ExprAttribute, callee: Origin) {
        if let Origin::Place(place) = callee
            && self.frame().is_tested(place)
            && let Some(event) = self.access(func.range(), callee, Op::Load, Key::NONE)
        {
            self.frame().facts.events[event as usize].flags.used = true;
        }
    }

    /// `xs.append(x)` on a container of this function: `x` is one of its elements.
    pub(super) fn note_elements(&mut self, receiver: Origin, method: &Name, args: &[Arg]) {
        if let (Origin::Alloc(id), "append" | "add" | "appendleft", Some(arg)) =
            (receiver, method.as_str(), args.first())
        {
            let value = arg.value;
            self.frame().facts.allocs[id as usize].elems.push(value);
        }
    }

    /// Evaluates arguments; the iterables among them are noted with what they go through.
    pub(super) fn arguments(
        &mut self,
        arguments: &ast::Arguments,
        val: &mut Val,
        lazies: &mut Vec<(Origin, Vec<Lazy>)>,
    ) -> Vec<Arg> {
        let mut args = Vec::with_capacity(arguments.args.len() + arguments.keywords.len());
        for arg in &arguments.args {
            let it = self.eval(arg);
            val.absorb(&it);
            if let Some(event) = it.main {
                self.frame().facts.events[event as usize].flags.passed = true;
            }
            // `f(*d.values())`
            if arg.is_starred_expr() {
                self.consume_all(arg.range(), &it.lazy);
            }
            if matches!(it.origin, Origin::Place(_)) || !it.lazy.is_empty() {
                lazies.push((it.origin, it.lazy));
            }
            let how = if arg.is_starred_expr() { Passed::Starred } else { Passed::Position };
            args.push(Arg { how, value: it.origin });
        }
        for keyword in &arguments.keywords {
            let it = self.eval(&keyword.value);
            val.absorb(&it);
            let name = keyword.arg.as_ref().map(|it| it.id.clone());
            args.push(Arg { how: name.map_or(Passed::Starred, Passed::Keyword), value: it.origin });
        }
        args
    }

    pub(super) fn record_call(
        &mut self,
        it: &ast::ExprCall,
        callee: Origin,
        args: Vec<Arg>,
    ) -> Origin {
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
            one_worker: first.and_then(small_int) == Some(1),
        })
    }

    /// A call that nothing later asks about: of an unknown callee or a builtin, without functions among its arguments.
    pub(super) fn is_plain(&mut self, it: &ast::ExprCall, callee: Origin, args: &[Arg]) -> bool {
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

    /// `cast(T, x)` is `x`.
    fn cast<'e>(&self, it: &'e ast::ExprCall) -> Option<&'e Expr> {
        let named = match &*it.func {
            Expr::Name(name) => name.id == "cast" && self.definitions.imported.contains(&name.id),
            Expr::Attribute(it) => {
                it.attr.as_str() == "cast"
                    && matches!(&*it.value, Expr::Name(name) if matches!(name.id.as_str(), "typing" | "t"))
            }
            _ => false,
        };
        let [_, value] = it.arguments.args.as_ref() else { return None };
        named.then_some(value)
    }

    /// Calls that are accesses or type tests rather than calls.
    pub(super) fn special_call(&mut self, it: &ast::ExprCall) -> Option<Val> {
        if let Some(value) = self.cast(it) {
            return Some(self.eval(value));
        }
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
                for it in rest {
                    self.eval(it);
                }
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
                    it.deps = val.deps.into_iter().collect();
                }
                Some(Val::of(Origin::Nothing))
            }
            _ => None,
        }
    }
}

/// Methods of built-in containers, queues and buffers that a race can be about.
pub(super) fn is_container_method(name: &str) -> bool {
    ATOMICITY.operation(name).is_some()
}

/// Whether the containers' own method takes so many arguments: `screen.clear(lines=2)` is something else.
fn takes(method: &str, n_args: usize) -> bool {
    let none = matches!(method, "clear" | "keys" | "values" | "items" | "popleft" | "reverse");
    n_args == 0 || !none
}

/// Calls after which a GIL build does not look for a waiting thread.
pub(super) fn is_cheap(it: &ast::ExprCall) -> bool {
    matches!(&*it.func, Expr::Name(name) if matches!(name.id.as_str(), "len" | "isinstance" | "type"))
}

/// A small integer literal.
pub(super) fn small_int(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::NumberLiteral(it) => match &it.value {
            Number::Int(int) => int.as_u8().map(u32::from),
            _ => None,
        },
        _ => None,
    }
}
