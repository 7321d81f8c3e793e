//! FTL301: an import switches the GIL back on for the whole process.

use crate::check::{Findings, RuleContext};
use crate::diagnostic::Location;
use crate::evidence::Evidence;
use crate::rule::{Replay, Severity, Strategy, declare_rule};

declare_rule! {
    /// ## What it does
    /// Reports the import of a module that loads an extension which does not declare that it can run without the GIL. In an environment of a free-threaded interpreter the extension files that the import loads, also through other packages, are read; elsewhere a table with a source for each row tells.
    ///
    /// ## Why is this bad?
    /// On a free-threaded CPython the first import of such an extension enables the GIL for the rest of the process. Only that first one warns; every thread runs under the GIL from then on.
    ///
    /// ## Example
    /// What is reported depends on what is installed; the first line stands for an environment.
    /// ```python
    /// # installed: fastavro 1.12.1
    /// import fastavro  # error
    /// ```
    ///
    /// ## Use instead
    /// A release that declares support, or another package. `python -v` prints every module that requires the GIL.
    /// ```python
    /// # installed: msgpack 1.2.0
    /// import msgpack
    /// ```
    ///
    /// ## Known limits
    /// Files are read without running them: `ftlint extensions` shows what each declares and where a file does not tell. Imports inside of functions of installed packages and imports by computed names are not followed. In environments with the GIL only modules of the table are known; extensions that are merely missing a free-threaded wheel are not reported.
    ///
    /// ## Replay
    /// Imports the module in a fresh interpreter and watches `sys._is_gil_enabled()`.
    pub(crate) static RULE = {
        code: "FTL301",
        name: "import-reenables-gil",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "an import switches the GIL back on for the whole process",
        replay: Replay::With(Strategy::GilFlip),
    }
    check: check, message: message
}

fn check(ctx: &RuleContext<'_>, out: &mut Findings) {
    for request in ctx.gil_requests() {
        out.push(request);
    }
}

fn message(evidence: &Evidence<Location>) -> String {
    match evidence {
        Evidence::GilRequest(it) if !it.chain.is_empty() => {
            let owner = match it.distribution.as_str() {
                "" => String::new(),
                name => format!(" ({name} {})", it.version),
            };
            let others = match it.others.len() {
                0 => String::new(),
                1 => ", nor does one more of its extensions".to_owned(),
                n => format!(", nor do {n} more of its extensions"),
            };
            format!(
                "importing `{}` switches the GIL back on for the whole process: `{}`{owner} does not declare that it runs without it{others}",
                it.chain.first().unwrap_or(&it.module),
                it.chain.join(" -> "),
            )
        }
        Evidence::GilRequest(it) => format!(
            "importing `{}` ({} {}) switches the GIL back on for the whole process: its extension does not declare that it runs without it",
            it.module, it.distribution, it.version
        ),
        _ => String::new(),
    }
}
