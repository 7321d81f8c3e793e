//! The registry: one `mod` line and one entry per rule, sorted by code, nothing else.

use crate::evidence::Evidence;
use crate::rule::{Replay, Rule, Severity};

/// All rules, sorted by code.
pub static RULES: &[&Rule] = &[];

/// The pseudo-rule of files that cannot be parsed completely. Not selectable, not suppressible.
pub static INVALID_SYNTAX: Rule = Rule {
    code: "invalid-syntax",
    name: "invalid-syntax",
    since: "0.1.0",
    severity: Severity::Error,
    summary: "the file could not be parsed completely",
    replay: Replay::Never("nothing to run"),
    doc: "## What it does\nReports where the parser gave up; the rest of the file is analysed all the same.\n",
    check: |_, _| {},
    message: |evidence| match evidence {
        Evidence::Syntax(_, message) => message.clone(),
        _ => String::new(),
    },
};

/// The rule with this code or name, in any case.
pub fn rule(code_or_name: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .find(|it| it.code.eq_ignore_ascii_case(code_or_name) || it.name.eq_ignore_ascii_case(code_or_name))
        .copied()
}
