//! The registry: one `mod` line and one entry per rule, sorted by code, nothing else.

mod ftl101_shared_attribute_augassign;
mod ftl102_shared_global_augassign;
mod ftl103_shared_closure_augassign;
mod ftl104_class_attribute_augassign;
mod ftl105_shared_subscript_augassign;
mod ftl106_shared_read_modify_write;
mod ftl109_shared_swap;
mod ftl111_copy_then_clear;
mod ftl201_check_then_insert;
mod ftl202_check_then_use;
mod ftl203_check_then_pop;
mod ftl205_unsynchronised_lazy_init;
mod ftl206_broken_double_checked_locking;
mod ftl207_test_and_set_flag;
mod ftl208_cache_decorator_as_singleton;
mod ftl209_check_then_setattr;
mod ftl211_lazy_submodule_getattr;
mod ftl212_mapping_mixin_not_atomic;
mod ftl215_lost_registration;
mod ftl216_check_then_dereference;
mod ftl301_import_reenables_gil;
mod ftl302_no_free_threaded_wheel;
mod ftl303_abi3_only_wheel;
mod ftl304_pure_python_fallback;
mod ftl305_dependency_too_old_for_ft;
mod ftl306_ft_wheel_but_gil_used;
mod ftl307_undeclared_ft_status;
mod ftl308_gil_forced_in_config;
mod ftl311_target_313t;
mod ftl401_inconsistent_guard;
mod ftl402_mixed_guards;
mod ftl407_nonreentrant_reacquire;
mod ftl408_lock_order_inversion;
mod ftl416_wait_without_loop;
mod ftl418_guarded_reference_escape;
mod ftl421_split_critical_section;
mod ftl423_guard_in_wrong_scope;
mod ftl501_nonexistent_api;
mod ftl502_wrong_gil_detection;
mod ftl503_switchinterval_reliance;
mod ftl504_refcount_reliance;
mod ftl518_gil_workaround;
mod ftl520_gil_reliance_comment;
mod ftl601_iterate_while_mutated;
mod ftl602_nonatomic_snapshot;
mod ftl603_shared_generator;
mod ftl604_shared_iterator;
mod ftl605_tee_across_threads;
mod ftl606_copy_of_mutating_object;
mod ftl607_sort_visible_to_readers;
mod ftl609_sorted_structure_race;
mod ftl610_index_loop;
mod ftl718_wheel_config;
pub(crate) mod words;

use crate::evidence::Evidence;
use crate::rule::{Replay, Rule, Severity};

/// All rules, sorted by code.
pub static RULES: &[&Rule] = &[
    &ftl101_shared_attribute_augassign::RULE,
    &ftl102_shared_global_augassign::RULE,
    &ftl103_shared_closure_augassign::RULE,
    &ftl104_class_attribute_augassign::RULE,
    &ftl105_shared_subscript_augassign::RULE,
    &ftl106_shared_read_modify_write::RULE,
    &ftl109_shared_swap::RULE,
    &ftl111_copy_then_clear::RULE,
    &ftl201_check_then_insert::RULE,
    &ftl202_check_then_use::RULE,
    &ftl203_check_then_pop::RULE,
    &ftl205_unsynchronised_lazy_init::RULE,
    &ftl206_broken_double_checked_locking::RULE,
    &ftl207_test_and_set_flag::RULE,
    &ftl208_cache_decorator_as_singleton::RULE,
    &ftl209_check_then_setattr::RULE,
    &ftl211_lazy_submodule_getattr::RULE,
    &ftl212_mapping_mixin_not_atomic::RULE,
    &ftl215_lost_registration::RULE,
    &ftl216_check_then_dereference::RULE,
    &ftl301_import_reenables_gil::RULE,
    &ftl302_no_free_threaded_wheel::RULE,
    &ftl303_abi3_only_wheel::RULE,
    &ftl304_pure_python_fallback::RULE,
    &ftl305_dependency_too_old_for_ft::RULE,
    &ftl306_ft_wheel_but_gil_used::RULE,
    &ftl307_undeclared_ft_status::RULE,
    &ftl308_gil_forced_in_config::RULE,
    &ftl311_target_313t::RULE,
    &ftl401_inconsistent_guard::RULE,
    &ftl402_mixed_guards::RULE,
    &ftl407_nonreentrant_reacquire::RULE,
    &ftl408_lock_order_inversion::RULE,
    &ftl416_wait_without_loop::RULE,
    &ftl418_guarded_reference_escape::RULE,
    &ftl421_split_critical_section::RULE,
    &ftl423_guard_in_wrong_scope::RULE,
    &ftl501_nonexistent_api::RULE,
    &ftl502_wrong_gil_detection::RULE,
    &ftl503_switchinterval_reliance::RULE,
    &ftl504_refcount_reliance::RULE,
    &ftl518_gil_workaround::RULE,
    &ftl520_gil_reliance_comment::RULE,
    &ftl601_iterate_while_mutated::RULE,
    &ftl602_nonatomic_snapshot::RULE,
    &ftl603_shared_generator::RULE,
    &ftl604_shared_iterator::RULE,
    &ftl605_tee_across_threads::RULE,
    &ftl606_copy_of_mutating_object::RULE,
    &ftl607_sort_visible_to_readers::RULE,
    &ftl609_sorted_structure_race::RULE,
    &ftl610_index_loop::RULE,
    &ftl718_wheel_config::RULE,
];

/// The pseudo-rule of files that cannot be parsed completely. Not selectable, not suppressible.
pub static INVALID_SYNTAX: Rule = Rule {
    code: "invalid-syntax",
    name: "invalid-syntax",
    since: "0.1.0",
    severity: Severity::Error,
    summary: "the file could not be parsed completely",
    replay: Replay::Never("nothing to run"),
    doc: "## What it does\nReports where the parser gave up; the rest of the file is analysed all the same.\n",
    check: |_, _| {},
    message: |evidence| match evidence {
        Evidence::Syntax(_, message) => message.clone(),
        _ => String::new(),
    },
};

/// The rule with this code or name, in any case.
pub fn rule(code_or_name: &str) -> Option<&'static Rule> {
    RULES
        .iter()
        .find(|it| {
            it.code.eq_ignore_ascii_case(code_or_name) || it.name.eq_ignore_ascii_case(code_or_name)
        })
        .copied()
}
