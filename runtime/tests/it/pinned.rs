//! A printed schedule names what it belongs to, and is refused by anything else.

use ftlint_runtime::Options;
use ftlint_runtime::pinned::{Pinned, choose};

use crate::confirmed::counter;
use crate::support::{Case, free_threaded};

#[test]
fn there_and_back() {
    for text in
        ["v1:driver.0:A@act,B>act,A*", "v1:program#2:A@read,B*,A*/3.14/0123456789abcdef/89abcdef"]
    {
        assert_eq!(text.parse::<Pinned>().unwrap().to_string(), text);
    }
    for text in [
        "v1:driver.0:A@act,B>act,A*/",
        "v1:driver.0:A@act,B>act,A*/3.14",
        "v1:driver.0:A@act,B>act,A*/3/0123456789abcdef/89abcdef",
        "v1:driver.0:A@act,B>act,A*/3.14/0123456789abcdeg/89abcdef",
        "v1:driver.0:A@act,B>act,A*/3.14/0123456789abcdef/89abcdef/1",
        "/3.14/0123456789abcdef/89abcdef",
    ] {
        assert!(text.parse::<Pinned>().is_err(), "{text}");
    }
}

fn found(case: &Case) -> Option<Pinned> {
    Some(case.replay()?.schedule?.parse().unwrap())
}

#[test]
fn what_was_changed_is_refused_with_its_reason() {
    let case = counter();
    let (Some(interpreter), Some(pinned)) = (free_threaded(), found(&case)) else { return };
    let diagnostic = case.diagnostic();
    let others = [&diagnostic];
    assert_eq!(choose(&pinned, &interpreter, &others).unwrap(), [0]);

    let told = |pinned: &Pinned| choose(pinned, &interpreter, &others).unwrap_err().to_string();
    let mut other = pinned.clone();
    other.pin.as_mut().unwrap().python = "3.9".to_owned();
    assert!(told(&other).contains("was found on CPython 3.9"), "{}", told(&other));

    let mut other = pinned.clone();
    other.pin.as_mut().unwrap().fingerprint = "ffffffffffffffff".to_owned();
    assert!(told(&other).contains("not among these"), "{}", told(&other));

    let file = &*diagnostic.location.file;
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, format!("{text}\n# changed\n")).unwrap();
    assert!(told(&pinned).contains("source has changed"), "{}", told(&pinned));
    std::fs::write(file, text).unwrap();
    assert_eq!(choose(&pinned, &interpreter, &others).unwrap(), [0]);
}

#[test]
fn a_schedule_that_is_found_has_the_fewest_switches() {
    let Some(pinned) = found(&counter()) else { return };
    let lanes: Vec<_> = pinned.schedule.steps.iter().map(|it| it.0).collect();
    assert_eq!(lanes.windows(2).filter(|it| it[0] != it[1]).count(), 2);
    let again = Options { schedule: Some(pinned.schedule.clone()), ..Options::default() };
    let verdict = counter().replay_with(&again).unwrap();
    assert_eq!(verdict.schedule.unwrap().parse::<Pinned>().unwrap().schedule, pinned.schedule);
}
