//! Suppression comments: `# ftlint: ignore[FTL101] reason` on a line, `# ftlint: ignore-file[...]` for a file.
//!
//! Pure: comments in, a table out. What is malformed is a [`Problem`] and suppresses nothing, so a typing mistake
//! never hides a finding. `invalid-syntax` cannot be suppressed.

use crate::rule::Rule;

/// One comment of a file.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a> {
    /// From the `#` to the end of the line, without the newline.
    pub text: &'a str,
    /// 1-based line.
    pub line: u32,
}

/// What is wrong with a suppression comment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// 1-based line of the comment.
    pub line: u32,
    /// Lower case, no full stop.
    pub message: String,
}

/// The suppressions of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Suppressions {
    lines: Vec<(u32, Codes)>,
    file: Vec<Codes>,
}

/// Which rules one comment names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Codes {
    All,
    These(Vec<&'static str>),
}

impl Codes {
    fn contain(&self, code: &str) -> bool {
        match self {
            Codes::All => true,
            Codes::These(codes) => codes.contains(&code),
        }
    }
}

impl Suppressions {
    /// Reads the comments of a file, which come in order of line. `body_line` is the line of the first statement
    /// that is not the module's docstring ([`u32::MAX`] when there is none): `ignore-file` is only taken above it.
    pub fn parse<'a>(
        comments: impl IntoIterator<Item = Comment<'a>>,
        body_line: u32,
        rules: &[&'static Rule],
    ) -> (Self, Vec<Problem>) {
        let (mut res, mut problems) = (Self::default(), Vec::new());
        for comment in comments {
            match directive(comment.text, rules) {
                Ok(None) => {}
                Ok(Some((Scope::Line, codes))) => res.lines.push((comment.line, codes)),
                Ok(Some((Scope::File, _))) if comment.line >= body_line => problems.push(Problem {
                    line: comment.line,
                    message:
                        "`ignore-file` has no effect below the first statement; move it to the top"
                            .to_owned(),
                }),
                Ok(Some((Scope::File, codes))) => res.file.push(codes),
                Err(message) => problems.push(Problem { line: comment.line, message }),
            }
        }
        (res, problems)
    }

    /// Whether a finding of rule `code` whose range (or multi-line statement) goes from `line` to `end_line` is
    /// suppressed: by the whole file, or by a comment on its first or its last line.
    pub fn suppresses(&self, code: &str, line: u32, end_line: u32) -> bool {
        let on_line =
            |(at, codes): &(u32, Codes)| (*at == line || *at == end_line) && codes.contain(code);
        code.starts_with("FTL")
            && (self.file.iter().any(|it| it.contain(code)) || self.lines.iter().any(on_line))
    }

    /// Whether there is nothing to suppress.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.file.is_empty()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Line,
    File,
}

/// The directive in a comment, which may follow another one: `# type: ignore  # ftlint: ignore[FTL101]`.
fn directive(text: &str, rules: &[&'static Rule]) -> Result<Option<(Scope, Codes)>, String> {
    let Some(rest) = text.split('#').find_map(|it| it.trim_start().strip_prefix("ftlint:")) else {
        return Ok(None);
    };
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let scope = match word {
        "ignore" => Scope::Line,
        "ignore-file" => Scope::File,
        _ => {
            return Err(format!(
                "unknown directive `{word}`; write `ignore[CODE]` or `ignore-file[CODE]`"
            ));
        }
    };
    let Some(rest) = rest.trim_start().strip_prefix('[') else {
        return Ok(Some((scope, Codes::All)));
    };
    let Some((list, _reason)) = rest.split_once(']') else {
        return Err(format!("`{word}[` without its closing bracket"));
    };
    codes(word, list, rules).map(|it| Some((scope, it)))
}

fn codes(word: &str, list: &str, rules: &[&'static Rule]) -> Result<Codes, String> {
    let mut res = Vec::new();
    for name in list.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let known = rules
            .iter()
            .find(|it| it.code.eq_ignore_ascii_case(name) || it.name.eq_ignore_ascii_case(name));
        res.push(known.ok_or_else(|| format!("unknown rule `{name}` in `{word}[...]`"))?.code);
    }
    if res.is_empty() {
        return Err(format!("`{word}[]` names no rule; write `{word}` alone for all rules"));
    }
    Ok(Codes::These(res))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::INVALID_SYNTAX;

    static FTL101: Rule = Rule { code: "FTL101", name: "non-atomic-update", ..INVALID_SYNTAX_LIKE };
    static FTL201: Rule = Rule { code: "FTL201", name: "check-then-insert", ..INVALID_SYNTAX_LIKE };
    const INVALID_SYNTAX_LIKE: Rule = Rule {
        code: "",
        name: "",
        since: "0.1.0",
        severity: crate::rule::Severity::Warning,
        summary: "",
        replay: crate::rule::Replay::Never(""),
        doc: "",
        check: |_, _| {},
        message: |_| String::new(),
    };

    fn parse(text: &str) -> (Suppressions, Vec<String>) {
        let comments = text.lines().enumerate().filter_map(|(i, line)| {
            line.find('#')
                .map(|at| Comment { text: &line[at..], line: u32::try_from(i).unwrap() + 1 })
        });
        let body = text.lines().position(|it| !it.starts_with('#'));
        let body = body.map_or(u32::MAX, |it| u32::try_from(it).unwrap() + 1);
        let (table, problems) = Suppressions::parse(comments, body, &[&FTL101, &FTL201]);
        (table, problems.into_iter().map(|it| format!("{}: {}", it.line, it.message)).collect())
    }

    #[test]
    fn a_comment_covers_its_line_only() {
        let (table, problems) =
            parse("x += 1  # ftlint: ignore[FTL101] guarded by the caller\nx += 1");
        assert!(problems.is_empty());
        assert!(table.suppresses("FTL101", 1, 1));
        assert!(!table.suppresses("FTL201", 1, 1));
        assert!(!table.suppresses("FTL101", 2, 2));
    }

    #[test]
    fn the_last_line_of_a_statement_counts_and_the_middle_does_not() {
        let (table, _) = parse("x += (\n1 +  # ftlint: ignore\n1)");
        assert!(!table.suppresses("FTL101", 1, 3));
        assert!(table.suppresses("FTL101", 1, 2));
    }

    #[test]
    fn several_codes_names_and_other_tools_on_the_line() {
        let (table, problems) =
            parse("x += 1  # noqa: X1 # ftlint:ignore[ftl201, non-atomic-update]");
        assert!(problems.is_empty());
        assert!(table.suppresses("FTL101", 1, 1) && table.suppresses("FTL201", 1, 1));
    }

    #[test]
    fn a_whole_file() {
        let (table, problems) = parse("# ftlint: ignore-file[FTL101] generated\nx += 1");
        assert!(problems.is_empty());
        assert!(table.suppresses("FTL101", 9, 9) && !table.suppresses("FTL201", 9, 9));
        let (table, problems) = parse("x += 1\n# ftlint: ignore-file");
        assert!(table.is_empty());
        assert_eq!(
            problems,
            ["2: `ignore-file` has no effect below the first statement; move it to the top"]
        );
    }

    #[test]
    fn mistakes_are_told_and_hide_nothing() {
        let (table, problems) = parse(
            "a  # ftlint: ignore[FTL999]\nb  # ftlint: ignore[FTL101\nc  # ftlint: disable\nd  # ftlint: ignore[]",
        );
        assert!(table.is_empty());
        assert_eq!(
            problems,
            [
                "1: unknown rule `FTL999` in `ignore[...]`",
                "2: `ignore[` without its closing bracket",
                "3: unknown directive `disable`; write `ignore[CODE]` or `ignore-file[CODE]`",
                "4: `ignore[]` names no rule; write `ignore` alone for all rules",
            ]
        );
    }

    #[test]
    fn syntax_errors_cannot_be_suppressed() {
        let (table, _) = parse("x = (  # ftlint: ignore");
        assert!(!table.suppresses(INVALID_SYNTAX.code, 1, 1));
    }
}
