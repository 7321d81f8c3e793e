//! Findings become diagnostics: sites get their places in the text, rules word the message, suppressions apply.

use std::sync::Arc;

use ruff_source_file::{LineIndex, OneIndexed, PositionEncoding};
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;

use crate::check::{Finding, findings};
use crate::db::{Db, Project, SourceFile};
use crate::diagnostic::{Diagnostic, Location, Position, Related, SharedName, Touch};
use crate::domain::{Base, Place, Step};
use crate::evidence::{Evidence, Window};
use crate::index::index;
use crate::program::slice::GlobalSite;
use crate::rule::{Confidence, GilClass, Severity};
use crate::suppress::{Comment, Problem, Suppressions};

/// Texts of the files a report touches, with their lines.
struct Places<'db> {
    db: &'db dyn Db,
    lines: FxHashMap<SourceFile, (Arc<str>, LineIndex)>,
}

/// The diagnostics of one file, sorted by position.
pub(crate) fn diagnostics(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Diagnostic> {
    if crate::syntax::is_stub(file.path(db)) {
        return Vec::new();
    }
    let mut places = Places { db, lines: FxHashMap::default() };
    let it = index(db, file);
    let mut out: Vec<Diagnostic> = it
        .problems
        .iter()
        .map(|problem| syntax_error(&mut places, file, problem.range, &problem.message))
        .collect();
    let (suppressions, _) = suppressions(&mut places, file);
    for finding in findings(db, project, file).iter() {
        let evidence = finding.judged.evidence.map(|site| places.locate(site));
        let silenced = |site: &Location| {
            let same = site.file == *file.path(db);
            same && suppressions.suppresses(finding.rule.code, site.start.line, site.end.line)
        };
        out.extend(audible(evidence, silenced).map(|it| diagnostic(finding, it)));
    }
    out.sort_by(|a, b| (a.location.start, a.rule.code).cmp(&(b.location.start, b.rule.code)));
    number_fingerprints(&mut out);
    out
}

/// The functions of a file that threads run, in words: "runs in 2 threads".
pub(crate) fn thread_entries(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Related> {
    let mut places = Places { db, lines: FxHashMap::default() };
    let entries = crate::program::entries_of(db, project, file).iter();
    entries.map(|it| Related { message: it.text(), location: places.locate(&it.def) }).collect()
}

/// Who touches the place whose name stands at this position (line from 1, bytes from 0).
pub(crate) fn shared_name(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    at: (u32, u32),
) -> Option<SharedName> {
    let mut places = Places { db, lines: FxHashMap::default() };
    let offset = places.offset(file, at)?;
    let it = index(db, file);
    let text = file.text(db).get();
    let mut best: Option<(TextRange, (u32, u32))> = None;
    for (func, facts) in (0u32..).zip(&it.facts.functions) {
        for (number, event) in (0u32..).zip(&facts.events) {
            let Some(name) = it.sites.get(func, event.site).and_then(|range| {
                let place = &facts.places[event.place as usize];
                name_at(&text, range, place, offset)
            }) else {
                continue;
            };
            if best.is_none_or(|it| name.len() < it.0.len()) {
                best = Some((name, (func, number)));
            }
        }
    }
    let (range, event) = best?;
    let found = crate::program::touched(db, project, file, event)?;
    let touches = found
        .touches
        .into_iter()
        .map(|it| Touch { access: it.access.map(&mut |site| places.locate(site)), by: it.by });
    let touches = touches.collect();
    let (start, end) = places.range(file, range);
    Some(SharedName { text: found.text, start, end, touches, more: found.more })
}

/// Where the last name of a place stands in the text of an access to it, when it is at the offset.
fn name_at(text: &str, site: TextRange, place: &Place, offset: TextSize) -> Option<TextRange> {
    if !site.contains_inclusive(offset) {
        return None;
    }
    let attr = place.path.iter().rev().find_map(|it| match it {
        Step::Attr(name) => Some(name),
        Step::Elem => None,
    });
    let name = attr.or(match &place.base {
        Base::Global(name) | Base::Cell(_, name) => Some(name),
        _ => None,
    })?;
    let is_part = |it: char| it == '_' || it.is_alphanumeric();
    let access = text.get(site.to_std_range())?;
    access.match_indices(name.as_str()).find_map(|(at, found)| {
        let whole =
            !access[..at].ends_with(is_part) && !access[at + found.len()..].starts_with(is_part);
        let start = site.start() + TextSize::try_from(at).ok()?;
        let range = TextRange::at(start, TextSize::of(found));
        (whole && range.contains_inclusive(offset)).then_some(range)
    })
}

/// Malformed suppression comments of a file.
pub(crate) fn suppression_problems(db: &dyn Db, file: SourceFile) -> Vec<Problem> {
    let mut places = Places { db, lines: FxHashMap::default() };
    suppressions(&mut places, file).1
}

fn suppressions(places: &mut Places<'_>, file: SourceFile) -> (Suppressions, Vec<Problem>) {
    let db = places.db;
    let it = index(db, file);
    if it.directives.is_empty() {
        return (Suppressions::default(), Vec::new());
    }
    let text = file.text(db).get();
    let comments: Vec<Comment<'_>> = it
        .directives
        .iter()
        .map(|range| Comment {
            text: &text[*range],
            line: places.position(file, range.start()).line,
        })
        .collect();
    let body_line = it.body_start.map_or(u32::MAX, |it| places.position(file, it).line);
    Suppressions::parse(comments, body_line, crate::rules::RULES)
}

impl Places<'_> {
    fn position(&mut self, file: SourceFile, offset: TextSize) -> Position {
        let (text, lines) = self.lines.entry(file).or_insert_with(|| {
            let text = file.text(self.db).get();
            let lines = LineIndex::from_source_text(&text);
            (text, lines)
        });
        let it = lines.source_location(offset, text, PositionEncoding::Utf32);
        let start = lines.line_start(it.line, text);
        Position {
            line: number(it.line),
            column: number(it.character_offset),
            byte: u32::from(offset) - u32::from(start),
        }
    }

    /// The offset of a position, when there is one in the text.
    fn offset(&mut self, file: SourceFile, (line, byte): (u32, u32)) -> Option<TextSize> {
        self.position(file, TextSize::new(0));
        let (text, lines) = self.lines.get(&file)?;
        let line = OneIndexed::new(line as usize).filter(|it| it.get() <= lines.line_count())?;
        let offset = lines.line_start(line, text) + TextSize::new(byte);
        (offset <= TextSize::of(&**text)).then_some(offset)
    }

    fn range(&mut self, file: SourceFile, range: TextRange) -> (Position, Position) {
        (self.position(file, range.start()), self.position(file, range.end()))
    }

    fn locate(&mut self, site: &GlobalSite) -> Location {
        let it = index(self.db, site.file);
        let range = it.sites.get(site.func, site.site).unwrap_or_default();
        let func = it.facts.functions.get(site.func as usize);
        let function_line = match func.map(|it| it.site) {
            None | Some(0) => 1,
            Some(def) => {
                let start = it.sites.get(site.func, def).map_or(TextSize::new(0), TextRange::start);
                self.position(site.file, start).line
            }
        };
        let function = func.map_or_else(|| "<module>".to_owned(), |it| it.qualname.clone());
        self.location(site.file, range, &function, function_line)
    }

    fn location(
        &mut self,
        file: SourceFile,
        range: TextRange,
        function: &str,
        function_line: u32,
    ) -> Location {
        let (start, end) = self.range(file, range);
        Location {
            file: Arc::clone(file.path(self.db)),
            start,
            end,
            root: Arc::clone(file.root(self.db)),
            module: Arc::clone(file.module(self.db)),
            function: function.into(),
            function_line,
        }
    }
}

fn number(it: OneIndexed) -> u32 {
    u32::try_from(it.get()).unwrap_or(u32::MAX)
}

fn syntax_error(
    places: &mut Places<'_>,
    file: SourceFile,
    range: TextRange,
    message: &str,
) -> Diagnostic {
    let location = places.location(file, range, "<module>", 1);
    Diagnostic {
        rule: &crate::rules::INVALID_SYNTAX,
        severity: Severity::Error,
        confidence: Confidence::High,
        gil: GilClass::New,
        message: message.to_owned(),
        related: Vec::new(),
        evidence: Evidence::Syntax(location.clone(), message.to_owned()),
        fingerprint: fingerprint(&["invalid-syntax", &location.module, message]),
        location,
    }
}

/// The evidence without what comments silence. When the finding's own line is silenced, the next access with the same
/// cause takes its place.
fn audible(
    mut evidence: Evidence<Location>,
    silenced: impl Fn(&Location) -> bool,
) -> Option<Evidence<Location>> {
    let heard = !silenced(evidence.site());
    if let Evidence::Window(window) = &mut evidence {
        window.also.retain(|it| !silenced(&it.site));
        if !heard && !window.also.is_empty() {
            let next = window.also.remove(0);
            (window.first, window.last) = (next.clone(), next);
            return Some(evidence);
        }
    }
    heard.then_some(evidence)
}

fn diagnostic(finding: &Finding, evidence: Evidence<Location>) -> Diagnostic {
    let location = evidence.site().clone();
    let related = match &evidence {
        Evidence::Window(window) => related(window),
        Evidence::Dependency(it) => it
            .lines
            .iter()
            .filter(|line| line.site != location)
            .map(|line| Related { message: line.text.clone(), location: line.site.clone() })
            .collect(),
        Evidence::Deadlock(it) => it
            .mine
            .iter()
            .chain(&it.theirs)
            .map(|step| Related { message: step.text.clone(), location: step.site.clone() })
            .collect(),
        _ => Vec::new(),
    };
    let rule = finding.rule;
    let own = match &evidence {
        Evidence::Claim(it) => it.severity,
        _ => None,
    };
    Diagnostic {
        rule,
        severity: own.unwrap_or(rule.severity),
        confidence: finding.judged.confidence,
        gil: finding.judged.gil,
        message: (rule.message)(&evidence),
        related,
        fingerprint: fingerprint(&[
            rule.code,
            &location.module,
            &location.function,
            &finding.judged.label,
        ]),
        location,
        evidence,
    }
}

/// The places that explain a window: the read, the other thread, its way, the lock held elsewhere.
fn related(window: &Window<Location>) -> Vec<Related> {
    let mut out = Vec::new();
    let mut add = |message: String, location: &Location| {
        out.push(Related { message, location: location.clone() });
    };
    if window.first.site != window.last.site {
        let what = match window.pattern {
            crate::evidence::Pattern::Augment | crate::evidence::Pattern::ReadModifyWrite => {
                "the value is read here"
            }
            _ => "the decision is taken here",
        };
        add(what.to_owned(), &window.first.site);
    }
    if window.other.site != window.last.site {
        let locks = match window.other.locks.as_slice() {
            [] => String::new(),
            locks => format!(", holding `{}`", locks.join("`, `")),
        };
        add(
            format!(
                "another thread can change it here, in `{}`{locks}",
                window.other.site.function
            ),
            &window.other.site,
        );
    }
    for step in &window.entry {
        add(step.text.clone(), &step.site);
    }
    if let Some(guard) = &window.guard {
        add(
            format!(
                "`{}` is held in {} of {} accesses, here for one",
                guard.lock, guard.held, guard.total
            ),
            &guard.site,
        );
        for site in &guard.sites {
            add(format!("`{}` is held here", guard.lock), site);
        }
    }
    for access in &window.also {
        add("the same cause".to_owned(), &access.site);
    }
    out
}

/// 16 hexadecimal digits of FNV-1a (Fowler, Noll, Vo; the 64-bit offset and prime): stable across platforms and
/// releases, unlike the hashers of the standard library.
fn fingerprint(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|it| it.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// Equal findings in one function are told apart by their order.
fn number_fingerprints(diagnostics: &mut [Diagnostic]) {
    let mut seen: FxHashMap<String, u32> = FxHashMap::default();
    for it in diagnostics {
        let count = seen.entry(it.fingerprint.clone()).or_default();
        if *count > 0 {
            it.fingerprint = fingerprint(&[&it.fingerprint, &count.to_string()]);
        }
        *count += 1;
    }
}
