//! Schedules are short text, there and back.

use ftlint_runtime::schedule::{Lane, Mode, Run, Schedule};

#[test]
fn there_and_back() {
    for text in [
        "v1:driver.0:A@act,B>act,A*",
        "v1:program#11:A@read,B*,A*",
        "v1:driver.12:A@gap,B*,A*",
        "v1:program:B>act,A*",
    ] {
        let schedule: Schedule = text.parse().unwrap();
        assert_eq!(schedule.to_string(), text);
    }
    let schedule: Schedule = "v1:driver.3#2:A@act,B*".parse().unwrap();
    assert_eq!(
        schedule,
        Schedule {
            mode: Mode::Driver(3),
            arrival: 2,
            steps: vec![(Lane::A, Run::ToAct), (Lane::B, Run::ToEnd)],
        }
    );
}

#[test]
fn other_text_is_refused() {
    for text in [
        "",
        "v1:",
        "v2:program:A*",
        "v1:driver:A*",
        "v1:program.1:A*",
        "v1:program:C*",
        "v1:program:A",
        "v1:program:A@act,",
        "v1:driver.-1:A*",
        "v1:program:ä*",
    ] {
        assert!(text.parse::<Schedule>().is_err(), "{text}");
    }
}
