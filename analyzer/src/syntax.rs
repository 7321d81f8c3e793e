//! Parsing. Always succeeds: errors ride along. Not a tracked query on purpose: the tree is dropped as soon as the
//! index is made, so that four million lines fit in memory; re-parsing one edited file costs a millisecond.

use ruff_python_ast::PySourceType;
use ruff_python_parser::{Parsed, parse_unchecked_source};
use ruff_python_trivia::CommentRanges;
use ruff_text_size::TextRange;

/// One problem the parser met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxProblem {
    pub(crate) range: TextRange,
    pub(crate) message: String,
}

/// Parses a module, or a stub.
pub(crate) fn parse(text: &str, path: &str) -> Parsed<ruff_python_ast::ModModule> {
    let kind = if is_stub(path) { PySourceType::Stub } else { PySourceType::Python };
    parse_unchecked_source(text, kind)
}

/// Whether the path is that of a stub file.
pub(crate) fn is_stub(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|it| it.eq_ignore_ascii_case("pyi"))
}

/// The parser's errors, in order.
pub(crate) fn problems(parsed: &Parsed<ruff_python_ast::ModModule>) -> Vec<SyntaxProblem> {
    parsed
        .errors()
        .iter()
        .map(|it| SyntaxProblem {
            range: it.location,
            message: it.error.to_string().to_lowercase_first(),
        })
        .collect()
}

/// The ranges of the comments.
pub(crate) fn comments(parsed: &Parsed<ruff_python_ast::ModModule>) -> CommentRanges {
    CommentRanges::from(parsed.tokens())
}

trait LowercaseFirst {
    fn to_lowercase_first(self) -> String;
}

impl LowercaseFirst for String {
    fn to_lowercase_first(self) -> String {
        let mut chars = self.chars();
        match chars.next() {
            Some(first) => first.to_lowercase().chain(chars).collect(),
            None => self,
        }
    }
}
