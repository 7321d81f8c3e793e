//! The facts of `knowledge/atomicity.toml` that a program can show are seen on the real interpreter.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ftlint_analyzer::testing::fixtures_dir;
use ftlint_runtime::interpreter::Interpreter;
use ftlint_runtime::process::{Exit, Job, run};

use crate::support::free_threaded;

/// More than the bounds inside of any of them add up to on a quiet machine.
const MAX_TIME: Duration = Duration::from_mins(1);

/// How often a program is run that does not see its fact.
const TRIES: usize = 4;

#[test]
fn proofs_see_their_facts() {
    let Some(interpreter) = free_threaded() else { return };
    let version = interpreter.version;
    if (version.major, version.minor) != (3, 14) || version.micro < 5 {
        println!("the facts are those of 3.14.5, this is {version}: nothing was tested");
        return;
    }
    let proofs = proofs();
    assert!(proofs.len() > 15, "only {} proofs", proofs.len());
    let missed: Vec<_> = proofs.iter().filter_map(|it| problem(&interpreter, it)).collect();
    assert!(missed.is_empty(), "{} facts were not seen:\n{}", missed.len(), missed.join("\n"));
}

fn proofs() -> Vec<PathBuf> {
    let mut res: Vec<_> = std::fs::read_dir(fixtures_dir().join("atomicity"))
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "py"))
        .collect();
    res.sort();
    res
}

/// What went wrong, if the program did not see its fact. That it is seen once is enough, and where other tests keep all
/// processors busy, its threads may not run at the same time.
fn problem(interpreter: &Interpreter, proof: &Path) -> Option<String> {
    let mut problem = None;
    for _ in 0..TRIES {
        problem = try_once(interpreter, proof);
        if problem.is_none() {
            break;
        }
    }
    problem
}

fn try_once(interpreter: &Interpreter, proof: &Path) -> Option<String> {
    let start = Instant::now();
    let mut job = Job::new(&interpreter.executable).unwrap();
    job.args = vec!["-B".into(), proof.into()];
    job.limits.wall = MAX_TIME;
    let outcome = run(&job).unwrap();
    let name = proof.file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!("{name}: {} ms {:?}", start.elapsed().as_millis(), outcome.exit);
    let told = || format!("{name}: {:?}\n{}", outcome.exit, outcome.stderr.text());
    (outcome.exit != Exit::Code(0)).then(told)
}
