//! Children that misbehave, each held by one limit.

use super::{Cancel, Exit, Job, Limits, Outcome, run};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

fn shell(script: &str) -> Job {
    let mut job = Job::new("/bin/sh").unwrap();
    job.args = vec!["-c".into(), script.into(), "sh".into(), job.scratch.results().into()];
    job
}

fn run_within(mut job: Job, wall: Duration) -> Outcome {
    job.limits.wall = wall;
    run(&job).unwrap()
}

fn check(script: &str) -> Outcome {
    run(&shell(script)).unwrap()
}

/// Whether a process with this number (as printed) runs; a zombie of somebody else does not count.
fn is_alive(pid: &str) -> bool {
    let ps = || {
        std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", pid.trim()])
            .output()
            .unwrap()
            .stdout
    };
    let state = match std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())) {
        Ok(stat) => stat.rsplit(") ").next().unwrap_or_default().as_bytes().to_vec(),
        Err(_) if cfg!(target_os = "linux") => return false,
        Err(_) => ps(),
    };
    !state.is_empty() && !state.starts_with(b"Z")
}

fn assert_dies(pid: &str) {
    assert!(!pid.trim().is_empty());
    let began = Instant::now();
    while is_alive(pid) {
        assert!(began.elapsed() < Duration::from_secs(2), "{pid} is alive");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn reports_code_streams_and_results() {
    let out = check(r#"echo out; echo err >&2; printf '{"a":1}\n{"b":2}\n' > "$1"; exit 7"#);
    assert_eq!(
        (out.exit, out.stdout.text(), out.stderr.text()),
        (Exit::Code(7), "out\n".into(), "err\n".into())
    );
    assert_eq!(
        (out.results, out.results_cut),
        (vec![r#"{"a":1}"#.to_owned(), r#"{"b":2}"#.to_owned()], false)
    );
}

#[test]
fn a_half_line_is_left_out() {
    let out = check(r#"printf 'one\ntw' > "$1"; kill -SEGV $$"#);
    assert_eq!(
        (out.exit, out.results, out.results_cut),
        (Exit::Signal(11), vec!["one".to_owned()], true)
    );
}

#[test]
fn a_result_file_that_is_a_pipe_does_not_block() {
    assert_eq!(check(r#"mkfifo "$1""#).results, Vec::<String>::new());
}

#[test]
fn a_job_can_be_run_again() {
    let job = shell(r#"echo once >> "$1""#);
    for _ in 0..2 {
        assert_eq!(run(&job).unwrap().results, ["once"]);
    }
}

#[test]
fn an_endless_loop_is_stopped() {
    let began = Instant::now();
    let out = run_within(shell("while :; do :; done"), Duration::from_millis(200));
    assert_eq!(out.exit, Exit::TimeLimit);
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_switch_stops_it() {
    let job = Job { cancel: Cancel::default(), ..shell("sleep 30") };
    let cancel = job.cancel.clone();
    let canceller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        cancel.cancel();
    });
    assert_eq!(run(&job).unwrap().exit, Exit::Cancelled);
    canceller.join().unwrap();
}

#[test]
fn children_die_with_it() {
    let out = check("sleep 60 & echo $!");
    assert_eq!(out.exit, Exit::Code(0));
    assert_dies(&out.stdout.text());
    let out = run_within(shell("sleep 60 & echo $!; wait"), Duration::from_millis(700));
    assert_eq!(out.exit, Exit::TimeLimit);
    assert_dies(&out.stdout.text());
}

#[cfg(target_os = "linux")]
#[test]
fn children_that_left_the_group_die_too() {
    let out = check(
        "setsid sh -c 'echo $$ > pid; exec sleep 60' & while [ ! -s pid ]; do sleep 0.01; done; cat pid",
    );
    assert_eq!(out.exit, Exit::Code(0));
    assert_dies(&out.stdout.text());
}

#[test]
fn output_is_bounded_but_drained() {
    let mut job = shell("head -c 3000000 /dev/zero; echo end >&2");
    job.limits = Limits { output: 1000, ..Limits::default() };
    let out = run(&job).unwrap();
    assert_eq!((out.stdout.bytes.len(), out.stdout.dropped), (1000, 2_999_000));
    assert_eq!((out.exit, out.stderr.text().as_str()), (Exit::Code(0), "end\n"));
}

#[test]
fn input_is_given_or_empty() {
    let mut job = shell("cat");
    assert_eq!(run(&job).unwrap().stdout.text(), "");
    job.stdin = Some(b"hello".to_vec());
    assert_eq!(run(&job).unwrap().stdout.text(), "hello");
    // Not read: more than a pipe holds.
    job.args[1] = "exit 3".into();
    job.stdin = Some(vec![b'x'; 1 << 20]);
    assert_eq!(run(&job).unwrap().exit, Exit::Code(3));
}

#[test]
fn the_environment_is_clean() {
    let mut job = shell("env; pwd");
    job.env = vec![("GIVEN".into(), "yes".into())];
    let text = run(&job).unwrap().stdout.text();
    let scratch = job.scratch.path().display().to_string();
    assert!(
        text.contains(&format!("HOME={scratch}\n")) && text.ends_with(&format!("{scratch}\n")),
        "{text}"
    );
    assert!(text.contains("GIVEN=yes\n") && text.contains("PYTHONDONTWRITEBYTECODE=1\n"), "{text}");
    assert!(!text.contains("CARGO") && !text.contains("PYTHONPATH"), "{text}");
}

#[test]
fn the_scratch_directory_goes_away() {
    let job = shell("mkdir -p a/b; touch a/b/c; chmod 500 a/b; chmod 000 a");
    let scratch = job.scratch.path().to_owned();
    run(&job).unwrap();
    assert!(scratch.exists());
    drop(job);
    assert!(!scratch.exists());
}

#[test]
fn what_is_not_there_is_an_error() {
    let message = run(&Job::new("/nonexistent/python").unwrap()).unwrap_err().to_string();
    assert!(message.contains("/nonexistent/python"), "{message}");
}

/// Python on this machine, free-threaded where there is one.
fn python(code: &str) -> Option<Job> {
    let places = ["/opt/pyft/bin/python3.14t", "/usr/bin/python3", "/usr/local/bin/python3"];
    let mut job = Job::new(places.into_iter().find(|it| Path::new(it).exists())?).unwrap();
    job.args = vec!["-I".into(), "-S".into(), "-c".into(), code.into()];
    Some(job)
}

#[cfg(target_os = "linux")]
#[test]
fn a_great_allocation_is_refused() {
    let codes = ["x = bytearray(10 << 30)", "import mmap; m = mmap.mmap(-1, 10 << 30)"];
    for code in codes {
        let Some(mut job) = python(code) else { return };
        job.limits.memory = 1 << 30;
        let out = run(&job).unwrap();
        assert_eq!(out.exit, Exit::Code(1), "{code}");
        assert!(
            out.stderr.text().contains("MemoryError")
                || out.stderr.text().contains("Cannot allocate"),
            "{code}"
        );
    }
}

#[test]
fn threads_run_under_the_memory_limit() {
    let code = "import threading
ts = [threading.Thread(target=lambda: list(range(10000))) for _ in range(32)]
for t in ts: t.start()
for t in ts: t.join()
print('done')";
    for memory in [512 << 20, 1 << 30, 2 << 30, 4 << 30] {
        let Some(mut job) = python(code) else { return };
        job.limits.memory = memory;
        let out = run(&job).unwrap();
        assert_eq!(
            (out.exit, out.stdout.text().as_str()),
            (Exit::Code(0), "done\n"),
            "{}",
            out.stderr.text()
        );
    }
}

#[cfg(target_os = "linux")]
mod confined;
