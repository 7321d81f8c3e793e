//! The text of `--entry`, split as a shell would, and what it asks for. Runs nothing.

use std::path::Path;
use std::str::FromStr;

use crate::verdict::EvidenceLevel;

/// A command of the user that is to be run on the interpreter of the replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    text: String,
    words: Vec<String>,
}

/// The text is not a command that can be run on a Python.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot run `{text}` on another Python: {reason}")]
pub struct BadCommand {
    text: String,
    reason: &'static str,
}

impl Command {
    /// What the harness runs: `-m`, `-c`, a file or the name of a script comes first.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    /// As the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is pytest, which takes a plugin of ours.
    pub(crate) fn is_pytest(&self) -> bool {
        self.runs(&["pytest", "py.test"])
    }

    /// What a violation in it is evidence of.
    pub(crate) fn level(&self) -> EvidenceLevel {
        let is_test = self.runs(&["pytest", "py.test", "unittest", "nose2", "trial", "stestr"]);
        if is_test { EvidenceLevel::Test } else { EvidenceLevel::Program }
    }

    fn runs(&self, names: &[&str]) -> bool {
        let name = match self.words.as_slice() {
            [option, module, ..] if option == "-m" => module,
            [first, ..] => first,
            [] => return false,
        };
        let name = Path::new(name).file_name().and_then(|it| it.to_str());
        name.is_some_and(|it| names.contains(&it))
    }
}

impl FromStr for Command {
    type Err = BadCommand;

    fn from_str(text: &str) -> Result<Self, BadCommand> {
        let bad = |reason| BadCommand { text: text.to_owned(), reason };
        let mut words = split(text).ok_or_else(|| bad("a quotation mark is not closed"))?;
        if words.first().is_some_and(|it| is_python(it)) {
            words.remove(0);
            // Output without a buffer says nothing of what runs.
            while words.first().is_some_and(|it| it == "-u") {
                words.remove(0);
            }
        }
        match words.as_slice() {
            [] => Err(bad("there is nothing to run")),
            [option] if option == "-m" || option == "-c" => {
                Err(bad("the option needs an argument"))
            }
            [option, ..] if option.starts_with('-') && option != "-m" && option != "-c" => {
                Err(bad("of the options of Python only -m, -c and -u can be there"))
            }
            [first, ..] if first.contains('=') => {
                Err(bad("set variables of the environment before ftlint, not in the command"))
            }
            _ => Ok(Self { text: text.trim().to_owned(), words }),
        }
    }
}

/// `python`, `python3`, `python3.14t`, with or without a directory.
fn is_python(word: &str) -> bool {
    let name = Path::new(word).file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let version = name.strip_prefix("python").unwrap_or("?");
    version.chars().all(|it| it.is_ascii_digit() || it == '.' || it == 't')
}

/// Words in the sense of a POSIX shell, without its expansions; `None` when a quotation is open at the end.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    let mut quote = None;
    while let Some(it) = chars.next() {
        match (quote, it) {
            (Some(open), _) if it == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(it),
            (_, '\\') => word.get_or_insert_default().push(chars.next()?),
            (Some(_), _) => word.get_or_insert_default().push(it),
            (None, '"' | '\'') => {
                quote = Some(it);
                word.get_or_insert_default();
            }
            (None, _) if it.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(it),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.parse::<Command>().unwrap().words
    }

    #[test]
    fn splits_as_a_shell_does() {
        assert_eq!(
            words(r#"pytest -k "a or b" 'x\y' c\ d """#),
            ["pytest", "-k", "a or b", r"x\y", "c d", ""]
        );
    }

    #[test]
    fn leaves_the_name_of_python_out() {
        assert_eq!(words("/usr/bin/python3.14t -u -m app --fast"), ["-m", "app", "--fast"]);
        assert_eq!(words("python app.py"), ["app.py"]);
        assert_eq!(words("pythonic"), ["pythonic"]);
    }

    #[test]
    fn refuses_what_it_would_not_run() {
        for text in ["", "python", "pytest 'x", "python -O app.py", "python -m", "A=1 pytest"] {
            assert!(text.parse::<Command>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_tests_from_programs() {
        let level = |text: &str| text.parse::<Command>().unwrap().level();
        assert_eq!(level("python -m pytest -q"), EvidenceLevel::Test);
        assert_eq!(level(".venv/bin/pytest"), EvidenceLevel::Test);
        assert_eq!(level("python -m unittest"), EvidenceLevel::Test);
        assert_eq!(level("python -m app pytest"), EvidenceLevel::Program);
    }
}
