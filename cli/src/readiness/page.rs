//! One HTML page that needs nothing else: no script, no font, no network. Every text goes through [`escaped`].

use std::fmt::Write as _;

use ftlint_dependencies::ready::Status;

use super::{Report, STATUSES, text};
use crate::output::markup::escaped;

const STYLE: &str = include_str!("../output/page.css");

/// What the shared style does not have.
const MORE: &str = include_str!("page.css");

pub(super) fn render(report: &Report) -> String {
    let mut res = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Ready for {0}?</title>\n<style>\n{STYLE}{MORE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#remains\">To what remains</a>\n<header>\n<h1>Ready for {0}?</h1>\n<p>{1}</p>\n\
         <p class=\"soft\">On {2}, from {3}</p>\n<nav aria-label=\"Dependencies\"><ul class=\"counts\">\n",
        escaped(&report.target),
        escaped(&report.headline()),
        escaped(&report.platform),
        escaped(&text::sources(report)),
    );
    for status in STATUSES.into_iter().filter(|it| report.count(*it) > 0) {
        let (class, count) = (class(status), report.count(status));
        let _ = writeln!(
            res,
            "<li class=\"{class}\"><a href=\"#{class}\"><b>{count}</b>{}</a></li>",
            status.words()
        );
    }
    res.push_str("</ul></nav>\n</header>\n<main>\n");
    for note in &report.notes {
        let _ = writeln!(res, "<p class=\"note\">{}</p>", escaped(note));
    }
    res.push_str("<h2 id=\"remains\">What remains</h2>\n");
    if report.remaining.is_empty() {
        res.push_str("<p>Nothing that is known.</p>\n");
    } else {
        res.push_str("<ol>\n");
        for it in &report.remaining {
            let _ = writeln!(res, "<li>{}</li>", escaped(it));
        }
        res.push_str("</ol>\n");
    }
    for status in STATUSES.into_iter().filter(|it| report.count(*it) > 0) {
        dependencies(&mut res, report, status);
    }
    findings(&mut res, report);
    let _ = write!(
        res,
        "</main>\n<footer><p>Made by ftlint {}. Nothing was run or fetched for this page.</p></footer>\n</body>\n</html>\n",
        escaped(report.version)
    );
    res
}

fn dependencies(res: &mut String, report: &Report, status: Status) {
    let class = class(status);
    let _ = writeln!(
        res,
        "<section class=\"{class}\" aria-labelledby=\"{class}\">\n<h2 id=\"{class}\">{}</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\
         <table class=\"list\"><thead><tr><th>package</th><th>why</th><th>what to do</th></tr></thead><tbody>",
        status.words()
    );
    for it in report.dependencies.iter().filter(|it| it.class == status) {
        let version = it.version.as_deref().unwrap_or("");
        let chain = if it.chain.len() > 1 {
            format!("<br><span class=\"soft\">{}</span>", escaped(&it.chain.join(" \u{2192} ")))
        } else {
            String::new()
        };
        let _ = writeln!(
            res,
            "<tr><td><b>{}</b> {}{chain}<br><code class=\"soft\">{}</code></td><td>{}</td><td>{}</td></tr>",
            escaped(&it.name),
            escaped(version),
            escaped(&it.place),
            escaped(&it.why),
            escaped(&it.advice)
        );
    }
    res.push_str("</tbody></table></div>\n</section>\n");
}

fn findings(res: &mut String, report: &Report) {
    res.push_str(
        "<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings in the code</h2>\n",
    );
    if report.findings.is_empty() {
        res.push_str("<p>None at the confidence that is set.</p>\n</section>\n");
        return;
    }
    res.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"findings\"><table class=\"list numbers\"><thead><tr><th>rule</th><th>high</th>\
         <th>medium</th><th>low</th><th>confirmed</th><th>not reproduced</th><th>open</th></tr></thead><tbody>\n",
    );
    for it in &report.findings {
        let _ = writeln!(
            res,
            "<tr><td><b>{}</b> {}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(it.code),
            escaped(it.name),
            it.high,
            it.medium,
            it.low,
            it.confirmed,
            it.not_reproduced,
            it.open
        );
    }
    res.push_str("</tbody></table></div>\n</section>\n");
}

/// The names of the shared style: its worst colour for what switches the GIL on or is not there.
fn class(status: Status) -> &'static str {
    match status {
        Status::Gil => "gil",
        Status::NoWheel => "no-wheel",
        Status::TooOld => "too-old",
        Status::Slow => "slow",
        Status::Unknown => "unknown",
        Status::Ready => "ready",
    }
}
