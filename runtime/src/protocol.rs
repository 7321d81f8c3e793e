//! What is spoken with the harness: one request in JSON, and result lines in JSON. `protocol.py` is the other side.

use serde::{Deserialize, Serialize};

/// Both sides refuse another version.
pub const VERSION: u32 = 1;

/// What the harness is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// `explore`, `repeat` or `import`; for people who read the file.
    pub action: &'static str,
    /// The strategy's module.
    pub strategy: &'static str,
    /// The window; `None` for an import.
    pub window: Option<Window>,
    /// The file to run as `__main__`.
    pub program: Option<String>,
    /// The one schedule to run; all are tried without it.
    pub schedule: Option<String>,
    /// Whether uncontrolled threads run as well.
    pub contention: bool,
    /// The bound of one attempt.
    pub attempt_seconds: f64,
    /// The bound of all.
    pub total_seconds: f64,
    /// The module to import.
    pub import_module: String,
    /// Directory that has to be on `sys.path` for it.
    pub import_root: String,
}

/// The window of a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    /// Relation of the two accesses.
    pub pattern: String,
    /// The shared place.
    pub place: Place,
    /// The read or test.
    pub first: Site,
    /// The write or act.
    pub last: Site,
    /// The access of the other thread.
    pub other: Site,
}

/// A shared place by its names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// As written.
    pub text: String,
    /// Which of the kinds.
    pub kind: String,
    /// Dotted module name.
    pub module: String,
    /// Class or function that owns it.
    pub owner: String,
    /// Its name there.
    pub name: String,
    /// Whether it is about an element.
    pub element: bool,
}

/// One access.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Site {
    /// Source file.
    pub file: String,
    /// 1-based first line.
    pub line: u32,
    /// 0-based byte column.
    pub column: u32,
    /// 1-based last line.
    pub end_line: u32,
    /// 0-based byte column, one past the end.
    pub end_column: u32,
    /// Directory for `sys.path`.
    pub root: String,
    /// Dotted module name.
    pub module: String,
    /// `co_qualname`.
    pub function: String,
    /// `co_firstlineno`.
    pub function_line: u32,
    /// Kind of access.
    pub kind: String,
    /// The method of a call.
    pub method: String,
}

/// One line of the result file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// Always the first.
    Hello(Hello),
    /// One attempt.
    Attempt(Attempt),
    /// A violation.
    Found(Found),
    /// Uncontrolled threads.
    Contention(Contention),
    /// An import was watched.
    Gil(Gil),
    /// The harness itself failed.
    Trouble {
        /// Its traceback.
        text: String,
    },
    /// Always the last.
    Done,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u32,
    /// Version of the interpreter.
    pub python: String,
    /// Whether it was built for free threading.
    pub free_threaded: bool,
}

/// What one attempt showed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Attempt {
    /// `directed` or `serial`.
    pub role: String,
    /// Its schedule.
    pub schedule: String,
    /// `finished`, or how it ended otherwise.
    pub outcome: String,
    /// Words for that.
    pub detail: String,
    /// Whether the GIL was on at its end.
    pub gil: Option<bool>,
    /// Remarks.
    pub notes: Vec<String>,
    /// All exceptions of all threads.
    pub errors: Vec<String>,
    /// Where the other thread waited.
    pub blocked: Option<Blocked>,
    /// Whether a thread waited for ever.
    pub hung: bool,
    /// Whether a thread was stopped in the window.
    pub stopped: bool,
    /// How many acts were seen.
    pub acted: u32,
}

/// Where a thread waited.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Blocked {
    /// Source file.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// That line, trimmed.
    pub source: String,
    /// Whether it looks like a lock.
    pub lock: bool,
    /// Whether the thread went on once the other was let go.
    pub proceeded: bool,
}

/// A violation and its witness.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// What repeats it.
    pub schedule: String,
    /// In words.
    pub violation: String,
    /// Remarks: how the driver calls, what it prepared.
    pub notes: Vec<String>,
    /// The interleaving.
    pub steps: Vec<Step>,
}

/// One step of a witness.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// Number of the thread.
    pub thread: u32,
    /// Its name.
    pub name: String,
    /// Source file.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// `read`, `wait`, `resume`, `recheck`, `act`, `other`, `raise`.
    pub kind: String,
    /// What was read or written.
    pub value: Option<String>,
    /// For `recheck`: whether the test still held.
    pub holds: Option<bool>,
}

/// What uncontrolled threads did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Contention {
    /// Whether they ran.
    pub tried: bool,
    /// Why not.
    pub why: String,
    /// Threads behind the barrier.
    pub threads: u32,
    /// Rounds.
    pub rounds: u32,
    /// Rounds with the violation.
    pub seen: u32,
    /// What a serial run gives.
    pub expected: String,
    /// What was seen.
    pub observed: String,
}

/// What an import did to the GIL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Gil {
    /// The extension that was loaded by itself; empty for the import as a whole.
    pub module: String,
    /// Whether it was on before.
    pub before: bool,
    /// Whether it is on after.
    pub after: bool,
    /// What the interpreter said.
    pub warning: String,
    /// Why the import failed.
    pub error: String,
    /// How the child ended, when it did not report.
    pub outcome: String,
    /// Words for that.
    pub detail: String,
}
