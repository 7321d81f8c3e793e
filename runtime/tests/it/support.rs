//! Diagnostics made by hand from small Python files, and one way to replay them.

use std::path::Path;
use std::sync::Arc;

use ftlint_analyzer::diagnostic::{Diagnostic, Location, Position};
use ftlint_analyzer::evidence::{
    Access, AccessKind, Evidence, Pattern, PlaceKind, SharedPlace, Window,
};
use ftlint_analyzer::rule::{Confidence, GilClass, Replay, Rule, Severity, Strategy};
use ftlint_runtime::interpreter::{Extent, Interpreter, Request, find, system_env};
use ftlint_runtime::verdict::{EvidenceLevel, Status, Verdict};
use ftlint_runtime::{Options, replay};

pub(crate) const fn rule(strategy: Strategy) -> Rule {
    Rule {
        code: "FTL000",
        name: "by-hand",
        since: "0.1.0",
        severity: Severity::Warning,
        summary: "made by hand",
        replay: Replay::With(strategy),
        doc: "",
        check: |_, _| {},
        message: |_| String::new(),
    }
}

static SPLIT: Rule = rule(Strategy::SplitUpdate);
static CHECK: Rule = rule(Strategy::CheckThenAct);
static INIT: Rule = rule(Strategy::InitOnce);
static ITERATE: Rule = rule(Strategy::Iterate);
static CLEAR: Rule = rule(Strategy::CopyThenClear);
static REGISTER: Rule = rule(Strategy::Register);
static INTERLEAVE: Rule = rule(Strategy::Interleave);
static SET: Rule = rule(Strategy::TestAndSet);

/// Whether a case is driven by its own top level.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    Program,
    Driver,
}

/// One small program with a window in it.
pub(crate) struct Case {
    directory: tempfile::TempDir,
    source: String,
    run: Run,
    pattern: Pattern,
    place: SharedPlace,
    first: Option<Access<Location>>,
    last: Option<Access<Location>>,
    other: Option<Access<Location>>,
}

impl Case {
    /// A case from the text of a file.
    pub(crate) fn new(run: Run, pattern: Pattern, source: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("case.py"), source).unwrap();
        let kind = PlaceKind::Object { what: "dict".to_owned() };
        Self {
            directory,
            source: source.to_owned(),
            run,
            pattern,
            place: SharedPlace { text: String::new(), kind, element: false },
            first: None,
            last: None,
            other: None,
        }
    }

    /// A driven case with an update of `self.n` in `Counter.inc`.
    pub(crate) fn counter(source: &str) -> Self {
        Self::new(Run::Driver, Pattern::Augment, source).attribute("Counter", "n").augments(
            "Counter.inc",
            "self.n += 1",
            "self.n",
        )
    }

    /// A driven case of a `value()` that tests the global `_value` under its lock again before it stores what `made` says.
    pub(crate) fn double_checked(imports: &str, made: &str) -> Self {
        let source = format!(
            "
{imports}
import threading
lock = threading.Lock()
_value = None
def value():
    global _value
    if _value is None:
        with lock:
            if _value is None:
                _value = {made}
    return _value
"
        );
        Self::new(Run::Driver, Pattern::LazyInit, &source)
            .global("_value")
            .first("value", "    if _value", "_value", AccessKind::Read)
            .last("value", &format!("_value = {made}"), "_value", AccessKind::Store)
    }

    pub(crate) fn global(self, name: &str) -> Self {
        self.place(name, PlaceKind::Global { module: "case".into(), name: name.into() })
    }

    pub(crate) fn attribute(self, class: &str, name: &str) -> Self {
        let kind = PlaceKind::InstanceAttribute {
            module: "case".into(),
            class: class.into(),
            name: name.into(),
        };
        self.place(&format!("self.{name}"), kind)
    }

    pub(crate) fn place(mut self, text: &str, kind: PlaceKind) -> Self {
        self.place = SharedPlace { text: text.to_owned(), kind, element: false };
        self
    }

    /// The read: `text` in the first line that has `line` in it.
    pub(crate) fn first(
        mut self,
        function: &str,
        line: &str,
        text: &str,
        kind: AccessKind,
    ) -> Self {
        self.first = Some(self.access(function, line, text, kind));
        self
    }

    pub(crate) fn last(mut self, function: &str, line: &str, text: &str, kind: AccessKind) -> Self {
        self.last = Some(self.access(function, line, text, kind));
        self
    }

    pub(crate) fn other(
        mut self,
        function: &str,
        line: &str,
        text: &str,
        kind: AccessKind,
    ) -> Self {
        self.other = Some(self.access(function, line, text, kind));
        self
    }

    /// `text += ...`: both accesses are the same range.
    pub(crate) fn augments(self, function: &str, line: &str, text: &str) -> Self {
        self.first(function, line, text, AccessKind::Read).last(
            function,
            line,
            text,
            AccessKind::Store,
        )
    }

    fn access(&self, function: &str, line: &str, text: &str, kind: AccessKind) -> Access<Location> {
        let (index, found) =
            self.source.lines().enumerate().find(|it| it.1.contains(line)).expect("no such line");
        let start = found.find(text).expect("no such text");
        let number = u32::try_from(index).unwrap() + 1;
        let at = |byte: usize| {
            let byte = u32::try_from(byte).unwrap();
            Position { line: number, column: byte + 1, byte }
        };
        let root: Arc<str> = self.directory.path().to_string_lossy().into();
        let site = Location {
            file: self.file().into(),
            start: at(start),
            end: at(start + text.len()),
            root,
            module: "case".into(),
            function: function.into(),
            function_line: 1,
        };
        Access { site, kind, locks: Vec::new() }
    }

    fn file(&self) -> String {
        self.directory.path().join("case.py").to_string_lossy().into_owned()
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn diagnostic(&self) -> Diagnostic {
        let (first, last) = (self.first.clone().unwrap(), self.last.clone().unwrap());
        let window = Window {
            pattern: self.pattern,
            misuse: None,
            place: self.place.clone(),
            other: self.other.clone().unwrap_or_else(|| last.clone()),
            first,
            last,
            entry: Vec::new(),
            program: (self.run == Run::Program).then(|| self.file()),
            guard: None,
            shared_because: String::new(),
            also: Vec::new(),
            all: Vec::new(),
        };
        Diagnostic {
            rule: match self.pattern {
                Pattern::Augment | Pattern::ReadModifyWrite | Pattern::CompareThenStore => &SPLIT,
                Pattern::CheckThenInsert
                | Pattern::CheckThenUse
                | Pattern::CheckThenPop
                | Pattern::CheckThenDereference => &CHECK,
                Pattern::CopyThenClear => &CLEAR,
                Pattern::CheckThenRegister => &REGISTER,
                Pattern::Unguarded => &INTERLEAVE,
                Pattern::Iteration => &ITERATE,
                Pattern::LazyInit => &INIT,
                Pattern::TestAndSet => &SET,
                _ => unreachable!("no strategy yet"),
            },
            severity: Severity::Warning,
            confidence: Confidence::High,
            gil: GilClass::Latent,
            message: String::new(),
            location: window.last.site.clone(),
            related: Vec::new(),
            evidence: Evidence::Window(Box::new(window)),
            fingerprint: "0123456789abcdef".to_owned(),
        }
    }

    /// Replays on the free-threaded interpreter; `None` when there is none.
    pub(crate) fn replay(&self) -> Option<Verdict> {
        self.replay_with(&Options::default())
    }

    pub(crate) fn replay_with(&self, options: &Options) -> Option<Verdict> {
        let interpreter = free_threaded()?;
        Some(show(replay(&interpreter, &self.diagnostic(), options).unwrap()))
    }

    /// Replays on an interpreter with the GIL.
    pub(crate) fn replay_with_gil(&self) -> Option<Verdict> {
        let interpreter = with_gil()?;
        Some(show(replay(&interpreter, &self.diagnostic(), &Options::default()).unwrap()))
    }

    /// Asserts that the race is shown.
    pub(crate) fn is_confirmed(&self) -> Verdict {
        let Some(verdict) = self.replay() else { return confirmed_by_absence() };
        assert_eq!(verdict.status, Status::Confirmed, "{verdict:#?}");
        assert!(!verdict.witness.is_empty(), "{verdict:#?}");
        verdict
    }

    /// Asserts that it is not, and that the reason has these words.
    pub(crate) fn is_not_reproduced(&self, words: &str) {
        let Some(verdict) = self.replay() else { return };
        assert_eq!(verdict.status, Status::NotReproduced, "{verdict:#?}");
        assert!(verdict.reason.as_deref().unwrap_or_default().contains(words), "{verdict:#?}");
    }

    /// Asserts that it breaks in a piece of the code only, and that the verdict says why, with these words.
    pub(crate) fn is_only_a_slice(&self, words: &str) {
        let Some(verdict) = self.replay() else { return };
        assert_eq!(verdict.status, Status::Confirmed, "{verdict:#?}");
        assert_eq!(verdict.evidence, Some(EvidenceLevel::Slice), "{verdict:#?}");
        assert!(verdict.reason.as_deref().unwrap_or_default().contains(words), "{verdict:#?}");
    }

    /// Asserts that nobody says that it breaks.
    pub(crate) fn is_never_confirmed(&self) {
        let Some(verdict) = self.replay() else { return };
        assert_ne!(verdict.status, Status::Confirmed, "{verdict:#?}");
    }

    /// Asserts that nothing could be run, and that the reason has these words.
    pub(crate) fn is_not_replayable(&self, words: &str) {
        let Some(verdict) = self.replay() else { return };
        assert_eq!(verdict.status, Status::NotReplayable, "{verdict:#?}");
        assert!(verdict.reason.as_deref().unwrap_or_default().contains(words), "{verdict:#?}");
    }
}

/// What the tests see when there is no interpreter: they have nothing to look at.
fn confirmed_by_absence() -> Verdict {
    Verdict {
        status: Status::Confirmed,
        evidence: None,
        strategy: None,
        runtime: None,
        schedule: None,
        witness: Vec::new(),
        violation: None,
        contention: None,
        reason: None,
        elapsed_ms: 0,
        cached: false,
    }
}

fn show(verdict: Verdict) -> Verdict {
    println!(
        "{} ms: {:?} {:?} {:?}",
        verdict.elapsed_ms, verdict.status, verdict.violation, verdict.reason
    );
    println!("  {:?} {:?}", verdict.schedule, verdict.contention);
    verdict
}

fn search(python: Option<&Path>) -> Option<Interpreter> {
    let request = Request { python, env: &system_env, extent: Extent::UntilChosen };
    find(&request).ok().and_then(|it| it.chosen)
}

/// The free-threaded interpreter of this machine.
pub(crate) fn free_threaded() -> Option<Interpreter> {
    let place = Path::new("/opt/pyft/bin/python3.14t");
    let found = search(None)
        .filter(|it| it.free_threaded)
        .or_else(|| search(place.exists().then_some(place)));
    missing(found.filter(|it| it.free_threaded), "free-threaded")
}

/// An ordinary interpreter.
pub(crate) fn with_gil() -> Option<Interpreter> {
    missing(search(Some(Path::new("python3"))).filter(|it| !it.free_threaded), "GIL")
}

fn missing(found: Option<Interpreter>, what: &str) -> Option<Interpreter> {
    if found.is_none() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "no {what} interpreter, and CI needs one"
        );
        println!("no {what} interpreter: nothing was tested");
    }
    found
}
