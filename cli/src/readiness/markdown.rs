//! For a pull request or a wiki.

use std::fmt::Write as _;

use super::{Report, text};

pub(super) fn render(report: &Report) -> String {
    let mut res = format!("# Ready for {}?\n\n{}\n\n", report.target, plain(&report.headline()));
    let _ = writeln!(res, "On {}, from {}.", report.platform, plain(&text::sources(report)));
    for note in &report.notes {
        let _ = writeln!(res, "\n> {}", plain(note));
    }
    if !report.remaining.is_empty() {
        res.push_str("\n## What remains\n\n");
        for it in &report.remaining {
            let _ = writeln!(res, "- [ ] {}", plain(it));
        }
    }
    if !report.dependencies.is_empty() {
        res.push_str("\n## Dependencies\n\n| status | package | version | why | what to do | where |\n| --- | --- | --- | --- | --- | --- |\n");
        for it in &report.dependencies {
            let chain = if it.chain.len() > 1 {
                format!(" ({})", it.chain.join(" -> "))
            } else {
                String::new()
            };
            let _ = writeln!(
                res,
                "| {} | {}{} | {} | {} | {} | {} |",
                it.status,
                plain(&it.name),
                plain(&chain),
                plain(it.version.as_deref().unwrap_or("")),
                plain(&it.why),
                plain(&it.advice),
                plain(&it.place)
            );
        }
    }
    if !report.findings.is_empty() {
        res.push_str("\n## Findings\n\n| rule | high | medium | low | confirmed | not reproduced | open |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        for it in &report.findings {
            let _ = writeln!(
                res,
                "| {} {} | {} | {} | {} | {} | {} | {} |",
                it.code,
                it.name,
                it.high,
                it.medium,
                it.low,
                it.confirmed,
                it.not_reproduced,
                it.open
            );
        }
    }
    res
}

/// Text of others that stays text: nothing of it begins a cell, markup or a line.
fn plain(text: &str) -> String {
    let mut res = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '!' => {
                res.push('\\');
                res.push(c);
            }
            c if c.is_control() => res.push(' '),
            c => res.push(c),
        }
    }
    res
}
