//! `ftlint rule`: prints the page of a rule.

use std::io::{self, BufWriter, Write};

use anyhow::bail;
use ftlint_analyzer::rule::{Replay, Rule, Severity};
use ftlint_analyzer::rules::{RULES, rule};
use ftlint_analyzer::settings::did_you_mean;
use serde::Serialize;

use crate::args::{RuleArgs, RuleFormat};

/// Runs the command.
pub(crate) fn run(args: &RuleArgs) -> anyhow::Result<u8> {
    let rules = match &args.rule {
        None => RULES.to_vec(),
        Some(name) => vec![named(name)?],
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match (args.output_format, args.all) {
        (RuleFormat::Markdown, _) => {
            for (i, it) in rules.iter().enumerate() {
                if i > 0 {
                    writeln!(out, "\n---\n")?;
                }
                page(&mut out, it)?;
            }
        }
        (RuleFormat::Json, true) => {
            let list: Vec<_> = rules.iter().map(|it| JsonRule::new(it)).collect();
            json(&mut out, &list)?;
        }
        (RuleFormat::Json, false) => {
            for it in rules {
                json(&mut out, &JsonRule::new(it))?;
            }
        }
    }
    out.flush()?;
    Ok(0)
}

fn named(name: &str) -> anyhow::Result<&'static Rule> {
    if let Some(it) = rule(name) {
        return Ok(it);
    }
    let known = RULES.iter().flat_map(|it| [it.code, it.name]);
    let hint = did_you_mean(name, known).map(|it| format!("; did you mean `{it}`?"));
    bail!("unknown rule `{name}`{}", hint.unwrap_or_default())
}

fn page(out: &mut impl Write, rule: &Rule) -> io::Result<()> {
    writeln!(out, "# {} ({})\n\n{}\n", rule.name, rule.code, rule.summary)?;
    // Doc comments keep the space behind `///`.
    for line in rule.doc.trim_end().lines() {
        writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line))?;
    }
    match rule.replay {
        Replay::With(_) | Replay::ByPattern => Ok(()),
        Replay::Never(why) => writeln!(out, "\nNever replayed: {why}."),
    }
}

fn json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

#[derive(Serialize)]
struct JsonRule<'a> {
    code: &'a str,
    name: &'a str,
    summary: &'a str,
    severity: &'a str,
    since: &'a str,
    replayed: bool,
    url: String,
    documentation: String,
}

impl<'a> JsonRule<'a> {
    fn new(rule: &'a Rule) -> Self {
        let lines = rule.doc.lines().map(|it| it.strip_prefix(' ').unwrap_or(it));
        Self {
            code: rule.code,
            name: rule.name,
            summary: rule.summary,
            severity: match rule.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
            since: rule.since,
            replayed: !matches!(rule.replay, Replay::Never(_)),
            url: rule.url(),
            documentation: lines.collect::<Vec<_>>().join("\n"),
        }
    }
}
