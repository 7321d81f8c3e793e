//! Who may name what: the analyzer does not touch the world, the runtime alone starts processes, the server alone knows
//! its protocol's types.

use super::SourceText;

/// A name that only some paths may use.
struct Wall {
    /// All of these on one line of code.
    words: &'static [&'static str],
    /// Where it is forbidden: beginnings of paths.
    inside: &'static [&'static str],
    /// Exceptions: beginnings of paths.
    except: &'static [&'static str],
    /// What to say.
    reason: &'static str,
}

const ANALYZER: &[&str] = &["analyzer/src/"];
const TESTING: &[&str] = &["analyzer/src/testing"];
const NO_WORLD: &str = "the analyzer does not touch the world";
const CRATES: &[&str] = &["analyzer/", "lsp/", "cli/"];

const WALLS: &[Wall] = &[
    Wall { words: &["std::fs"], inside: ANALYZER, except: TESTING, reason: NO_WORLD },
    Wall { words: &["std::env"], inside: ANALYZER, except: TESTING, reason: NO_WORLD },
    Wall { words: &["std::process"], inside: ANALYZER, except: TESTING, reason: NO_WORLD },
    Wall { words: &["std::net"], inside: ANALYZER, except: TESTING, reason: NO_WORLD },
    Wall { words: &["SystemTime"], inside: ANALYZER, except: TESTING, reason: NO_WORLD },
    Wall { words: &["Instant"], inside: ANALYZER, except: TESTING, reason: NO_WORLD },
    Wall {
        words: &["process::", "Command"],
        inside: CRATES,
        except: &["analyzer/tests/", "lsp/tests/", "cli/tests/"],
        reason: "the runtime alone starts processes",
    },
    Wall {
        words: &["lsp_types"],
        inside: &["analyzer/", "runtime/", "cli/"],
        except: &[],
        reason: "lsp alone names the protocol's types",
    },
    Wall {
        words: &["ruff_python_parser"],
        inside: ANALYZER,
        except: &["analyzer/src/syntax", "analyzer/src/testing"],
        reason: "only the syntax module parses",
    },
];

/// Complaints about names on the wrong side of a wall.
pub(crate) fn check(files: &[SourceText]) -> Vec<String> {
    let mut res = Vec::new();
    for file in files.iter().filter(|it| it.is_a("rs")) {
        let walls: Vec<&Wall> = WALLS.iter().filter(|it| it.stands_before(&file.path)).collect();
        for (n, line) in file.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or(line);
            for wall in &walls {
                if wall.words.iter().all(|it| names(code, it)) {
                    let words = wall.words.concat();
                    res.push(format!("{}:{}: names `{words}`: {}", file.path, n + 1, wall.reason));
                }
            }
        }
    }
    res
}

impl Wall {
    fn stands_before(&self, path: &str) -> bool {
        let starts = |it: &&str| path.starts_with(*it);
        self.inside.iter().any(starts) && !self.except.iter().any(starts)
    }
}

/// Whether the word stands in the line, not as a part of a longer one.
fn names(line: &str, word: &str) -> bool {
    let part_of_word = |it: char| it.is_alphanumeric() || it == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(part_of_word)
            && (word.ends_with(':') || !after.is_some_and(part_of_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_see_code_and_not_comments() {
        let file =
            |path: &str, text: &str| SourceText { path: path.to_owned(), text: text.to_owned() };
        let found = check(&[
            file("analyzer/src/a.rs", "// std::fs\nuse std::fs;\nstruct InstantNoodles;\n"),
            file("analyzer/src/testing", "use std::fs;\n"),
            file(
                "cli/src/main.rs",
                "use std::process::ExitCode;\nuse std::process::{Command, ExitCode};\n",
            ),
        ]);
        assert_eq!(
            found,
            [
                "analyzer/src/a.rs:2: names `std::fs`: the analyzer does not touch the world",
                "cli/src/main.rs:2: names `process::Command`: the runtime alone starts processes",
            ]
        );
    }
}
