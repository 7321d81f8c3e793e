//! Every finding of every fixture is replayed as the analyzer reports it. What a comment says has to come out, and
//! what no comment says must not be an error of ours.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::rule::Replay;
use ftlint_analyzer::testing::{Fixture, fixtures_dir, load_fixtures};
use ftlint_runtime::error::RuntimeError;
use ftlint_runtime::interpreter::Interpreter;
use ftlint_runtime::verdict::{Status, Verdict};
use ftlint_runtime::{Options, replay};

use crate::support::free_threaded;

#[test]
fn verdicts_are_what_the_comments_say() {
    let Some(interpreter) = free_threaded() else { return };
    let wanted = std::env::var("FTLINT_FIXTURE").unwrap_or_default();
    let fixtures = load_fixtures(&fixtures_dir());
    let fixtures: Vec<&Fixture> = fixtures.iter().filter(|it| it.name.contains(&wanted)).collect();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(fixture) = fixtures.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let problems = check(&interpreter, fixture);
                    wrong.lock().unwrap().extend(problems);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} wrong verdicts:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(interpreter: &Interpreter, fixture: &Fixture) -> Vec<String> {
    let mut wrong = Vec::new();
    for diagnostic in fixture.check() {
        if matches!(diagnostic.rule.replay, Replay::Never(_)) {
            continue;
        }
        let line = diagnostic.location.start.line;
        let place = format!("{}:{line} {}", fixture.name, diagnostic.rule.code);
        match settled(interpreter, fixture, &diagnostic) {
            Ok(verdict) => {
                println!(
                    "{place}: {} ms {:?} {:?} {:?} {:?}",
                    verdict.elapsed_ms,
                    verdict.status,
                    verdict.schedule,
                    verdict.violation,
                    verdict.reason
                );
                if let Some(wanted) = expected(fixture, &diagnostic)
                    && wanted != word(&verdict)
                {
                    wrong.push(format!(
                        "{place}: {} instead of {wanted}: {:?}",
                        word(&verdict),
                        verdict.reason
                    ));
                }
            }
            Err(error) => wrong.push(format!("{place}: {error}")),
        }
    }
    wrong
}

/// A race that is there may stay unseen when the tests beside this one take the processors, so it is looked for again;
/// what must not be confirmed is looked at once.
fn settled(
    interpreter: &Interpreter,
    fixture: &Fixture,
    diagnostic: &Diagnostic,
) -> Result<Verdict, RuntimeError> {
    let once = || replay(interpreter, diagnostic, &Options::default());
    let mut verdict = once()?;
    for _ in 0..2 {
        let missed = expected(fixture, diagnostic).as_deref() == Some("confirmed")
            && word(&verdict) == "not-reproduced";
        if !missed {
            break;
        }
        verdict = once()?;
    }
    Ok(verdict)
}

fn expected(fixture: &Fixture, diagnostic: &Diagnostic) -> Option<String> {
    let file =
        fixture.files.iter().find(|it| it.path.to_string_lossy() == *diagnostic.location.file)?;
    let line = diagnostic.location.start.line;
    file.expectations()
        .items
        .into_iter()
        .find(|it| it.line == line && it.code.as_deref() == Some(diagnostic.rule.code))
        .and_then(|it| it.replay)
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.status {
        Status::Confirmed => "confirmed",
        Status::NotReproduced => "not-reproduced",
        Status::NotReplayable => "not-replayable",
    }
}
