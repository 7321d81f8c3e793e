//! Recovery from errors that the parser does not contain: after an open bracket it may take the rest of the file for
//! nonsense, and while somebody types, all classes and functions below would come and go with each key.
//!
//! The statement in which the first error stands is put out of the way, and the rest is read without it. Every byte keeps
//! its place, so ranges stay true. What comes out depends on the text alone.

use ruff_python_ast::PySourceType;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Module, SyntaxProblem, problems};

/// So many statements are put out of the way.
const MAX_REPAIRS: usize = 4;

/// Longer texts are left as they are: each attempt parses them again.
const MAX_LENGTH: usize = 1 << 20;

/// What stands in the place of a statement, and of the head of a block.
const STATEMENT: &str = "0";
const HEAD: &str = "if 1:";

/// The module without the statements whose errors spread over others, and all errors.
pub(super) fn repair(
    text: &str,
    kind: PySourceType,
    mut parsed: Module,
) -> (Module, Vec<SyntaxProblem>) {
    let mut told = Vec::new();
    let mut text = std::borrow::Cow::Borrowed(text);
    for _ in 0..MAX_REPAIRS {
        if text.len() > MAX_LENGTH {
            break;
        }
        let Some(broken) = Broken::find(&text, &parsed) else { break };
        let better = broken.ends.iter().find_map(|end| {
            let without = broken.without(&text, *end)?;
            let again = parse_unchecked_source(&without, kind);
            (again.errors().len() < parsed.errors().len()).then_some((*end, without, again))
        });
        let Some((end, without, again)) = better else { break };
        // The first one is always of it, wherever the parser has noticed.
        let first = problems(&parsed).into_iter().min_by_key(|it| it.range.start());
        let within = problems(&parsed).into_iter().filter(|it| it.range.start() <= end);
        told.extend(first.into_iter().chain(within));
        (text, parsed) = (without.into(), again);
    }
    let rest = problems(&parsed);
    told.extend(rest);
    told.sort_by_key(|it| (it.range.start(), it.range.end()));
    told.dedup();
    (parsed, told)
}

/// A statement whose errors spread.
struct Broken {
    start: TextSize,
    /// Where it may end, likeliest first.
    ends: [TextSize; 2],
    is_head: bool,
}

impl Broken {
    /// The statement of the first error, if there are errors behind it.
    fn find(text: &str, parsed: &Module) -> Option<Self> {
        let error = parsed.errors().iter().map(|it| it.location.start()).min()?;
        let mut first: Option<&Token> = None;
        let mut open = Vec::new();
        for token in parsed.tokens().iter().take_while(|it| it.start() < error) {
            match token.kind() {
                TokenKind::Newline => {
                    first = None;
                    open.clear();
                    continue;
                }
                TokenKind::NonLogicalNewline
                | TokenKind::Comment
                | TokenKind::Indent
                | TokenKind::Dedent => continue,
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => open.push(token.start()),
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                    open.pop();
                }
                _ => {}
            }
            first = first.or(Some(token));
        }
        let first = first?;
        let end = end_of_line(text, open.last().copied().unwrap_or(error));
        let spreads = parsed.errors().iter().any(|it| it.location.start() > end);
        let before = start_of_line(text, error).checked_sub(TextSize::new(1)).unwrap_or_default();
        let other = if before > first.start() && starts_its_line(text, error) {
            before
        } else {
            end_of_line(text, error)
        };
        spreads.then_some(Broken {
            start: first.start(),
            ends: [end, other],
            is_head: is_head(first.kind()),
        })
    }

    /// The text with something harmless in the place of the statement.
    fn without(&self, text: &str, end: TextSize) -> Option<String> {
        let (start, end) = (self.start.to_usize(), end.to_usize());
        let instead = if self.is_head { HEAD } else { STATEMENT };
        let old = text.get(start..end)?;
        if old.len() < instead.len() || old[..instead.len()].contains(['\n', '\r']) {
            return None;
        }
        let blank = old[instead.len()..]
            .bytes()
            .map(|it| if matches!(it, b'\n' | b'\r') { char::from(it) } else { ' ' });
        let mut out = String::with_capacity(text.len());
        out.push_str(&text[..start]);
        out.push_str(instead);
        out.extend(blank);
        out.push_str(&text[end..]);
        Some(out)
    }
}

/// A statement that begins like this has a block of its own.
fn is_head(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Def
            | TokenKind::Class
            | TokenKind::Async
            | TokenKind::If
            | TokenKind::For
            | TokenKind::While
            | TokenKind::With
            | TokenKind::Try
    )
}

fn start_of_line(text: &str, at: TextSize) -> TextSize {
    let before = text.get(..at.to_usize()).unwrap_or_default();
    let start = before.rfind(['\n', '\r']).map_or(0, |it| it + 1);
    TextSize::try_from(start).unwrap_or_default()
}

fn end_of_line(text: &str, at: TextSize) -> TextSize {
    let rest = text.get(at.to_usize()..).unwrap_or_default();
    let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
    TextRange::at(at, TextSize::try_from(length).unwrap_or_default()).end()
}

/// Whether nothing but space stands before this in its line.
fn starts_its_line(text: &str, at: TextSize) -> bool {
    let line = start_of_line(text, at);
    text.get(TextRange::new(line, at).to_std_range()).is_some_and(|it| it.trim().is_empty())
}
