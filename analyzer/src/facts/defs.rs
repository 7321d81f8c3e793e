//! Lowers definitions: functions, lambdas, classes.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use thin_vec::ThinVec;

use super::frame::{Frame, Val, to_u32};
use super::lower::Lowerer;
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
        let site = self.def_site(scope, TextRange::new(line, def.name.range.end()));
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
        let site = self.def_site(scope, it.range);
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
        let site = self.def_site(scope, def.name.range);
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

/// The docstring of a body.
pub(crate) fn docstring(body: &[Stmt]) -> Option<&str> {
    match body.first()? {
        Stmt::Expr(it) => match &*it.value {
            Expr::StringLiteral(it) => Some(it.value.to_str()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a docstring claims that the thing may be shared between threads: a sentence that says so without a negation.
/// Markup and the targets of references do not count.
pub(crate) fn says_thread_safe(doc: &str) -> bool {
    if !doc.contains("hread") && !doc.contains("oncurren") {
        return false;
    }
    let lower = doc.to_lowercase();
    // `:ref:`thread safety <faq>`` and the like name other texts.
    let plain: String =
        lower.split('`').step_by(2).collect::<Vec<_>>().join(" ").replace(['*', '_'], "");
    // "thread safety" is a topic, not a promise.
    let plain = plain.replace("thread safety", "").replace("thread-safety", "");
    let claims = [
        "thread-safe",
        "thread safe",
        "threadsafe",
        "multiple threads",
        "multi-threaded",
        "concurrent access",
    ];
    // "must be thread-safe" asks it of others.
    let denials = [
        "not ",
        "n't ",
        "never",
        "non-",
        "unsafe",
        "without",
        "unless",
        "no ",
        "must be",
        "should be",
    ];
    plain.split(['.', ';', '!']).any(|sentence| {
        claims.iter().any(|it| sentence.contains(it))
            && !denials.iter().any(|it| sentence.contains(it))
    })
}

/// Whether a docstring says that the thing must not be shared between threads.
fn denies_thread_safe(doc: &str) -> bool {
    if !doc.contains("hread") && !doc.contains("oncurren") {
        return false;
    }
    let lower = doc.to_lowercase().replace(['*', '_', '`', '\n'], " ");
    let words: Vec<&str> = lower.split_whitespace().collect();
    let plain = words.join(" ");
    [
        "not thread-safe",
        "not thread safe",
        "not threadsafe",
        "isn't thread-safe",
        "not be thread-safe",
        "not completely thread-safe",
        "not be completely thread-safe",
        "isn't thread safe",
        "not concurrency safe",
        "not concurrency-safe",
        "not safe for concurrent",
        "not be shared between threads",
        "not be shared across threads",
        "not share it between threads",
        "only be used from one thread",
        "only be used in one thread",
    ]
    .iter()
    .any(|it| plain.contains(it))
}

/// Whether a docstring says that only tests call the thing.
fn is_for_tests(doc: &str) -> bool {
    let lower = doc.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let plain = words.join(" ");
    [
        "for testing only",
        "for tests only",
        "intended for testing",
        "mock testing",
        "needed for tests",
        "only be used for testing",
        "only be used in tests",
        "only for testing",
        "only for tests",
        "only used for testing",
        "only used in tests",
        "testing purposes",
        "used for testing",
        "useful for testing",
    ]
    .iter()
    .any(|it| plain.contains(it))
}

/// Whether a module has to do with threads itself, and not only with programs that have some.
fn uses_threads(text: &str) -> bool {
    ["import threading", "from threading", "_thread", "concurrent.futures", "import queue"]
        .iter()
        .any(|it| text.contains(it))
}

/// Whether prose in a comment or a string says that several threads use the thing: "used across threads".
fn speaks_of_threads(text: &str) -> bool {
    if !text.contains("thread") {
        return false;
    }
    [
        "across threads",
        "between threads",
        "each thread",
        "other threads",
        "by multiple threads",
        "by several threads",
        "from another thread",
        "from any thread",
        "from different threads",
        "from multiple threads",
        "from several threads",
        "in different threads",
        "in multiple threads",
        "multiple threads can",
        "multiple threads may",
        "several threads can",
        "several threads may",
    ]
    .iter()
    .any(|it| text.contains(it))
}

/// Whether the objects of a class look which thread uses them: each belongs to one.
fn checks_its_thread(text: &str) -> bool {
    ["get_ident()", "current_thread()"].iter().any(|call| {
        text.match_indices(call).any(|(at, _)| {
            let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
            let end = text[at..].find('\n').map_or(text.len(), |it| at + it);
            let line = &text[start..end];
            line.contains("!=")
                || line.contains(" is not ")
                || (line.contains("==") && line.contains("not "))
        })
    })
}

/// Name and docstring conventions that the caller holds the lock.
fn caller_holds_lock(name: &Name, doc: Option<&str>) -> bool {
    let by_name =
        ["_locked", "_unlocked", "_nolock", "_no_lock", "_without_lock", "_unsafe", "_lock_held"]
            .iter()
            .any(|it| name.ends_with(it));
    let by_doc = doc.is_some_and(|it| {
        let lower = it.to_lowercase();
        ["lock", "mutex", "_cond"].iter().any(|it| lower.contains(it))
            && [
                "caller holds",
                "callers hold",
                "already held",
                "must hold",
                "must be held",
                "with lock held",
                "lock held",
                "holding the lock",
                "already holding",
                "holds the lock",
                "hold the lock",
                "with the lock",
                "lock is held",
                "under the lock",
                "lock must be",
                "be called with",
            ]
            .iter()
            .any(|it| lower.contains(it))
    });
    by_name || by_doc
}
