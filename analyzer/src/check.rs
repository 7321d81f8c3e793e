//! Runs the rules over the slice of one file.

use std::sync::Arc;

use crate::db::{Db, Project, SourceFile};
use crate::evidence::{DeadlockKind, Evidence, Pattern, PlaceKind};
use crate::knowledge::Topic;
use crate::program::slice::{JudgedWindow, ProgramSlice};
use crate::rule::Rule;
use crate::surroundings::Trouble;

/// What a rule may read.
pub struct RuleContext<'a> {
    slice: &'a ProgramSlice,
}

/// Where a rule puts its findings.
pub struct Findings {
    rule: &'static Rule,
    found: Vec<Finding>,
}

/// A finding before it is placed in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    pub(crate) judged: JudgedWindow,
}

impl RuleContext<'_> {
    /// The windows with one of these patterns whose place passes the test; the flag tells whether the window is about
    /// the contents of the place.
    pub(crate) fn windows(
        &self,
        patterns: &'static [Pattern],
        test: fn(&PlaceKind, bool) -> bool,
    ) -> impl Iterator<Item = &JudgedWindow> {
        self.slice.windows.iter().filter(move |it| {
            it.window().is_some_and(|it| patterns.contains(&it.misuse.unwrap_or(it.pattern)))
                && it.place().is_some_and(|(kind, contents)| test(kind, contents))
        })
    }

    /// Locks taken so that threads can wait for ever, in one of two ways.
    pub(crate) fn deadlocks(&self, kind: DeadlockKind) -> impl Iterator<Item = &JudgedWindow> {
        self.slice
            .deadlocks
            .iter()
            .filter(move |it| matches!(&it.evidence, Evidence::Deadlock(it) if it.kind == kind))
    }

    /// Imports that bring the GIL back.
    pub(crate) fn gil_requests(&self) -> impl Iterator<Item = &JudgedWindow> {
        self.slice.gil_requests.iter()
    }

    /// Dependencies with this trouble.
    pub(crate) fn dependencies(&self, trouble: Trouble) -> impl Iterator<Item = &JudgedWindow> {
        self.slice.dependencies.iter().filter(
            move |it| matches!(&it.evidence, Evidence::Dependency(it) if it.facts.trouble == trouble),
        )
    }

    /// Names for free threading that do not exist.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &JudgedWindow> {
        self.slice.claims.iter()
    }

    /// What is asked about `topic` in a way that does not answer it.
    pub(crate) fn misreadings(&self, topic: Topic) -> impl Iterator<Item = &JudgedWindow> {
        self.slice.misreadings.iter().filter(move |it| it.0 == topic).map(|it| &it.1)
    }
}

impl Findings {
    /// Adds a finding of the running rule.
    pub(crate) fn push(&mut self, judged: &JudgedWindow) {
        self.found.push(Finding { rule: self.rule, judged: judged.clone() });
    }
}

/// The findings of one file, in no particular order.
#[salsa::tracked(returns(ref))]
pub(crate) fn findings(db: &dyn Db, project: Project, file: SourceFile) -> Arc<[Finding]> {
    let slice = crate::program::slice_of(db, project, file);
    let context = RuleContext { slice };
    let mut all = Vec::new();
    for rule in crate::rules::RULES {
        let mut findings = Findings { rule, found: Vec::new() };
        (rule.check)(&context, &mut findings);
        all.append(&mut findings.found);
    }
    all.into()
}
