//! The pages of the rules: same headings everywhere, and every block of code is analysed.

use ftlint_analyzer::rule::Rule;
use ftlint_analyzer::rules::RULES;
use ftlint_analyzer::testing::{Expectations, Fixture, check_document, check_expectations_of};

const HEADINGS: [&str; 6] = [
    "## What it does",
    "## Why is this bad?",
    "## Example",
    "## Use instead",
    "## Known limits",
    "## Replay",
];

#[test]
fn headings_are_in_order() {
    for rule in RULES {
        let page = page(rule);
        let headings: Vec<&str> = page.lines().filter(|it| it.starts_with("## ")).collect();
        assert_eq!(headings, HEADINGS, "headings of {}", rule.code);
        for heading in HEADINGS {
            assert!(
                !section(&page, heading).trim().is_empty(),
                "{}: nothing below {heading}",
                rule.code
            );
        }
    }
}

#[test]
fn examples_show_the_rule() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let blocks = blocks(&section(&page(rule), "## Example"));
        if !blocks.iter().any(|it| !expectations(it).items.is_empty()) {
            wrong.push(format!("{}: no example has an `# error`", rule.code));
        }
        wrong.extend(blocks.iter().flat_map(|it| mismatches(rule, it)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn corrected_examples_are_clean() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let blocks = blocks(&section(&page(rule), "## Use instead"));
        if blocks.is_empty() {
            wrong.push(format!("{}: nothing to use instead", rule.code));
        }
        for block in blocks {
            if !expectations(&block).items.is_empty() {
                wrong.push(format!(
                    "{}: expects a finding in what is to be used instead",
                    rule.code
                ));
            }
            wrong.extend(mismatches(rule, &block));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A block of a page, as a file of its language.
struct Block {
    file: &'static str,
    text: String,
}

fn expectations(block: &Block) -> Expectations {
    if block.file == PYTHON {
        Expectations::parse(&block.text)
    } else {
        Expectations::of_document(&block.text)
    }
}

fn mismatches(rule: &Rule, block: &Block) -> Vec<String> {
    let text = &block.text;
    let diagnostics = Fixture::of_file(block.file, text).check();
    let compare = if block.file == PYTHON { check_expectations_of } else { check_document };
    let found = compare(Some(rule), text, &diagnostics);
    found.into_iter().map(|it| format!("{}: {it} in\n{text}", rule.code)).collect()
}

/// The rule's page without the space that `///` leaves before each line.
fn page(rule: &Rule) -> String {
    rule.doc
        .lines()
        .map(|it| it.strip_prefix(' ').unwrap_or(it))
        .fold(String::new(), |res, it| res + it + "\n")
}

fn section(page: &str, heading: &str) -> String {
    let lines = page
        .lines()
        .skip_while(|it| *it != heading)
        .skip(1)
        .take_while(|it| !it.starts_with("## "));
    lines.fold(String::new(), |res, it| res + it + "\n")
}

/// The languages of blocks that are tested, and a file of each.
const LANGUAGES: [(&str, &str); 4] = [
    ("```python", PYTHON),
    ("```toml", "pyproject.toml"),
    ("```yaml", ".github/workflows/ci.yml"),
    ("```dockerfile", "Dockerfile"),
];

const PYTHON: &str = "example.py";

fn blocks(section: &str) -> Vec<Block> {
    let mut res = Vec::new();
    let mut block: Option<Block> = None;
    for line in section.lines() {
        match &mut block {
            None => {
                let language = LANGUAGES.iter().find(|it| it.0 == line);
                block = language.map(|it| Block { file: it.1, text: String::new() });
            }
            Some(_) if line == "```" => res.extend(block.take()),
            Some(it) => {
                it.text.push_str(line);
                it.text.push('\n');
            }
        }
    }
    assert!(block.is_none(), "a block is not closed:\n{section}");
    res
}
