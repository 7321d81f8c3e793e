//! Comments and docstrings that speak of the GIL: as what protects the code, or as the reason for processes.

use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::domain::SettingKind;
use crate::syntax::Module;

/// What comes before "the GIL" where somebody relies on it.
const BEFORE: &[&str] = &[
    "because of",
    "guarded by",
    "protected by",
    "relied on",
    "relies on",
    "rely on",
    "relying on",
    "serialised by",
    "serialized by",
    "thanks to",
    "under",
];

/// What the GIL is said to do.
const DOES: &[&str] = &["GIL ensures", "GIL guarantees", "GIL makes", "GIL protects", "GIL serial"];

/// Where something is said to be one step.
const ATOMIC: &[&str] =
    &["atomic due to", "atomic in cpython", "atomic under", "atomic with the gil"];

/// Who says so does not rely on it.
const DOUBT: &[&str] = &[
    "free-thread",
    "free thread",
    "freethread",
    "n't",
    "no gil",
    "nogil",
    "not ",
    "never",
    "no longer",
    "without the gil",
    "without it",
];

/// Words of somebody who goes around it.
const AROUND: &[&str] = &[
    "avoid",
    "because of",
    "bypass",
    "circumvent",
    "due to",
    "escape",
    "get around",
    "limit",
    "sidestep",
    "work around",
    "workaround",
];

/// What starts processes.
const PROCESSES: &[&str] =
    &["ProcessPoolExecutor(", "multiprocessing.Pool(", "mp.Pool(", "Process("];

/// How many lines below a comment it is about.
const BELOW: usize = 4;

/// The lines, in the order of the text.
pub(super) fn find(module: &Module, text: &str) -> Vec<(TextRange, SettingKind)> {
    let mut res = Vec::new();
    if !text.contains("GIL") {
        return res;
    }
    let mut before = TokenKind::Newline;
    for token in module.tokens() {
        let kind = token.kind();
        let told = match kind {
            TokenKind::Comment => true,
            TokenKind::String => {
                matches!(before, TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent)
            }
            TokenKind::NonLogicalNewline => continue,
            _ => false,
        };
        if kind != TokenKind::Comment {
            before = kind;
        }
        if told {
            lines(text, token.range(), &mut res);
        }
    }
    res
}

fn lines(text: &str, range: TextRange, out: &mut Vec<(TextRange, SettingKind)>) {
    let mut start = range.start();
    for line in text[range].split_inclusive('\n') {
        let length = |it: &str| TextSize::of(it);
        let told = line.trim();
        if told.contains("GIL") {
            let begin = start + length(&line[..line.len() - line.trim_start().len()]);
            let at = TextRange::at(begin, length(told));
            let below = || text[range.end().to_usize()..].lines().take(BELOW);
            if goes_around(told) && below().any(|it| PROCESSES.iter().any(|word| it.contains(word)))
            {
                out.push((at, SettingKind::Workaround));
            } else if relies(told) {
                out.push((at, SettingKind::Reliance));
            }
        }
        start += length(line);
    }
}

fn goes_around(line: &str) -> bool {
    let lower = line.to_lowercase();
    AROUND.iter().any(|it| lower.contains(it))
}

fn relies(line: &str) -> bool {
    let lower = line.to_lowercase();
    if DOUBT.iter().any(|it| lower.contains(it)) {
        return false;
    }
    let said = lower.match_indices("the gil").any(|(at, _)| {
        let before = lower[..at].trim_end();
        BEFORE.iter().any(|it| before.ends_with(it))
    });
    let safe = lower.find("thread safe").or_else(|| lower.find("thread-safe"));
    said || DOES.iter().any(|it| line.contains(it))
        || ATOMIC.iter().any(|it| lower.contains(it))
        || safe.is_some_and(|at| lower[at..].contains("gil"))
        || line.trim_start_matches(['#', ' ']) == "GIL"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_relies_on_it() {
        for line in [
            "# thanks to the GIL no lock is needed",
            "# dict.setdefault is atomic in CPython (GIL)",
            "The GIL makes this safe.",
            "# This is thread-safe because of the GIL",
            "# GIL",
            "# append is protected by the GIL",
        ] {
            assert!(relies(line), "{line}");
        }
        for line in [
            "# releases the GIL",
            "# not protected by the GIL",
            "# on free-threaded builds, what was protected by the GIL needs a lock",
            "# this isn't thread safe, the GIL does nothing here",
            "# holds the GIL while it computes",
        ] {
            assert!(!relies(line), "{line}");
        }
    }
}
