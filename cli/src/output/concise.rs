//! One line for each finding: `path:row:col: CODE message [confidence, gil class]`.

use std::io::{self, Write};

use ftlint_runtime::verdict::{Status, Verdict};

use crate::output::{Finding, View, words};

/// Writes all findings.
pub(crate) fn write(out: &mut dyn Write, findings: &[Finding], view: &View<'_>) -> io::Result<()> {
    for Finding { diagnostic: it, verdict } in findings {
        let place = words::place(&it.location, view.short);
        write!(out, "{place}: {} {}", it.rule.code, it.message)?;
        if it.rule.code.starts_with("FTL") {
            write!(out, " [{}, {}]", words::confidence(it.confidence), words::gil(it.gil))?;
        }
        if let Some(verdict) = verdict {
            write!(out, " ({})", told(verdict))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// "confirmed: 2 of 2 updates became 1".
fn told(verdict: &Verdict) -> String {
    let status = words::status(verdict.status).replace('-', " ");
    let detail =
        if verdict.status == Status::Confirmed { &verdict.violation } else { &verdict.reason };
    match detail {
        Some(detail) => format!("{status}: {detail}"),
        None => status,
    }
}
