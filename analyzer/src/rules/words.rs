//! Words that several rules share.

use crate::diagnostic::Location;
use crate::evidence::{Evidence, Pattern, Window};
use crate::surroundings::Dependency;

/// Applies the wording to a window.
pub(crate) fn of(
    evidence: &Evidence<Location>,
    word: impl FnOnce(&Window<Location>) -> String,
) -> String {
    match evidence {
        Evidence::Window(window) => word(window),
        _ => String::new(),
    }
}

/// Who comes between: "a second thread in `f`" or "`g` on another thread".
pub(crate) fn who(window: &Window<Location>) -> String {
    let (mine, theirs) = (&window.last.site, &window.other.site);
    // A loop does not break itself: what is changed belongs to the whole process.
    let looks =
        matches!(window.pattern, Pattern::Iteration | Pattern::Snapshot | Pattern::DeepCopy);
    if looks && mine == theirs {
        return "any other thread".to_owned();
    }
    let name = match &*theirs.function {
        "<module>" => "the module's own code".to_owned(),
        name => format!("`{}`", name.replace(".<locals>.", ".")),
    };
    if mine == theirs || (mine.file == theirs.file && mine.function == theirs.function) {
        format!("a second thread in {name}")
    } else {
        format!("{name} on another thread")
    }
}

/// `` `orjson` 3.11.9 ``.
pub(crate) fn distribution(it: &Dependency) -> String {
    match it.version.as_str() {
        "" => format!("`{}`", it.distribution),
        version => format!("`{}` {version}", it.distribution),
    }
}

/// `` (needed by `polars`)``; nothing where the project asks for it by itself.
pub(crate) fn needed_by(it: &Dependency) -> String {
    match it.chain.as_slice() {
        [.., before, _] => format!(" (needed by `{before}`)"),
        _ => String::new(),
    }
}
