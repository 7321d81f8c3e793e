//! `JUnit` XML, for systems that know nothing else: one failed case for each finding.

use std::io::{self, Write};

use crate::output::markup::escaped;
use crate::output::{Finding, View, words};

/// Writes all findings.
pub(crate) fn write(out: &mut dyn Write, findings: &[Finding], view: &View<'_>) -> io::Result<()> {
    let count = findings.len();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites>")?;
    writeln!(
        out,
        "  <testsuite name=\"ftlint\" tests=\"{count}\" failures=\"{count}\" errors=\"0\">"
    )?;
    for finding in findings {
        let it = &finding.diagnostic;
        let file = view.short.path(&*it.location.file);
        let line = it.location.start.line;
        let place = words::place(&it.location, view.short);
        let verdict = finding.verdict.as_ref().map(|it| {
            let detail = it.violation.as_ref().or(it.reason.as_ref());
            let detail = detail.map(|it| format!(": {it}")).unwrap_or_default();
            format!("\n{}{detail}", words::status(it.status))
        });
        let text = format!("{place}: {}{}", it.message, verdict.unwrap_or_default());
        writeln!(
            out,
            "    <testcase name=\"{} {}\" classname=\"{}\" file=\"{}\" line=\"{line}\">",
            escaped(it.rule.code),
            escaped(&place),
            escaped(&it.location.module),
            escaped(&file),
        )?;
        writeln!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            escaped(it.rule.code),
            escaped(&it.message),
            escaped(&text)
        )?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}
