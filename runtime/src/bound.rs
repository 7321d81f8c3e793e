//! What a search that found nothing has covered, in words: without its bound, "not reproduced" says too much.

use std::collections::BTreeSet;

use crate::harness::Observation;
use crate::protocol::{Attempt, Line};
use crate::schedule::{Run, Schedule};
use crate::verdict::{Status, Verdict};

/// Adds the bound to the reason of a verdict that nothing was found.
pub(crate) fn told(mut verdict: Verdict, observations: &[Observation]) -> Verdict {
    if verdict.status != Status::NotReproduced {
        return verdict;
    }
    let attempts = observations.iter().flat_map(|it| &it.lines).filter_map(|it| match it {
        Line::Attempt(it) if it.role == "directed" => Some(it),
        _ => None,
    });
    if let Some(bound) = bound(attempts) {
        let reason = verdict.reason.map_or_else(|| bound.clone(), |it| format!("{it}; {bound}"));
        verdict.reason = Some(reason);
    }
    verdict
}

/// Only attempts in which a thread was stopped in the window count: the others have tried no order.
fn bound<'a>(attempts: impl Iterator<Item = &'a Attempt>) -> Option<String> {
    let tried: BTreeSet<&str> =
        attempts.filter(|it| it.stopped).map(|it| it.schedule.as_str()).collect();
    let led = |it: &Schedule| it.steps.iter().all(|it| it.1 != Run::Freely);
    let switches =
        tried.iter().filter_map(|it| it.parse().ok()).filter(led).map(|it| switches(&it));
    let switches = switches.max().filter(|it| *it > 0)?;
    let orders = if tried.len() == 1 { "order" } else { "orders" };
    Some(format!("{} {orders} of two threads, at most {switches} switches, tried", tried.len()))
}

fn switches(schedule: &Schedule) -> usize {
    schedule
        .steps
        .windows(2)
        .filter(|it| it.first().map(|it| it.0) != it.last().map(|it| it.0))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(schedule: &str, stopped: bool) -> Attempt {
        Attempt {
            role: "directed".to_owned(),
            schedule: schedule.to_owned(),
            outcome: "finished".to_owned(),
            detail: String::new(),
            gil: Some(false),
            notes: Vec::new(),
            errors: Vec::new(),
            blocked: None,
            hung: false,
            stopped,
            acted: 2,
        }
    }

    #[test]
    fn counts_each_order_once_and_none_that_never_stopped() {
        let tried = [
            attempt("v1:program:A@act,B>act,A*", true),
            attempt("v1:program:A@act,B>act,A*", true),
            attempt("v1:driver.0:A@read,B>act,A*", true),
            attempt("v1:driver.1:A@read,B>act,A*", false),
        ];
        let words = "2 orders of two threads, at most 2 switches, tried";
        assert_eq!(bound(tried.iter()).as_deref(), Some(words));
        assert_eq!(bound(tried[3..].iter()), None);
    }
}
