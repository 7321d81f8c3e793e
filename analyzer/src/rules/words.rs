//! Words that several rules share.

use crate::diagnostic::Location;
use crate::evidence::{Evidence, Window};

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
