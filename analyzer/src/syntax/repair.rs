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

/// What stands in the place of a statement, and of the head of a block without a name.
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
    let mut from = TextSize::default();
    for _ in 0..MAX_REPAIRS {
        if text.len() > MAX_LENGTH {
            break;
        }
        let Some(broken) = Broken::find(&text, &parsed, from) else { break };
        // Only its own errors: the parser has got over them.
        let own = parsed.errors().iter().filter(|it| it.location.start() <= broken.noticed).count();
        let better = broken.ends.iter().find_map(|end| {
            let without = broken.without(&text, *end)?;
            let again = parse_unchecked_source(&without, kind);
            let n_before = parsed.errors().len() - own;
            (again.errors().len() < n_before).then_some((*end, without, again))
        });
        let Some((end, without, again)) = better else {
            from = broken.noticed;
            continue;
        };
        // The first one is always of it, wherever the parser has noticed.
        let of_it = |it: &SyntaxProblem| it.range.start() <= end.max(broken.error);
        told.extend(problems(&parsed).into_iter().filter(of_it));
        (text, parsed) = (without.into(), again);
    }
    told.extend(problems(&parsed));
    told.sort_by_key(|it| (it.range.start(), it.range.end()));
    told.dedup();
    (parsed, told)
}

/// A statement whose errors spread.
struct Broken {
    start: TextSize,
    /// The first error, and the end of its line.
    error: TextSize,
    noticed: TextSize,
    /// Where it may end, likeliest first.
    ends: [TextSize; 2],
    instead: String,
}

impl Broken {
    /// The statement of the first error from there on, if there are errors behind it.
    fn find(text: &str, parsed: &Module, from: TextSize) -> Option<Self> {
        let errors = parsed.errors().iter().map(|it| it.location.start());
        let error = errors.clone().filter(|it| *it >= from).min()?;
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
        let noticed = end_of_line(text, error);
        let end = end_of_line(text, open.last().copied().unwrap_or(error));
        if !errors.clone().any(|it| it > noticed.max(end)) {
            return None;
        }
        let before = start_of_line(text, error).checked_sub(TextSize::new(1)).unwrap_or_default();
        let whole_lines = before > first.start() && starts_its_line(text, error);
        let other = if whole_lines { before } else { noticed };
        let instead = instead(text, parsed, first);
        Some(Broken { start: first.start(), error, noticed, ends: [end, other], instead })
    }

    /// The text with something harmless in the place of the statement.
    fn without(&self, text: &str, end: TextSize) -> Option<String> {
        let (start, end) = (self.start.to_usize(), end.to_usize());
        let instead = self.instead.as_str();
        let old = text.get(start..end)?.as_bytes();
        let (covered, rest) = old.split_at_checked(instead.len())?;
        let ends_line = |it: u8| matches!(it, b'\n' | b'\r');
        if covered.iter().any(|it| ends_line(*it)) {
            return None;
        }
        let blank = rest.iter().map(|it| if ends_line(*it) { char::from(*it) } else { ' ' });
        let mut out = String::with_capacity(text.len());
        out.push_str(&text[..start]);
        out.push_str(instead);
        out.extend(blank);
        out.push_str(&text[end..]);
        Some(out)
    }
}

/// What stands for a statement: of a function and a class, the name remains.
fn instead(text: &str, parsed: &Module, first: &Token) -> String {
    let head = parsed.tokens().iter().skip_while(|it| it.start() < first.start()).take(3);
    let name = head.clone().find(|it| it.kind() == TokenKind::Name).map(|it| &text[it.range()]);
    let kinds: Vec<TokenKind> = head.map(Token::kind).collect();
    match (kinds.as_slice(), name) {
        ([TokenKind::Def, ..], Some(name)) => format!("def {name}():"),
        ([TokenKind::Async, TokenKind::Def, ..], Some(name)) => format!("async def {name}():"),
        ([TokenKind::Class, ..], Some(name)) => format!("class {name}:"),
        (
            [
                TokenKind::If
                | TokenKind::For
                | TokenKind::While
                | TokenKind::With
                | TokenKind::Try
                | TokenKind::Def
                | TokenKind::Class
                | TokenKind::Async,
                ..,
            ],
            _,
        ) => HEAD.to_owned(),
        _ => STATEMENT.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use ruff_python_ast::Stmt;

    use super::super::parse;

    /// The names of the functions that are read, and the lines of the problems.
    fn read(text: &str) -> (Vec<String>, Vec<usize>) {
        let (parsed, problems) = parse(text, "m.py");
        let names = parsed.suite().iter().filter_map(|it| match it {
            Stmt::FunctionDef(it) => Some(it.name.to_string()),
            _ => None,
        });
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let lines = problems.iter().map(|it| line(it.range.start().to_usize()));
        (names.collect(), lines.collect())
    }

    #[test]
    fn what_follows_an_open_bracket_is_read() {
        let text = "def f():\n    x = [y for y in (1, 2\n    return x\n\n\ndef g():\n    return {'a': [1], 'b': {2}}\n\n\ndef h():\n    pass\n";
        assert_eq!(read(text), (vec!["f".to_owned(), "g".to_owned(), "h".to_owned()], vec![3]));
    }

    #[test]
    fn several_statements_are_put_aside() {
        let text = "def f():\n    x = [y for y in (1\n    return x\n\ndef g():\n    a = {1: [z for z in (2\n    return a\n\ndef h():\n    pass\n";
        let (names, lines) = read(text);
        assert_eq!((names.join(" ").as_str(), lines), ("f g h", vec![3, 7]));
    }

    #[test]
    fn no_error_is_lost() {
        assert_eq!(read("x = (\n").1.len(), 1);
        assert_eq!(read("x = [y for y in (1\n").1.len(), 1);
        assert!(!read("def f(:\n    x = (1,\n\ndef g(\n").1.is_empty());
        assert_eq!(read("x = 1\n").1, [0usize; 0]);
    }

    #[test]
    fn letters_of_several_bytes_are_put_aside_whole() {
        let text = "x = 1\né = [y for y in (1\nreturn x\n\ndef g():\n    return {1: [2]}\n";
        assert_eq!(read(text).0, ["g"]);
        let text = "é(de    f work():\n    x = [y for y in (\n\n\ndef g():\n    pass\n";
        assert!(!read(text).1.is_empty());
    }

    #[test]
    fn whatever_the_parser_contains_is_left_to_it() {
        let text = "def f(a, b\n    return a\n\n\nx =\n\n\ndef g():\n    pass\n";
        let (names, lines) = read(text);
        assert_eq!(names.join(" "), "f g");
        assert!(lines.contains(&5), "{lines:?}");
    }
}
