//! Runs the rules over the slice of one file.

use crate::evidence::Evidence;

/// What a rule may read.
pub struct RuleContext<'a> {
    pub(crate) _slice: &'a (),
}

/// Where a rule puts its findings.
#[derive(Default)]
pub struct Findings {
    pub(crate) _evidence: Vec<Evidence<()>>,
}
