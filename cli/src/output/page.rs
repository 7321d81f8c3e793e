//! `--report`: one HTML page that needs nothing else, no script, no font and no network. What stands in it was written by
//! others, so every text goes through [`escaped`] and the page forbids scripts to itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use ftlint_analyzer::evidence::Evidence;
use ftlint_runtime::verdict::{Status, Verdict, WitnessStep};

use crate::output::markup::escaped;
use crate::output::{Finding, View, lanes, repeat, story, summary, words};

const STYLE: &str = include_str!("page.css");

/// Lines above and below a line that is shown.
const AROUND: u32 = 2;

/// The parts of the page, what is known best first: the class, the heading, what it means.
const GROUPS: [(&str, &str, &str); 4] = [
    ("confirmed", "Confirmed", "A violation was seen, and seen again with the same schedule."),
    (
        "not-reproduced",
        "Not reproduced",
        "The code ran and nothing broke in these runs. That does not mean that it is safe.",
    ),
    ("not-replayable", "Not replayable", "The code could not be run, or the rule has no replay."),
    (
        "not-replayed",
        "Not replayed",
        "Found in the source; no replay was asked for, or it ended early.",
    ),
];

/// Writes the page to a file.
pub(crate) fn save(path: &Path, findings: &[Finding], view: &View<'_>) -> anyhow::Result<()> {
    std::fs::write(path, render(findings, view))
        .with_context(|| format!("the report {} cannot be written", path.display()))
}

/// The text of the page.
pub(super) fn render(findings: &[Finding], view: &View<'_>) -> String {
    let groups = GROUPS.map(|group| {
        let own = findings.iter().filter(|it| class(it) == group.0).collect::<Vec<_>>();
        (group, own)
    });
    let mut res = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>ftlint report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">To the findings</a>\n<header>\n<h1>ftlint report</h1>\n\
         <p class=\"soft\">{}</p>\n<nav aria-label=\"Verdicts\"><ul class=\"counts\">\n",
        escaped(&summary(findings))
    );
    for ((class, title, _), own) in groups.iter().filter(|it| !it.1.is_empty()) {
        let count = own.len();
        let _ = writeln!(
            res,
            "<li class=\"{class}\"><a href=\"#{class}\"><b>{count}</b>{title}</a></li>"
        );
    }
    res.push_str("</ul></nav>\n</header>\n<main id=\"findings\">\n");
    let mut number = 0;
    for ((class, title, meaning), own) in groups.iter().filter(|it| !it.1.is_empty()) {
        let _ = writeln!(
            res,
            "<section class=\"{class}\" aria-labelledby=\"{class}\">\n<h2 id=\"{class}\">{title}</h2>\n\
             <p class=\"soft\">{meaning}</p>"
        );
        for it in own {
            number += 1;
            finding(&mut res, it, number, view);
        }
        res.push_str("</section>\n");
    }
    let _ = write!(
        res,
        "</main>\n<footer><p>Made by ftlint {}. A verdict is what was observed; it never hides a finding.</p></footer>\n\
         </body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    res
}

fn class(finding: &Finding) -> &'static str {
    finding.verdict.as_ref().map_or("not-replayed", |it| words::status(it.status))
}

fn finding(res: &mut String, finding: &Finding, number: usize, view: &View<'_>) {
    let it = &finding.diagnostic;
    let place = words::place(&it.location, view.short);
    let open = if class(finding) == "confirmed" { " open" } else { "" };
    let _ = write!(
        res,
        "<details class=\"finding\" id=\"finding-{number}\"{open}>\n<summary><h3>{} {}</h3>\
         <span class=\"place code\">{}</span></summary>\n<div class=\"body\">\n<p>",
        escaped(it.rule.code),
        escaped(&it.message),
        escaped(&place)
    );
    let mut tags = vec![it.rule.name];
    if it.rule.code.starts_with("FTL") {
        tags.extend([words::confidence(it.confidence), words::gil(it.gil)]);
    }
    for tag in tags {
        let _ = write!(res, "<span class=\"tag\">{}</span>", escaped(tag));
    }
    res.push_str("</p>\n");
    if let Some(verdict) = &finding.verdict {
        told(res, verdict);
        if !verdict.witness.is_empty() {
            witness(res, &verdict.witness, verdict, view);
        }
        if let Some(command) = repeat::command(it, verdict, view) {
            let _ = writeln!(
                res,
                "<h4>Repeat it</h4>\n<pre class=\"command\" tabindex=\"0\">{}</pre>",
                escaped(&command)
            );
        }
    }
    if let Evidence::Window(window) = &it.evidence {
        let (because, fix) = (escaped(&window.shared_because), escaped(&words::fix(window)));
        let _ = writeln!(
            res,
            "<h4>Why it counts as shared</h4>\n<p>{because}</p>\n<h4>A way out</h4>\n<p>{fix}</p>"
        );
    }
    source(res, finding, view);
    res.push_str("</div>\n</details>\n");
}

fn told(res: &mut String, verdict: &Verdict) {
    let status = words::status(verdict.status).replace('-', " ");
    let ran = escaped(&story::ran(verdict));
    let _ = write!(res, "<p><span class=\"verdict\">{status}</span>{ran}");
    if let Some(violation) = &verdict.violation {
        let _ = write!(res, ": {}", escaped(violation));
    }
    if verdict.status == Status::NotReproduced {
        res.push_str(", which does not mean safe");
    }
    res.push_str("</p>\n");
    if let Some(reason) = &verdict.reason {
        let _ = writeln!(res, "<p class=\"soft\">{}</p>", escaped(reason));
    }
    if let Some(contention) = &verdict.contention {
        let _ = writeln!(res, "<p class=\"soft\">{}</p>", escaped(&story::contended(contention)));
    }
}

/// The picture, and the same as a list for those who do not see it.
fn witness(res: &mut String, steps: &[WitnessStep], verdict: &Verdict, view: &View<'_>) {
    let title = verdict.violation.as_deref().unwrap_or("the interleaving that was seen");
    let _ = write!(
        res,
        "<h4>The interleaving</h4>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Interleaving\">\n{}\
         </div>\n<details class=\"inner\"><summary>The same as text</summary>\n<ol>\n",
        lanes::svg(steps, title, view)
    );
    for step in steps {
        let value = step.value.as_ref().map(|it| format!(" = {it}")).unwrap_or_default();
        let text = format!(
            "{} {}{value} ({}:{})",
            story::title(step.thread, steps),
            step.what,
            view.short.path(&step.file),
            step.line
        );
        let _ = writeln!(res, "<li>{}</li>", escaped(&text));
    }
    res.push_str("</ol>\n</details>\n");
}

/// The lines of the finding and of what is related to it, by file, each with what it is about.
fn source(res: &mut String, finding: &Finding, view: &View<'_>) {
    let it = &finding.diagnostic;
    let mut files: Vec<(&str, BTreeMap<u32, Vec<&str>>)> = Vec::new();
    let main = [(&it.location, "the finding")];
    let related = it.related.iter().map(|it| (&it.location, it.message.as_str()));
    for (location, note) in main.into_iter().chain(related) {
        let known = files.iter().position(|it| it.0 == &*location.file);
        let index = known.unwrap_or_else(|| {
            files.push((&location.file, BTreeMap::new()));
            files.len() - 1
        });
        if let Some((_, notes)) = files.get_mut(index) {
            let notes = notes.entry(location.start.line).or_default();
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    for (file, notes) in files {
        let _ = writeln!(res, "<h4 class=\"code\">{}</h4>", escaped(&view.short.path(file)));
        let Some(text) = (view.text)(file) else {
            for (line, notes) in notes {
                let _ = writeln!(res, "<p>line {line}: {}</p>", escaped(&notes.join("; ")));
            }
            continue;
        };
        res.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Source\"><table class=\"source code\">\n");
        rows(res, &text, &notes);
        res.push_str("</table></div>\n");
    }
}

fn rows(res: &mut String, text: &str, notes: &BTreeMap<u32, Vec<&str>>) {
    let mut last = 0;
    for (number, line) in (1_u32..).zip(text.split('\n')) {
        let near = number.saturating_sub(AROUND)..=number.saturating_add(AROUND);
        if notes.range(near).next().is_none() {
            continue;
        }
        if last != 0 && last + 1 != number {
            res.push_str("<tr><td>...</td><td></td></tr>\n");
        }
        last = number;
        let own = notes.get(&number);
        let marked = if own.is_some() { " class=\"marked\"" } else { "" };
        let line = escaped(line.trim_end_matches('\r'));
        let _ = writeln!(res, "<tr{marked}><td>{number}</td><td>{line}</td></tr>");
        if let Some(own) = own {
            let text = escaped(&own.join("; "));
            let _ = writeln!(res, "<tr class=\"note\"><td></td><td>{text}</td></tr>");
        }
    }
}
