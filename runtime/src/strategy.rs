//! The names that the harness has for strategies, patterns and kinds of access. One match each, no default arm.

use ftlint_analyzer::evidence::{AccessKind, Pattern};
use ftlint_analyzer::rule::Strategy;

/// The harness module of a strategy.
pub fn name(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::SplitUpdate => "split_update",
        Strategy::CheckThenAct => "check_then_act",
        Strategy::InitOnce => "init_once",
        Strategy::TestAndSet => "test_and_set",
        Strategy::Iterate => "iterate",
        Strategy::CopyThenClear => "copy_then_clear",
        Strategy::Register => "register",
        Strategy::Interleave => "interleave",
        Strategy::Contend => "contend",
        Strategy::Reacquire => "reacquire",
        Strategy::LockOrder => "lock_order",
        Strategy::GilFlip => "gil_flip",
    }
}

/// Whether a strategy is about a window in which a thread of a running program can be stopped.
pub(crate) fn stops_in_a_window(strategy: Strategy) -> bool {
    match strategy {
        Strategy::SplitUpdate
        | Strategy::CheckThenAct
        | Strategy::InitOnce
        | Strategy::TestAndSet
        | Strategy::Iterate
        | Strategy::CopyThenClear
        | Strategy::Register
        | Strategy::Interleave => true,
        Strategy::Contend | Strategy::Reacquire | Strategy::LockOrder | Strategy::GilFlip => false,
    }
}

pub(crate) fn pattern(pattern: Pattern) -> &'static str {
    match pattern {
        Pattern::Augment => "augment",
        Pattern::ReadModifyWrite => "read_modify_write",
        Pattern::CompareThenStore => "compare_then_store",
        Pattern::CheckThenInsert => "check_then_insert",
        Pattern::CheckThenUse => "check_then_use",
        Pattern::CheckThenPop => "check_then_pop",
        Pattern::LazyInit => "lazy_init",
        Pattern::TestAndSet => "test_and_set",
        Pattern::Iteration => "iteration",
        Pattern::Unguarded => "unguarded",
        Pattern::CheckThenDereference => "check_then_dereference",
        Pattern::CheckThenRegister => "check_then_register",
        Pattern::Swap => "swap",
        Pattern::CopyThenClear => "copy_then_clear",
        Pattern::BrokenDoubleCheck => "broken_double_check",
        Pattern::EarlyPublication => "early_publication",
        Pattern::CachedFactory => "cached_factory",
        Pattern::CheckThenSetattr => "check_then_setattr",
        Pattern::LazySubmodule => "lazy_submodule",
        Pattern::MappingMixin => "mapping_mixin",
        Pattern::MixedGuards => "mixed_guards",
        Pattern::GuardedEscape => "guarded_escape",
        Pattern::SplitSection => "split_section",
        Pattern::GuardInWrongScope => "guard_in_wrong_scope",
        Pattern::Snapshot => "snapshot",
        Pattern::SharedGenerator => "shared_generator",
        Pattern::SharedIterator => "shared_iterator",
        Pattern::Tee => "tee",
        Pattern::DeepCopy => "deep_copy",
        Pattern::SortInPlace => "sort_in_place",
        Pattern::SortedStructure => "sorted_structure",
        Pattern::IndexLoop => "index_loop",
    }
}

pub(crate) fn access(kind: &AccessKind) -> (&'static str, &str) {
    match kind {
        AccessKind::Read => ("read", ""),
        AccessKind::Store => ("store", ""),
        AccessKind::Delete => ("delete", ""),
        AccessKind::GetItem => ("get_item", ""),
        AccessKind::SetItem => ("set_item", ""),
        AccessKind::DelItem => ("del_item", ""),
        AccessKind::Contains => ("contains", ""),
        AccessKind::Call(method) => ("call", method),
        AccessKind::Iterate => ("iterate", ""),
    }
}

/// The strategy that fits a window by its pattern.
pub fn of_pattern(it: Pattern) -> Option<Strategy> {
    match it {
        Pattern::Augment | Pattern::ReadModifyWrite | Pattern::CompareThenStore => {
            Some(Strategy::SplitUpdate)
        }
        Pattern::CheckThenInsert
        | Pattern::CheckThenUse
        | Pattern::CheckThenPop
        | Pattern::CheckThenDereference
        | Pattern::IndexLoop => Some(Strategy::CheckThenAct),
        Pattern::LazyInit | Pattern::BrokenDoubleCheck | Pattern::CheckThenSetattr => {
            Some(Strategy::InitOnce)
        }
        Pattern::TestAndSet => Some(Strategy::TestAndSet),
        Pattern::Iteration | Pattern::GuardInWrongScope => Some(Strategy::Iterate),
        Pattern::CopyThenClear => Some(Strategy::CopyThenClear),
        Pattern::CheckThenRegister => Some(Strategy::Register),
        Pattern::Unguarded | Pattern::MixedGuards | Pattern::SplitSection | Pattern::Swap => {
            Some(Strategy::Interleave)
        }
        Pattern::Snapshot
        | Pattern::SharedGenerator
        | Pattern::SharedIterator
        | Pattern::DeepCopy
        | Pattern::SortInPlace
        | Pattern::SortedStructure => Some(Strategy::Contend),
        Pattern::EarlyPublication
        | Pattern::CachedFactory
        | Pattern::LazySubmodule
        | Pattern::MappingMixin
        | Pattern::GuardedEscape
        | Pattern::Tee => None,
    }
}
