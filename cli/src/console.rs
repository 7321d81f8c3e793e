//! Messages for a person on standard error. Findings go to standard output, elsewhere.

use std::io::{self, IsTerminal, Write};

use crate::args::Color;

/// How standard error is written to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Console {
    color: bool,
}

impl Console {
    pub(crate) fn new(color: Color) -> Self {
        Self { color: wants_color(color, &io::stderr()) }
    }

    /// Something that makes the exit status 2.
    pub(crate) fn error(self, message: &str) {
        self.say("\x1b[1;31m", "error", message);
    }

    /// Something that does not.
    pub(crate) fn warning(self, message: &str) {
        self.say("\x1b[1;33m", "warning", message);
    }

    /// A line without a heading.
    pub(crate) fn line(message: &str) {
        // When standard error is closed there is nobody left to tell.
        let _ = writeln!(io::stderr().lock(), "{message}");
    }

    fn say(self, style: &str, heading: &str, message: &str) {
        if self.color {
            Self::line(&format!("{style}{heading}:\x1b[0m {message}"));
        } else {
            Self::line(&format!("{heading}: {message}"));
        }
    }
}

/// Whether to use colours on this stream.
pub(crate) fn wants_color(color: Color, stream: &impl IsTerminal) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let set = |name| std::env::var_os(name).is_some_and(|it| !it.is_empty());
            stream.is_terminal()
                && !set("NO_COLOR")
                && std::env::var_os("TERM").is_none_or(|it| it != "dumb")
        }
    }
}
