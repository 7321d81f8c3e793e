//! What has to fall into a window to break it: an access of the other thread, or a second run of the same code.

use super::iteration::{changes, removes, takes};
use super::{AccessId, Facts, Suspect};
use crate::domain::{Key, Op, Origin};
use crate::evidence::Pattern;

impl Facts<'_> {
    /// Whether a second run of the same window breaks the first.
    pub(super) fn acts_on_itself(&self, suspect: &Suspect) -> bool {
        let last = self.event((suspect.func, suspect.candidate.last));
        if let Some(answer) = self.iteration_on_itself(suspect) {
            return answer;
        }
        match suspect.candidate.pattern {
            Pattern::CheckThenUse => {
                last.op == Op::DelItem || matches!(&last.op, Op::Method(name) if removes(name))
            }
            Pattern::CheckThenDereference => last.op == Op::Delete && !last.flags.caught,
            Pattern::CheckThenPop => last.op != Op::Load,
            Pattern::Iteration
            | Pattern::Snapshot
            | Pattern::Unguarded
            | Pattern::CheckThenRegister
            | Pattern::EarlyPublication => false,
            _ => true,
        }
    }

    /// Whether this access, falling into the window, breaks it.
    pub(super) fn breaks(&self, suspect: &Suspect, other: AccessId) -> bool {
        if let Some(answer) = self.breaks_iteration(suspect, other) {
            return answer;
        }
        let event = self.event(other);
        let op = &event.op;
        let rebinds = op.rebinds();
        match suspect.candidate.pattern {
            Pattern::Augment | Pattern::ReadModifyWrite | Pattern::CompareThenStore
                if !suspect.contents =>
            {
                rebinds
            }
            // Who resets it makes no second one.
            Pattern::LazyInit if !suspect.contents => {
                *op == Op::Store && event.value != Origin::Nothing
            }
            Pattern::TestAndSet | Pattern::BrokenDoubleCheck | Pattern::CheckThenSetattr
                if !suspect.contents =>
            {
                rebinds
            }
            Pattern::CheckThenDereference => self.unsets(suspect, other),
            Pattern::CheckThenRegister => self.goes_through(suspect, other),
            Pattern::EarlyPublication => *op == Op::Load,
            Pattern::CheckThenUse => {
                matches!(op, Op::DelItem) || matches!(op, Op::Method(name) if removes(name))
            }
            Pattern::CheckThenPop => {
                // `d.get(key)` takes nothing away, `queue.get()` does.
                let looks = |name: &str| name == "get" && event.key != Key::NONE;
                matches!(op, Op::DelItem)
                    || matches!(op, Op::Method(name) if takes(name) && !looks(name))
            }
            _ => {
                matches!(op, Op::SetItem | Op::DelItem)
                    || matches!(op, Op::Method(name) if changes(name))
                    || (*op == Op::GetItem && self.inserts_when_read(other))
            }
        }
    }
}
