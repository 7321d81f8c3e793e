//! Workflow commands of GitHub Actions: each finding becomes an annotation of the changed line.

use std::io::{self, Write};

use ftlint_analyzer::rule::Severity;

use crate::output::{Finding, View};

/// Writes all findings.
pub(crate) fn write(out: &mut dyn Write, findings: &[Finding], view: &View<'_>) -> io::Result<()> {
    for finding in findings {
        let it = &finding.diagnostic;
        let level = match it.severity {
            Severity::Info => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let (start, end) = (it.location.start, it.location.end);
        let file = property(&view.short.path(&*it.location.file));
        write!(out, "::{level} file={file},line={},endLine={}", start.line, end.line)?;
        // Columns of a range over several lines are not shown, and refused by some versions.
        if start.line == end.line {
            write!(out, ",col={},endColumn={}", start.column, end.column)?;
        }
        let title = property(&format!("{} {}", it.rule.code, it.rule.name));
        let seen = finding.verdict.as_ref().and_then(|it| it.violation.as_ref());
        let seen = seen.map(|it| format!("\nconfirmed: {it}")).unwrap_or_default();
        writeln!(out, ",title={title}::{}", data(&format!("{}{seen}", it.message)))?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
