//! What people read, on findings made by hand: the formats must not wait for a rule.

use ftlint_analyzer::diagnostic::{Location, Position, Related};
use ftlint_analyzer::evidence::{
    Access, AccessKind, Evidence, Guard, Pattern, PlaceKind, SharedPlace, Step, Window,
};
use ftlint_analyzer::rule::{Confidence, GilClass, Replay, Rule, Severity};
use ftlint_runtime::verdict::{Contention, EvidenceLevel, WitnessStep};

use super::*;

const APP: &str = "import threading\n\nclass Pool:\n    def hit(self):\n        self.hits += 1\n\n    def reset(self):\n        \
                   with self._lock:\n            self.hits = 0\n\nthreading.Thread(target=Pool().hit).start()\n";

static RULE: Rule = Rule {
    code: "FTL999",
    name: "made-up",
    since: "0.1.0",
    severity: Severity::Warning,
    summary: "a rule for tests",
    replay: Replay::Never("made up"),
    doc: "",
    check: |_, _| {},
    message: |_| String::new(),
};

pub(super) fn location(line: u32, columns: std::ops::Range<u32>, function: &str) -> Location {
    let at = |column: u32| Position { line, column, byte: column - 1 };
    Location {
        file: "/w/app.py".into(),
        start: at(columns.start),
        end: at(columns.end),
        root: "/w".into(),
        module: "app".into(),
        function: function.into(),
        function_line: line,
    }
}

/// `self.hits += 1` against itself, with or without the lock that guards the reset.
pub(super) fn window(other: &Location) -> Window<Location> {
    let update = location(5, 9..18, "Pool.hit");
    let access = |site: &Location, kind| Access { site: site.clone(), kind, locks: Vec::new() };
    Window {
        pattern: Pattern::Augment,
        misuse: None,
        place: SharedPlace {
            text: "self.hits".to_owned(),
            kind: PlaceKind::InstanceAttribute {
                module: "app".to_owned(),
                class: "Pool".to_owned(),
                name: "hits".to_owned(),
            },
            element: false,
        },
        first: access(&update, AccessKind::Read),
        last: access(&update, AccessKind::Store),
        other: access(other, AccessKind::Store),
        entry: vec![Step {
            site: location(11, 1..43, "<module>"),
            text: "thread started here, target `Pool.hit`".to_owned(),
        }],
        program: None,
        guard: Some(Guard {
            lock: "self._lock".to_owned(),
            site: location(9, 13..22, "Pool.reset"),
            sites: Vec::new(),
            held: 7,
            total: 8,
        }),
        shared_because: "`Pool` owns the lock `_lock`".to_owned(),
        also: Vec::new(),
        all: Vec::new(),
    }
}

pub(super) fn finding(evidence: Evidence<Location>, verdict: Option<Verdict>) -> Finding {
    let diagnostic = Diagnostic {
        rule: &RULE,
        severity: Severity::Warning,
        confidence: Confidence::High,
        gil: GilClass::Latent,
        message: "`self.hits` is updated without a lock".to_owned(),
        location: evidence.site().clone(),
        related: vec![Related {
            message: "read here".to_owned(),
            location: location(5, 9..18, "Pool.hit"),
        }],
        evidence,
        fingerprint: "0123456789abcdef".to_owned(),
    };
    Finding { diagnostic, verdict }
}

pub(super) fn race(verdict: Option<Verdict>) -> Finding {
    finding(Evidence::Window(Box::new(window(&location(5, 9..18, "Pool.hit")))), verdict)
}

pub(super) fn verdict(status: Status, reason: Option<&str>) -> Verdict {
    Verdict {
        status,
        evidence: Some(EvidenceLevel::Driver),
        strategy: Some("split_update".to_owned()),
        runtime: Some("CPython 3.14.5 free-threading".to_owned()),
        schedule: None,
        witness: Vec::new(),
        violation: None,
        contention: None,
        reason: reason.map(str::to_owned),
        elapsed_ms: 41,
        cached: false,
    }
}

pub(super) fn confirmed() -> Verdict {
    let step = |thread, name: &str, what: &str, value: &str| WitnessStep {
        thread,
        thread_name: name.to_owned(),
        file: "/w/app.py".to_owned(),
        line: 5,
        source: "self.hits += 1".to_owned(),
        what: what.to_owned(),
        value: Some(value.to_owned()),
    };
    Verdict {
        schedule: Some("v1:0.1 1.*".to_owned()),
        witness: vec![
            step(1, "MainWorker-1", "reads self.hits", "0"),
            step(2, "", "reads self.hits", "0"),
            step(2, "", "writes self.hits", "1"),
            step(1, "MainWorker-1", "writes self.hits", "1"),
        ],
        violation: Some("2 of 2 updates became 1".to_owned()),
        contention: Some(Contention {
            threads: 4,
            rounds: 5,
            seen: 5,
            expected: "8000 updates".to_owned(),
            observed: "6213 updates".to_owned(),
        }),
        ..verdict(Status::Confirmed, None)
    }
}

pub(super) type Write = fn(&mut dyn std::io::Write, &[Finding], &View<'_>) -> std::io::Result<()>;

pub(super) fn render(write: Write, findings: &[Finding]) -> String {
    let text = |path: &str| match path {
        "/w/app.py" => Some(APP.into()),
        "/w/crlf.py" => Some("x = 1\r\ny = (\r\n".into()),
        _ => None,
    };
    let short = Short::new("/w".into());
    let mut out = Vec::new();
    let view =
        View { short: &short, text: &text, fixes: &|_| Vec::new(), color: false, options: "" };
    write(&mut out, findings, &view).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn concise_is_one_line_each() {
    let findings = [
        race(None),
        race(Some(confirmed())),
        race(Some(verdict(Status::NotReproduced, Some("0 of 200 schedules")))),
        race(Some(verdict(Status::NotReplayable, Some("`Pool` needs arguments")))),
    ];
    insta::assert_snapshot!(render(concise::write, &findings));
}

#[test]
fn full_shows_one_statement_racing_with_itself() {
    insta::assert_snapshot!(render(full::write, &[race(None)]));
}

#[test]
fn full_shows_both_sides_of_a_conflict() {
    let mut window = window(&location(9, 13..22, "Pool.reset"));
    (window.guard, window.entry) = (None, Vec::new());
    insta::assert_snapshot!(render(
        full::write,
        &[finding(Evidence::Window(Box::new(window)), None)]
    ));
}

#[test]
fn full_tells_the_interleaving_of_a_confirmed_finding() {
    let mut window = window(&location(5, 9..18, "Pool.hit"));
    (window.guard, window.entry) = (None, Vec::new());
    insta::assert_snapshot!(render(
        full::write,
        &[finding(Evidence::Window(Box::new(window)), Some(confirmed()))]
    ));
}

#[test]
fn full_never_says_safe() {
    let findings = [
        race(Some(verdict(Status::NotReproduced, Some("the update ran 200 times, none was lost")))),
        race(Some(verdict(Status::NotReplayable, Some("`Pool` needs arguments")))),
    ];
    let text = render(full::write, &findings);
    let told: Vec<_> = text.lines().filter(|it| it.starts_with("   not")).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn full_shows_syntax_errors_at_the_end_of_windows_lines() {
    let mut at = location(2, 5..6, "<module>");
    at.file = "/w/crlf.py".into();
    insta::assert_snapshot!(render(
        full::write,
        &[finding(Evidence::Syntax(at, String::new()), None)]
    ));
}

#[test]
fn json_of_a_finding() {
    insta::assert_snapshot!(render(json::write, &[race(None)]));
}

#[test]
fn json_of_a_verdict() {
    let mut it = confirmed();
    it.witness.truncate(1);
    let text = render(json::write, &[race(Some(it))]);
    insta::assert_snapshot!(&text[text.find("\"verdict\"").unwrap()..]);
}

#[test]
fn json_of_nothing_is_a_list() {
    assert_eq!(render(json::write, &[]), "[]\n");
}

#[test]
fn the_summary_counts_verdicts() {
    assert_eq!(summary(&[]), "No findings.");
    assert_eq!(summary(&[race(None)]), "Found 1 finding.");
    let not = verdict(Status::NotReproduced, None);
    let findings = [race(Some(confirmed())), race(Some(confirmed())), race(Some(not))];
    assert_eq!(summary(&findings), "Found 3 findings (2 confirmed, 1 not reproduced).");
}
