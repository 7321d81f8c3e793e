//! Code that cannot be run, or that does harm when it is: never confirmed at more than level `slice`, never an error of
//! ours.

use std::time::{Duration, Instant};

use ftlint_runtime::Options;
use ftlint_runtime::verdict::Status;

use crate::support::Case;

fn counter_after(before: &str) -> Case {
    let source = format!(
        "{before}\nclass Counter:\n    def __init__(self):\n        self.n = 0\n    def inc(self):\n        self.n += 1\n"
    );
    Case::counter(&source)
}

fn counter_with(body: &str) -> Case {
    let source = format!(
        "import os\nclass Counter:\n    def __init__(self):\n        self.n = 0\n    def inc(self):\n        {body}\n        self.n += 1\n"
    );
    Case::counter(&source)
}

#[test]
fn a_missing_dependency() {
    counter_after("import no_such_module_anywhere")
        .is_only_a_slice("No module named 'no_such_module_anywhere'");
}

#[test]
fn an_exit_during_the_import() {
    counter_after("import os; os._exit(3)").is_not_replayable("exit code 3");
}

#[test]
fn a_crash_by_signal() {
    counter_with("os.kill(os.getpid(), 11)").is_not_replayable("SIGSEGV");
}

#[test]
fn an_exit_in_the_function() {
    counter_with("os._exit(7)").is_not_replayable("exit code 7");
}

#[test]
fn an_endless_loop() {
    let started = Instant::now();
    let case = counter_with("while True: pass");
    let limits = Options { attempt_limit: Duration::from_millis(500), ..Options::default() };
    let Some(verdict) = case.replay_with(&limits) else { return };
    assert_eq!(verdict.status, Status::NotReplayable, "{verdict:#?}");
    assert!(verdict.reason.unwrap().contains("time limit"));
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[test]
fn an_import_that_fails() {
    counter_after("raise ValueError('not today')").is_only_a_slice("ValueError: not today");
}

#[test]
fn a_coroutine_function() {
    let source = "
class Counter:
    def __init__(self):
        self.n = 0
    async def inc(self):
        self.n += 1
";
    Case::counter(source).is_not_replayable("coroutine");
}

#[test]
fn files_that_the_code_writes_stay_out_of_the_project() {
    let case = counter_with("open('left-behind', 'w').close()");
    case.is_confirmed();
    let names = std::fs::read_dir(case.directory())
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect::<Vec<_>>();
    assert_eq!(names, ["case.py"]);
}
