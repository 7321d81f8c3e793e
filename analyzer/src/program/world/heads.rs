//! What is known of a function without looking into it. It stays while an edit inside of functions is taken over, so
//! nobody has to know who has read it.

use ruff_python_ast::name::Name;

use super::{FuncGid, World};
use crate::domain::{Bound, SiteId};

impl World {
    /// Its name.
    pub(crate) fn name(&self, func: FuncGid) -> &Name {
        &self.head(func).name
    }

    /// Whether calling it makes a coroutine.
    pub(crate) fn is_async(&self, func: FuncGid) -> bool {
        self.head(func).is_async
    }

    /// How its first parameter is bound.
    pub(crate) fn bound(&self, func: FuncGid) -> Bound {
        self.head(func).bound
    }

    /// The site of its definition.
    pub(crate) fn site(&self, func: FuncGid) -> SiteId {
        self.head(func).site
    }
}
