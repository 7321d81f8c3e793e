//! A schedule as data: who stops where, and who passes. Short text that a person can pass on; no clock, no process.
//!
//! `v1:driver.0:A@act,B>act,A*` reads: with the driver's argument choice 0, lane A runs until just before its act,
//! lane B runs through its act and is held, lane A goes on to its end. `schedule.py` has the same grammar.

use std::fmt;
use std::str::FromStr;

/// Which code is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The user's own program.
    Program,
    /// A driver; the number names a choice of arguments.
    Driver(u32),
    /// A piece of the function; the number names a choice of pieces and arguments.
    Slice(u32),
}

/// One of the two threads of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// The thread that is stopped in the window.
    A,
    /// The thread that passes meanwhile.
    B,
}

/// How far a lane runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Run {
    /// Until just before its act: `@act`.
    ToAct,
    /// Until it is between two `with` blocks of the window: `@gap`.
    ToGap,
    /// Until just after its first access: `@read`.
    ToRead,
    /// Through its act, and no further: `>act`.
    ThroughAct,
    /// Until just before the access of the other thread, whose function it runs: `@other`.
    ToOther,
    /// Until just after that access: `>other`.
    ThroughOther,
    /// To its end: `*`.
    ToEnd,
    /// Over and over, with nobody leading it: `~`.
    Freely,
}

/// An order of two threads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// What runs.
    pub mode: Mode,
    /// How many threads pass the stopping place before one is stopped there.
    pub arrival: u32,
    /// The order. Never empty.
    pub steps: Vec<(Lane, Run)>,
}

/// The text is not a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a schedule: `{0}` (one reads `v1:driver.0:A@act,B>act,A*`)")]
pub struct BadSchedule(pub String);

const RUNS: [(&str, Run); 8] = [
    ("@act", Run::ToAct),
    ("@gap", Run::ToGap),
    ("@read", Run::ToRead),
    (">act", Run::ThroughAct),
    ("@other", Run::ToOther),
    (">other", Run::ThroughOther),
    ("*", Run::ToEnd),
    ("~", Run::Freely),
];

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mode {
            Mode::Program => f.write_str("v1:program")?,
            Mode::Driver(variant) => write!(f, "v1:driver.{variant}")?,
            Mode::Slice(variant) => write!(f, "v1:slice.{variant}")?,
        }
        if self.arrival > 0 {
            write!(f, "#{}", self.arrival)?;
        }
        for (index, (lane, run)) in self.steps.iter().enumerate() {
            let text = RUNS.iter().find(|it| it.1 == *run).map_or("", |it| it.0);
            write!(f, "{}{lane:?}{text}", if index == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = BadSchedule;

    fn from_str(text: &str) -> Result<Self, BadSchedule> {
        parse(text).ok_or_else(|| BadSchedule(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Schedule> {
    let (head, steps) = text.strip_prefix("v1:")?.split_once(':')?;
    let (head, arrival) = match head.split_once('#') {
        Some((head, arrival)) => (head, number(arrival)?),
        None => (head, 0),
    };
    let mode = match head.split_once('.') {
        None if head == "program" => Mode::Program,
        Some(("driver", variant)) => Mode::Driver(number(variant)?),
        Some(("slice", variant)) => Mode::Slice(number(variant)?),
        _ => return None,
    };
    let steps = steps.split(',').map(step).collect::<Option<Vec<_>>>()?;
    Some(Schedule { mode, arrival, steps })
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|it| it.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn step(text: &str) -> Option<(Lane, Run)> {
    let lane = match text.get(..1)? {
        "A" => Lane::A,
        "B" => Lane::B,
        _ => return None,
    };
    let rest = text.get(1..)?;
    RUNS.iter().find(|it| it.0 == rest).map(|it| (lane, it.1))
}
