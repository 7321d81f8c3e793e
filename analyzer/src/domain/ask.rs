//! Where code asks the interpreter about itself, by a name that `claims.toml` knows. What that means is judged later.

use ruff_python_ast::name::Name;
use serde::Deserialize;

use super::{Origin, SiteId};

/// One such place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) site: SiteId,
    /// What was asked for, as far as the file tells.
    pub(crate) of: Origin,
    /// The attribute, or all of it where the name alone decides; the text of [`Form::Contains`], in lower case.
    pub(crate) name: Name,
    pub(crate) form: Form,
}

/// What is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// It is named.
    Named,
    /// The function itself, which nobody calls, decides: `if sys._is_gil_enabled:`.
    Uncalled,
    /// What the call returns is compared with a number: `sys.getrefcount(x) == 2`.
    Counted,
    /// What the call returns is compared with `None` or with text.
    NotANumber,
    /// It is called: `sys.setswitchinterval(1)`.
    Called,
    /// It is called, and nothing in the file asks first whether it is there.
    Unguarded,
    /// The answer is kept when the module is imported.
    Kept,
    /// Threads are started where the answer is yes, and only there.
    Inverted,
    /// A function of the file, named, decides.
    Decides,
    /// A function returns what it was asked for.
    Returned,
    /// A text is looked for in it: `"nogil" in sys.version`.
    Contains,
}
