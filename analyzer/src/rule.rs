//! What a rule is: a static value with its page, its metadata and two function pointers.
//!
//! Rules read a [`crate::program::slice::ProgramSlice`] and push findings; they never see the syntax tree.
//! Nothing here decides whether a program is racy.

use crate::check::Findings;
use crate::check::RuleContext;
use crate::diagnostic::Location;
use crate::evidence::Evidence;

/// How bad the consequence is, independent of how sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Portability or performance.
    Info,
    /// A lost update, duplicated work with an effect, an exception in a worker.
    Warning,
    /// A crash, a deadlock, corrupted invariants, or input that could not be analysed.
    Error,
}

/// How sure the analysis is that two threads meet at the place. `docs/confidence.md` has the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Shared only if a user of the library shares it; nothing in the code says so.
    Low,
    /// The code shows the intent to be used from several threads, or the state is process-wide.
    Medium,
    /// Both threads are started by the analysed program.
    High,
}

/// What the removal of the GIL changes about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GilClass {
    /// `CPython` 3.10 and later cannot switch threads inside the window while the GIL is on: it breaks for the
    /// first time on the free-threaded build.
    Latent,
    /// There is a switch point inside the window: already a bug with the GIL, only rarer.
    Exposed,
    /// The free-threaded build defines the behaviour differently.
    New,
    /// Lock misuse, independent of the GIL.
    Deadlock,
}

/// The ways a finding can be replayed. The runtime maps each to a harness module; rules only name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// Stop one thread between the read and the write of an update, let another thread update.
    SplitUpdate,
    /// Stop one thread between a test and the action it permits, let another thread act.
    CheckThenAct,
    /// Stop one thread between the test for "not yet there" and the store, let another thread initialise.
    InitOnce,
    /// Stop one thread between the test of a flag and setting it, let another thread enter the body.
    TestAndSet,
    /// Stop one thread inside a loop over a container, let another thread change the container.
    Iterate,
    /// Stop one thread between a copy and the reset of the original, let another thread add.
    CopyThenClear,
    /// Stop one thread between a test for "done" and the registration, let another thread finish.
    Register,
    /// Stop one thread beside its access, let another thread run its whole call, compare with the serial orders.
    Interleave,
    /// Let threads run freely: for what is a single instruction, in which nobody can be stopped.
    Contend,
    /// Call in one thread, and see whether it waits for a lock that it holds itself.
    Reacquire,
    /// Lead two threads into two locks from opposite sides, and see whether each waits for the other.
    LockOrder,
    /// Import a module in a fresh interpreter and watch whether the GIL comes back.
    GilFlip,
}

/// Whether and how a rule's findings are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Replayed with this strategy.
    With(Strategy),
    /// Replayed with the strategy that fits the pattern of the window.
    ByPattern,
    /// Never replayed, for this reason.
    Never(&'static str),
}

/// One rule. Each lives in a file of its own under `rules/` and is registered in [`crate::rules::RULES`].
#[derive(Debug)]
pub struct Rule {
    /// `FTL` and three digits; never reused.
    pub code: &'static str,
    /// Kebab-case name.
    pub name: &'static str,
    /// The version of ftlint that first had it.
    pub since: &'static str,
    /// Severity of its findings.
    pub severity: Severity,
    /// One line, lower case, no full stop.
    pub summary: &'static str,
    /// How it is replayed.
    pub replay: Replay,
    /// The page in Markdown: headings and tested examples.
    pub doc: &'static str,
    /// Reads the slice of one file and pushes findings.
    pub check: fn(&RuleContext<'_>, &mut Findings),
    /// Words a finding: lower case, no full stop, names both sites.
    pub message: fn(&Evidence<Location>) -> String,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl Rule {
    /// The address of the rule's page.
    pub fn url(&self) -> String {
        format!("https://ftlint.dev/rules/{}-{}", self.code.to_ascii_lowercase(), self.name)
    }
}

/// Declares `pub static RULE` from a doc comment and fields; the comment becomes [`Rule::doc`].
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])*
        pub(crate) static RULE = { $($field:ident : $value:expr),* $(,)? }
        check: $check:ident, message: $message:ident
    ) => {
        $(#[doc = $doc])*
        pub(crate) static RULE: $crate::rule::Rule = $crate::rule::Rule {
            $($field: $value,)*
            doc: concat!($($doc, "\n"),*),
            check: $check,
            message: $message,
        };
    };
}
pub(crate) use declare_rule;
