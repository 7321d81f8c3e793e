//! A finding with the code around it: both sides of the window, the other thread, how it gets there, the way out.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use ftlint_analyzer::diagnostic::{Diagnostic, Location, Position};
use ftlint_analyzer::evidence::{
    Access, Deadlock, DeadlockKind, Dependency, Evidence, GilRequest, Step, Window,
};
use ftlint_analyzer::rule::Severity;
use ftlint_analyzer::surroundings;

use crate::output::{Finding, View, story, words};

/// Lines shown around what is marked.
const AROUND: u32 = 1;

/// Source that is longer, in bytes for each line, is named and not shown: nobody reads it, and the renderer's time grows
/// with the square.
const MAX_LINE: usize = 2000;

/// Writes all findings, with an empty line between them.
pub(crate) fn write(out: &mut dyn Write, findings: &[Finding], view: &View<'_>) -> io::Result<()> {
    let renderer = if view.color { Renderer::styled() } else { Renderer::plain() };
    for finding in findings {
        let rendered = renderer.render(&[group(&finding.diagnostic, view)]);
        writeln!(out, "{rendered}")?;
        if let Some(verdict) = &finding.verdict {
            write!(out, "{}", story::told(&finding.diagnostic, verdict, view))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn group<'a>(diagnostic: &Diagnostic, view: &View<'_>) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Info => Level::INFO,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let title = level.primary_title(diagnostic.message.clone()).id(diagnostic.rule.code);
    let mut group = Group::with_title(title);
    for snippet in snippets(&marks(diagnostic), view) {
        group = group.element(snippet);
    }
    for note in notes(diagnostic, view) {
        group = group.element(Level::NOTE.message(note));
    }
    match help(diagnostic) {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// A marked range with its label.
struct Mark<'a> {
    location: &'a Location,
    kind: AnnotationKind,
    label: String,
}

/// What is marked, the place of the finding first.
fn marks(diagnostic: &Diagnostic) -> Vec<Mark<'_>> {
    match &diagnostic.evidence {
        Evidence::Window(window) => window_marks(window),
        Evidence::Deadlock(it) => deadlock_marks(it),
        Evidence::Dependency(it) => dependency_marks(it),
        Evidence::GilRequest(_) | Evidence::Claim(_) | Evidence::Syntax(..) => {
            vec![Mark {
                location: &diagnostic.location,
                kind: AnnotationKind::Primary,
                label: String::new(),
            }]
        }
    }
}

fn deadlock_marks(it: &Deadlock<Location>) -> Vec<Mark<'_>> {
    let label = match it.kind {
        DeadlockKind::Reacquire => "this waits for the lock that the thread itself holds",
        DeadlockKind::Cycle => "one thread can wait here for ever",
        DeadlockKind::LostWakeup => "this waits although the notification may have come before",
    };
    vec![Mark { location: &it.site, kind: AnnotationKind::Primary, label: label.to_owned() }]
}

fn deadlock_notes(it: &Deadlock<Location>, view: &View<'_>) -> Vec<String> {
    let step = |who: &str, step: &Step<Location>| {
        format!("{}: {who}{}", words::place(&step.site, view.short), step.text)
    };
    let (mine, theirs) =
        if it.theirs.is_empty() { ("", "") } else { ("one thread: ", "another: ") };
    let mine = it.mine.iter().map(|it| step(mine, it));
    mine.chain(it.theirs.iter().map(|it| step(theirs, it))).collect()
}

/// The import, and the lines that declare and lock what it leads to.
fn dependency_marks(it: &Dependency<Location>) -> Vec<Mark<'_>> {
    let site = Mark { location: &it.site, kind: AnnotationKind::Primary, label: String::new() };
    let lines = it.lines.iter().filter(|line| line.site != it.site).map(|line| Mark {
        location: &line.site,
        kind: AnnotationKind::Context,
        label: line.text.clone(),
    });
    std::iter::once(site).chain(lines).collect()
}

fn window_marks(window: &Window<Location>) -> Vec<Mark<'_>> {
    let place = &window.place.text;
    let does = |access: &Access<Location>| words::does(&access.kind, place);
    let last = &window.last.site;
    let mut res = Vec::new();
    if &window.first.site == last {
        let label = if window.first.kind == window.last.kind {
            format!("one thread {}", does(&window.last))
        } else {
            format!("one thread {}, then {}", does(&window.first), does(&window.last))
        };
        res.push(Mark { location: last, kind: AnnotationKind::Primary, label });
    } else {
        let label = format!("then it {}", does(&window.last));
        res.push(Mark { location: last, kind: AnnotationKind::Primary, label });
        let label = format!("one thread {}", does(&window.first));
        res.push(Mark { location: &window.first.site, kind: AnnotationKind::Context, label });
    }
    if &window.other.site != last && window.other.site != window.first.site {
        let label = format!("in between, another thread {}", does(&window.other));
        res.push(Mark { location: &window.other.site, kind: AnnotationKind::Context, label });
    }
    res
}

/// One snippet for each file, in the order of the marks.
fn snippets<'a>(marks: &[Mark<'_>], view: &View<'_>) -> Vec<Element<'a>> {
    let mut files: Vec<&str> = Vec::new();
    for mark in marks {
        if !files.contains(&&*mark.location.file) {
            files.push(&mark.location.file);
        }
    }
    let snippet = |file: &str| {
        let marks: Vec<_> = marks.iter().filter(|it| *it.location.file == *file).collect();
        snippet(file, &marks, view)
    };
    files.into_iter().map(snippet).collect()
}

/// Only the lines that are needed are handed over, because the renderer's cost is in the size of the source.
fn snippet<'a>(file: &str, marks: &[&Mark<'_>], view: &View<'_>) -> Element<'a> {
    let text = (view.text)(file).unwrap_or_default();
    let text: &str = &text;
    let first = marks
        .iter()
        .map(|it| it.location.start.line)
        .min()
        .unwrap_or(1)
        .saturating_sub(AROUND)
        .max(1);
    let last =
        marks.iter().map(|it| it.location.end.line).max().unwrap_or(1).saturating_add(AROUND);
    let starts: Vec<usize> = line_starts(text).collect();
    let start_of = |line: u32| starts.get(line as usize - 1).copied().unwrap_or(text.len());
    let cut = start_of(first)..start_of(last.saturating_add(1));
    let source = text.get(cut.clone()).unwrap_or("");
    if let Some(mark) = marks.first()
        && source.lines().any(|it| it.len() > MAX_LINE)
    {
        let Position { line, column, .. } = mark.location.start;
        let origin = Origin::path(view.short.path(file)).line(line as usize);
        return origin.char_column(column as usize).into();
    }
    let offset =
        |at: Position| (start_of(at.line) + at.byte as usize).clamp(cut.start, cut.end) - cut.start;
    let annotation = |mark: &&Mark<'_>| {
        let span: Range<usize> = offset(mark.location.start)..offset(mark.location.end);
        let span = span.start..span.end.max(span.start);
        let label = (!mark.label.is_empty()).then(|| mark.label.clone());
        mark.kind.span(span).label(label)
    };
    Snippet::source(source.to_owned())
        .line_start(first as usize)
        .path(view.short.path(file))
        .annotations(marks.iter().map(annotation).collect::<Vec<_>>())
        .into()
}

/// Offsets of lines, which Python ends in three ways.
fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(i, it)| match it {
        b'\n' => true,
        b'\r' => bytes.get(i + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|(i, _)| i + 1))
}

fn notes(diagnostic: &Diagnostic, view: &View<'_>) -> Vec<String> {
    let mut res = match &diagnostic.evidence {
        Evidence::Window(window) => window_notes(window, view),
        Evidence::Deadlock(it) => deadlock_notes(it, view),
        Evidence::GilRequest(request) => gil_notes(request),
        // Threads have no part in it.
        Evidence::Dependency(it) => return dependency_notes(&it.facts),
        Evidence::Claim(it) => return vec![it.source.clone()],
        Evidence::Syntax(..) => return Vec::new(),
    };
    res.push(format!(
        "confidence {}, {}",
        words::confidence(diagnostic.confidence),
        words::gil_meaning(diagnostic.gil)
    ));
    res
}

fn window_notes(window: &Window<Location>, view: &View<'_>) -> Vec<String> {
    let mut res = Vec::new();
    if window.other.site == window.last.site || window.other.site == window.first.site {
        let other = words::does(&window.other.kind, &window.place.text);
        res.push(format!("another thread in the same code {other} in between"));
    }
    if !window.shared_because.is_empty() {
        res.push(format!("shared: {}", window.shared_because));
    }
    for step in &window.entry {
        res.push(format!("{}: {}", words::place(&step.site, view.short), step.text));
    }
    if let [first, rest @ ..] = window.also.as_slice() {
        let at = words::place(&first.site, view.short);
        res.push(match rest.len() {
            0 => format!("the same cause: one more access, at {at}"),
            n => format!("the same cause: {} more accesses, the first at {at}", n + 1),
        });
    }
    if let Some(guard) = &window.guard {
        let example = words::place(&guard.site, view.short);
        let (lock, held, total) = (&guard.lock, guard.held, guard.total);
        res.push(format!("`{lock}` is held in {held} of {total} accesses, e.g. at {example}"));
    }
    res
}

fn gil_notes(request: &GilRequest<Location>) -> Vec<String> {
    let GilRequest { module, distribution, version, source, .. } = request;
    let owner = match distribution.as_str() {
        "" => String::new(),
        name => format!(" of {name} {version}"),
    };
    let mut res = vec![
        format!("`{module}`{owner} does not declare that it runs without the GIL"),
        format!("source: {source}"),
    ];
    if !request.others.is_empty() {
        res.push(format!("so do not: `{}`", request.others.join("`, `")));
    }
    res
}

fn dependency_notes(it: &surroundings::Dependency) -> Vec<String> {
    let mut res = vec![it.known.clone()];
    if it.chain.len() > 1 {
        res.push(format!("it comes by `{}`", it.chain.join("` -> `")));
    }
    res
}

fn help(diagnostic: &Diagnostic) -> Option<String> {
    let page = format!("`ftlint rule {}` explains", diagnostic.rule.code);
    match &diagnostic.evidence {
        Evidence::Window(window) => Some(format!("{}; {page}", words::fix(window))),
        Evidence::Deadlock(it) => Some(match it.kind {
            DeadlockKind::Reacquire => {
                format!(
                    "use `threading.RLock`, or split off a helper that expects the lock; {page}"
                )
            }
            DeadlockKind::Cycle => format!("take the locks in the same order everywhere; {page}"),
            DeadlockKind::LostWakeup => {
                format!("wait in a loop that tests what is waited for, or use `wait_for`; {page}")
            }
        }),
        Evidence::GilRequest(_) => Some(format!("look for a newer release of the package; {page}")),
        Evidence::Dependency(it) => Some(format!("{}; {page}", it.facts.advice)),
        Evidence::Claim(it) => Some(format!("use {}; {page}", it.instead)),
        Evidence::Syntax(..) => None,
    }
}
