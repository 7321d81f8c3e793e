//! For a terminal.

use std::fmt::Write as _;

use super::{Report, STATUSES};

pub(super) fn render(report: &Report) -> String {
    let mut res = format!("{}\n", report.headline());
    let _ =
        writeln!(res, "\nFor {} on {}, from {}", report.target, report.platform, sources(report));
    for note in &report.notes {
        let _ = writeln!(res, "note: {note}");
    }
    for status in STATUSES {
        let own: Vec<_> = report.dependencies.iter().filter(|it| it.class == status).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(res, "\n{} ({})", status.words(), own.len());
        for it in own {
            let version = it.version.as_deref().unwrap_or("-");
            let _ = writeln!(res, "  {} {version}  {}", it.name, it.place);
            let _ = writeln!(res, "      {}", it.why);
            if it.chain.len() > 1 {
                let _ = writeln!(res, "      comes with {}", it.chain.join(" -> "));
            }
            if !it.advice.is_empty() {
                let _ = writeln!(res, "      -> {}", it.advice);
            }
        }
    }
    if !report.findings.is_empty() {
        res.push_str(
            "\nfindings in the code (high, medium, low | confirmed, not reproduced, open)\n",
        );
        for it in &report.findings {
            let _ = writeln!(
                res,
                "  {} {:<32} {:>4} {:>4} {:>4} | {:>4} {:>4} {:>4}",
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
    if !report.remaining.is_empty() {
        res.push_str("\nwhat remains\n");
        for (number, it) in report.remaining.iter().enumerate() {
            let _ = writeln!(res, "  {}. {it}", number + 1);
        }
    }
    res
}

pub(super) fn sources(report: &Report) -> String {
    match &report.sources[..] {
        [] => "no manifest, lock file or environment".to_owned(),
        some => some.join(", "),
    }
}
