//! The pages of the rules: same headings everywhere, and every Python block is analysed.

use ftlint_analyzer::rule::Rule;
use ftlint_analyzer::rules::RULES;
use ftlint_analyzer::testing::{Expectations, Fixture, check_expectations_of};

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
        let blocks = python_blocks(&section(&page(rule), "## Example"));
        if !blocks.iter().any(|it| !Expectations::parse(it).items.is_empty()) {
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
        let blocks = python_blocks(&section(&page(rule), "## Use instead"));
        if blocks.is_empty() {
            wrong.push(format!("{}: nothing to use instead", rule.code));
        }
        for block in blocks {
            if !Expectations::parse(&block).items.is_empty() {
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

fn mismatches(rule: &Rule, block: &str) -> Vec<String> {
    let diagnostics = Fixture::of_text("example", block).check();
    let found = check_expectations_of(Some(rule), block, &diagnostics);
    found.into_iter().map(|it| format!("{}: {it} in\n{block}", rule.code)).collect()
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

fn python_blocks(section: &str) -> Vec<String> {
    let mut res = Vec::new();
    let mut block: Option<String> = None;
    for line in section.lines() {
        match &mut block {
            None if line == "```python" => block = Some(String::new()),
            None => {}
            Some(_) if line == "```" => res.extend(block.take()),
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    assert!(block.is_none(), "a block is not closed:\n{section}");
    res
}
