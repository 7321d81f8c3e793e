//! What a replay found out about a finding. A verdict never hides a finding, and none of them means "safe".

use serde::{Deserialize, Serialize};

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// A violation was observed, and observed again with the same schedule.
    Confirmed,
    /// The suspect code ran, and no violation was seen; `Verdict::reason` says what was.
    NotReproduced,
    /// The suspect code could not be run; `Verdict::reason` says why.
    NotReplayable,
}

/// What ran, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EvidenceLevel {
    /// The user's own program, from its own entry.
    Program,
    /// The user's own tests, as they are or in several threads.
    Test,
    /// A driver that builds the receiver and calls the functions of the finding.
    Driver,
    /// Only a piece of the function, on a receiver that was not built by its constructor, or in a module whose missing
    /// imports were stood in for. It proves the statement, not the program.
    Slice,
}

/// One numbered step of a witnessed interleaving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessStep {
    /// Lane, 1-based.
    pub thread: u32,
    /// Name of the Python thread.
    pub thread_name: String,
    /// Source file.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// That line of source, trimmed.
    pub source: String,
    /// What the thread did: "reads self.hits", "waits before the write", "writes self.hits".
    pub what: String,
    /// `repr` of the value read or written, cut at 80 characters.
    pub value: Option<String>,
}

/// What free-running threads did, without any control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contention {
    /// Threads behind the barrier.
    pub threads: u32,
    /// Rounds that were run.
    pub rounds: u32,
    /// Rounds in which the violation was seen.
    pub seen: u32,
    /// What a serial run gives, in words: "8000 updates".
    pub expected: String,
    /// What was seen: "6213 updates".
    pub observed: String,
}

/// The verdict on one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The outcome.
    pub status: Status,
    /// What ran; `None` when nothing did.
    pub evidence: Option<EvidenceLevel>,
    /// The strategy's name: `split_update`, `check_then_act`, `init_once`, `test_and_set`, `gil_flip`.
    pub strategy: Option<String>,
    /// The interpreter: "`CPython` 3.14.5 free-threading".
    pub runtime: Option<String>,
    /// Text that repeats the schedule.
    pub schedule: Option<String>,
    /// The interleaving, when confirmed.
    pub witness: Vec<WitnessStep>,
    /// What broke, in words: "2 of 2 updates became 1", "`KeyError: 'a'` in thread 2".
    pub violation: Option<String>,
    /// The uncontrolled runs, when they were tried.
    pub contention: Option<Contention>,
    /// Why not, for the other two outcomes; a remark ("real contention was not tried: ...") otherwise.
    pub reason: Option<String>,
    /// Wall time of the whole replay of this finding.
    pub elapsed_ms: u64,
    /// Known from a replay of an earlier run.
    #[serde(skip)]
    pub cached: bool,
}
