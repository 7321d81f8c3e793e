//! Lowers definitions: functions, lambdas, classes.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};
use thin_vec::ThinVec;

use super::frame::{Frame, Val, to_u32};
use super::lower::Lowerer;
use super::prose::{
    caller_holds_lock, checks_its_thread, denies_thread_safe, docstring, is_for_tests,
    says_thread_safe, speaks_of_threads, uses_threads,
};
use crate::domain::{
    Base, Binding, Bound, ClassFacts, FunctionKind, Key, NONE, Op, Origin, Param, Step,
};
use crate::index::scopes::Home;

impl Lowerer<'_> {
    /// Lowers `def` and binds its name.
    pub(crate) fn function_def(&mut self, def: &ast::StmtFunctionDef) {
        let decorators: ThinVec<_> =
            def.decorator_list.iter().map(|it| self.eval(&it.expression).origin).collect();
        let defaults = self.defaults(&def.parameters);
        let scope = self.scopes.at(def.range.start(), false);
        let name = def.name.id.clone();
        let line = def.decorator_list.first().map_or(def.range.start(), Ranged::start);
        let site = self.site(TextRange::new(line, def.name.range.end()));
        let qualname = self.qualname(&name);
        let parent = self.frame().scope;
        let class = match self.frame().facts.kind {
            FunctionKind::ClassBody => self.frame().facts.class,
            _ => NONE,
        };
        self.enter(FunctionKind::Function, scope, name.clone(), qualname, parent, site);
        let frame = self.frame();
        frame.facts.is_async = def.is_async;
        frame.facts.class = class;
        frame.facts.decorators = decorators;
        frame.facts.caller_locks = caller_holds_lock(&name, docstring(&def.body));
        frame.facts.for_tests = docstring(&def.body).is_some_and(is_for_tests);
        frame.facts.bound = binding_kind(def, class != NONE);
        self.parameters(&def.parameters, defaults);
        self.block(&def.body);
        self.note_cached(def);
        self.note_lazy_module(def);
        self.finish();
        if class != NONE {
            self.classes[class as usize].methods.push((name.clone(), scope));
        }
        self.bind_definition(&name, Origin::Func(scope), Binding::Func(scope), def.name.range);
    }

    /// Lowers a lambda.
    pub(crate) fn lambda(&mut self, it: &ast::ExprLambda) -> Val {
        let defaults = it.parameters.as_ref().map(|it| self.defaults(it)).unwrap_or_default();
        let scope = self.scopes.at(it.range.start(), true);
        let site = self.site(it.range);
        let name = Name::new_static("<lambda>");
        let qualname = self.qualname(&name);
        let parent = self.frame().scope;
        self.enter(FunctionKind::Lambda, scope, name, qualname, parent, site);
        if let Some(parameters) = &it.parameters {
            self.parameters(parameters, defaults);
        }
        let val = self.eval(&it.body);
        self.frame().facts.returns.push(val.origin);
        self.finish();
        Val::of(Origin::Func(scope))
    }

    /// Lowers a class and binds its name.
    pub(crate) fn class_def(&mut self, def: &ast::StmtClassDef) {
        let decorators =
            def.decorator_list.iter().map(|it| self.eval(&it.expression).origin).collect();
        let mut bases = Vec::new();
        let mut metaclass = Origin::Unknown;
        if let Some(arguments) = &def.arguments {
            for base in &arguments.args {
                // `Generic[T]` is a base like `Generic`.
                let base = if let Expr::Subscript(it) = base { &it.value } else { base };
                bases.push(self.eval(base).origin);
            }
            for keyword in &arguments.keywords {
                let val = self.eval(&keyword.value);
                if keyword.arg.as_ref().is_some_and(|it| it.as_str() == "metaclass") {
                    metaclass = val.origin;
                }
            }
        }
        let scope = self.scopes.at(def.range.start(), false);
        let id = to_u32(self.classes.len());
        let qualname = self.qualname(&def.name.id);
        let parent = self.frame().scope;
        let site = self.site(def.name.range);
        let speaks_of_threads = self.uses_threads() && speaks_of_threads(&self.text[def.range]);
        self.classes.push(ClassFacts {
            name: def.name.id.clone(),
            qualname: qualname.clone(),
            parent,
            bases,
            decorators,
            metaclass,
            body: scope,
            methods: Vec::new(),
            says_thread_safe: docstring(&def.body).is_some_and(says_thread_safe),
            denies_thread_safe: docstring(&def.body).is_some_and(denies_thread_safe)
                || checks_its_thread(&self.text[def.range]),
            mentions_threads: self.text[def.range].contains("hread"),
            speaks_of_threads,
        });
        let name = def.name.id.clone();
        self.enter(FunctionKind::ClassBody, scope, name, qualname, parent, site);
        self.frame().facts.class = id;
        self.block(&def.body);
        self.finish();
        let methods: Vec<u32> = self.classes[id as usize].methods.iter().map(|it| it.1).collect();
        super::windows::drained::through_methods(&mut self.functions, &methods);
        super::windows::claimed::in_class(&mut self.functions, scope, &methods);
        self.bind_definition(&def.name.id, Origin::Class(id), Binding::Class(id), def.name.range);
    }

    fn bind_definition(&mut self, name: &Name, origin: Origin, binding: Binding, range: TextRange) {
        let scope = self.frame().scope;
        match self.scopes.home(scope, name) {
            Home::Global => {
                if self.frames.len() == 1 {
                    self.module_bindings.push((name.clone(), binding));
                }
                if self.definitions.variables.contains(name) {
                    let place = Origin::Place(self.frame().place(Base::Global(name.clone()), &[]));
                    self.access(range, place, Op::Store, Key::NONE);
                }
            }
            Home::Class => {
                let place =
                    Origin::Place(self.frame().place(Base::Cls, &[Step::Attr(name.clone())]));
                if let Some(event) = self.access(range, place, Op::Store, Key::NONE) {
                    self.frame().facts.events[event as usize].value = origin;
                }
                self.frame().bind(name.clone(), Val::of(origin));
            }
            Home::Cell(owner) => {
                let place = Origin::Place(self.frame().place(Base::Cell(owner, name.clone()), &[]));
                if let Some(event) = self.access(range, place, Op::Store, Key::NONE) {
                    self.frame().facts.events[event as usize].value = origin;
                }
                self.frame().bind(name.clone(), Val::of(origin));
            }
            Home::Local => self.frame().bind(name.clone(), Val::of(origin)),
        }
    }

    fn defaults(&mut self, parameters: &ast::Parameters) -> Vec<Origin> {
        parameters
            .iter()
            .map(|it| match it {
                ast::AnyParameterRef::NonVariadic(it) => {
                    it.default().map_or(Origin::Unknown, |it| self.eval(it).origin)
                }
                ast::AnyParameterRef::Variadic(_) => Origin::Unknown,
            })
            .collect()
    }

    fn parameters(&mut self, parameters: &ast::Parameters, defaults: Vec<Origin>) {
        let receiver = self.receiver_base();
        for (index, (parameter, default)) in parameters.iter().zip(defaults).enumerate() {
            let name = parameter.name().id.clone();
            let annotation = match parameter.annotation() {
                Some(annotation) if !parameter.is_variadic() => self.annotation(annotation),
                _ => Origin::Unknown,
            };
            let base = match (&receiver, index) {
                (Some(base), 0) => base.clone(),
                _ => Base::Param(to_u32(index)),
            };
            if index == 0 && receiver.is_some() {
                self.frame().self_name = Some(name.clone());
            }
            self.frame().facts.params.push(Param { name: name.clone(), annotation, default });
            let scope = self.frame().scope;
            let origin = Origin::Place(self.frame().place(base, &[]));
            if let Home::Cell(owner) = self.scopes.home(scope, &name) {
                // Inner functions see the parameter as a cell; its first value is the argument.
                let place = Origin::Place(self.frame().place(Base::Cell(owner, name.clone()), &[]));
                if let Some(event) = self.access(parameter.range(), place, Op::Store, Key::NONE) {
                    self.frame().facts.events[event as usize].value = origin;
                }
            }
            self.frame().bind(name, Val::of(origin));
        }
    }

    fn qualname(&mut self, name: &Name) -> String {
        let outer = &self.frame().facts;
        match outer.kind {
            FunctionKind::Module => name.to_string(),
            FunctionKind::ClassBody => [&outer.qualname, ".", name].concat(),
            FunctionKind::Function | FunctionKind::Lambda => {
                [&outer.qualname, ".<locals>.", name].concat()
            }
        }
    }

    fn uses_threads(&mut self) -> bool {
        let text = self.text;
        *self.uses_threads.get_or_insert_with(|| uses_threads(text))
    }

    /// Begins a function.
    pub(super) fn enter(
        &mut self,
        kind: FunctionKind,
        scope: u32,
        name: Name,
        qualname: String,
        parent: u32,
        site: u32,
    ) {
        let facts = Frame::facts(kind, name, qualname, parent, site);
        self.frames.push(Frame::new(scope, facts, self.spare.pop().unwrap_or_default()));
    }

    /// Ends the current function.
    pub(crate) fn finish(&mut self) {
        let Some(mut frame) = self.frames.pop() else { return };
        frame.facts.exit_held = frame.held_now();
        frame.settle_escapes();
        super::windows::find(&mut frame.facts, &frame.left);
        let scope = frame.scope as usize;
        let (facts, room) = frame.done();
        self.functions[scope] = Some(facts);
        self.spare.push(room);
    }
}

fn binding_kind(def: &ast::StmtFunctionDef, is_method: bool) -> Bound {
    if !is_method {
        return Bound::Free;
    }
    let decorated = |name: &str| {
        def.decorator_list
            .iter()
            .any(|it| matches!(&it.expression, Expr::Name(it) if it.id == name))
    };
    if decorated("staticmethod") {
        return Bound::Free;
    }
    let implicit =
        matches!(def.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__");
    if decorated("classmethod") || implicit {
        return Bound::Class;
    }
    Bound::Instance
}
