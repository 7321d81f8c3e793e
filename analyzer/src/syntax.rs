//! Parsing. Always succeeds: errors ride along. Not a tracked query on purpose: the tree is dropped as soon as the
//! index is made, so that four million lines fit in memory; re-parsing one edited file costs a millisecond.

mod depth;
mod repair;

use ruff_python_ast::{PySourceType, Suite};
use ruff_python_parser::{Parsed, parse_unchecked_source};
use ruff_python_trivia::CommentRanges;
use ruff_text_size::TextRange;

/// A parsed module, with its tokens.
pub(crate) type Module = Parsed<ruff_python_ast::ModModule>;

/// One problem the parser met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxProblem {
    pub(crate) range: TextRange,
    pub(crate) message: String,
}

/// Parses a module, or a stub. Returns the first errors as well, in order. Where they would spread, the module is that
/// of the text without the statement that is broken.
pub(crate) fn parse(text: &str, path: &str) -> (Module, Vec<SyntaxProblem>) {
    let kind = if is_stub(path) { PySourceType::Stub } else { PySourceType::Python };
    let parsed = parse_unchecked_source(text, kind);
    if parsed.errors().is_empty() {
        return (parsed, Vec::new());
    }
    repair::repair(text, kind, parsed)
}

/// Stack that lowering and dropping one file may take: an unoptimised build makes less than a sixth of it at the depth
/// where trees are cut.
const STACK: usize = 32 * 1024 * 1024;

/// What the parser, which grows its stack elsewhere, takes without asking: for each level of an assignment's target,
/// and for each lambda in the default of another.
const TARGET_STACK: usize = 160;
const LAMBDA_STACK: usize = 2 * 1024;

/// Runs the work on one text with enough stack for the deepest tree, whatever thread it is called on.
pub(crate) fn with_stack<T>(text: &str, work: impl FnOnce() -> T) -> T {
    // A thread with much stack needs no look at the text: no part of it can take more than this for each byte.
    let most = STACK + text.len() * (TARGET_STACK + LAMBDA_STACK / "lambda".len());
    if stacker::remaining_stack().is_some_and(|it| it > most) {
        return work();
    }
    let n_targets = text.bytes().filter(|it| matches!(it, b'[' | b'(' | b'*')).count();
    let n_lambdas = text.matches("lambda").count();
    let stack = STACK + n_targets * TARGET_STACK + n_lambdas * LAMBDA_STACK;
    stacker::maybe_grow(stack, stack, work)
}

/// The statements of a module, cut where they are nested too deeply to walk.
pub(crate) fn suite(parsed: Parsed<ruff_python_ast::ModModule>) -> Suite {
    let may_be_deep = depth::may_be_deep(parsed.tokens());
    let mut suite = parsed.into_suite();
    if may_be_deep {
        depth::cut(&mut suite);
    }
    suite
}

/// Whether the path is that of a stub file.
pub(crate) fn is_stub(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|it| it.eq_ignore_ascii_case("pyi"))
}

/// So many problems of one file are told. A file with more is none of Python, and showing each costs its long line.
const MAX_PROBLEMS: usize = 100;

/// The parser's first errors, in order.
fn problems(parsed: &Parsed<ruff_python_ast::ModModule>) -> Vec<SyntaxProblem> {
    parsed
        .errors()
        .iter()
        .take(MAX_PROBLEMS)
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
