//! Calls and what they are given.

use ruff_python_ast::name::Name;

use super::{Origin, SiteId};

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arg {
    pub(crate) how: Passed,
    pub(crate) value: Origin,
}

/// How an argument is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    Position,
    /// `*args` or `**kwargs`.
    Starred,
    Keyword(Name),
}

impl Arg {
    pub(crate) fn name(&self) -> Option<&Name> {
        match &self.how {
            Passed::Keyword(name) => Some(name),
            Passed::Position | Passed::Starred => None,
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) site: SiteId,
    pub(crate) callee: Origin,
    pub(crate) args: Vec<Arg>,
    pub(crate) held: u32,
    pub(crate) seq: u32,
    /// Innermost loop, [`NONE`] outside.
    pub(crate) in_loop: u32,
    /// `await` stands before it.
    pub(crate) awaited: bool,
    /// The first positional argument is the number 1, or `max_workers=` is.
    pub(crate) one_worker: bool,
}
