//! What goes through a container: loops, lazy iterators over it, and builtins that consume it in one call.

use ruff_python_ast::name::Name;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::frame::Val;
use super::lower::Lowerer;
use crate::domain::{Key, Op, Origin};

/// A place that is gone through when the value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lazy {
    pub(crate) place: u32,
    /// [`Key::VIEW`] for `items()` and the like.
    key: Key,
    /// Behind an iterator: taking a copy of that is not atomic.
    wrapped: bool,
}

/// How a call treats the iterables it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Goes through them as its result is gone through.
    Wraps,
    /// The same, of mappings.
    WrapsView,
    /// Goes through them at once.
    Consumes,
    /// Copies them, which is atomic for exact builtin containers and their views.
    Copies,
    /// Copies a mapping; a view of one is gone through.
    CopiesMapping,
}

fn treatment(callee: &Expr, n_args: usize) -> Option<Use> {
    let name = match callee {
        Expr::Name(it) => it.id.as_str(),
        Expr::Attribute(it) => it.attr.as_str(),
        _ => return None,
    };
    Some(match name {
        "iter" | "enumerate" | "zip" | "map" | "filter" | "reversed" | "chain"
        | "from_iterable" | "islice" | "zip_longest" | "takewhile" | "dropwhile" | "starmap"
        | "filterfalse" | "izip" | "imap" => Use::Wraps,
        "iteritems" | "itervalues" | "iterkeys" | "viewitems" | "viewvalues" | "viewkeys"
            if n_args == 1 =>
        {
            Use::WrapsView
        }
        "any" | "all" | "sum" | "tuple" | "deque" | "fsum" | "Counter" if n_args <= 2 => {
            Use::Consumes
        }
        "max" | "min" if n_args == 1 => Use::Consumes,
        "join"
            if n_args == 1
                && matches!(callee, Expr::Attribute(it) if it.value.is_string_literal_expr()) =>
        {
            Use::Consumes
        }
        "list" | "sorted" | "set" | "frozenset" if n_args == 1 => Use::Copies,
        "dict" | "OrderedDict" if n_args == 1 => Use::CopiesMapping,
        _ => return None,
    })
}

/// Views of a mapping.
fn is_view(method: &str) -> bool {
    matches!(method, "items" | "keys" | "values" | "iteritems" | "iterkeys" | "itervalues")
}

impl Lowerer<'_> {
    /// Evaluates an iterable and returns one element of it.
    pub(crate) fn iterate(&mut self, iter: &Expr) -> Val {
        let iterable = self.eval(iter);
        self.access(iter.range(), iterable.origin, Op::Iterate, Key::NONE);
        for lazy in &iterable.lazy {
            self.access(iter.range(), Origin::Place(lazy.place), Op::Iterate, lazy.key);
        }
        let origin = self.frame().extend(iterable.origin, crate::domain::Step::Elem);
        Val::from_deps(origin, iterable.deps)
    }

    /// `d.items()`: going through the value goes through `d`.
    pub(super) fn view(&mut self, receiver: Origin, method: &Name, n_args: usize) -> Option<Lazy> {
        let place = (n_args == 0 && is_view(method)).then_some(receiver)?;
        let place = self.frame().wants(place, &Op::Iterate)?;
        Some(Lazy { place, key: Key::VIEW, wrapped: method.starts_with("iter") })
    }

    /// What a call does with the iterables among its arguments; returns what its result goes through.
    pub(super) fn consume(
        &mut self,
        it: &ast::ExprCall,
        vals: &[(Origin, Vec<Lazy>)],
    ) -> Vec<Lazy> {
        if let Expr::Name(name) = &*it.func
            && self.definitions.variables.contains(&name.id)
        {
            return Vec::new();
        }
        let Some(treatment) = treatment(&it.func, vals.len()) else { return Vec::new() };
        let mut out = Vec::new();
        for (origin, lazy) in vals {
            if !lazy.is_empty() {
                out.extend(
                    lazy.iter()
                        .map(|it| Lazy { wrapped: it.wrapped || treatment == Use::Wraps, ..*it }),
                );
            } else if matches!(origin, Origin::Place(_))
                && let Some(place) = self.frame().wants(*origin, &Op::Iterate)
            {
                let key = if treatment == Use::WrapsView { Key::VIEW } else { Key::NONE };
                let wrapped = matches!(treatment, Use::Wraps | Use::WrapsView);
                out.push(Lazy { place, key, wrapped });
            }
        }
        match treatment {
            Use::Wraps | Use::WrapsView => return out,
            Use::Consumes => {}
            Use::Copies => {
                out.retain(|it| it.wrapped || it.key != Key::VIEW);
                out.iter_mut().filter(|it| !it.wrapped).for_each(|it| it.key = Key::COPIED);
            }
            Use::CopiesMapping => {
                let direct = |it: &&mut Lazy| !it.wrapped && it.key != Key::VIEW;
                out.iter_mut().filter(direct).for_each(|it| it.key = Key::COPIED);
            }
        }
        self.consume_all(it.range(), &out);
        Vec::new()
    }

    /// Goes through all of these at once.
    pub(super) fn consume_all(&mut self, range: TextRange, lazies: &[Lazy]) {
        for lazy in lazies {
            self.access(range, Origin::Place(lazy.place), Op::Consume, lazy.key);
        }
    }
}
