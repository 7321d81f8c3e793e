//! Code that does harm when it is replayed: each is held, something is said about it, and nothing stays behind.
#![expect(clippy::unwrap_used, reason = "a test that cannot set the scene has to fail")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::replay::can_replay;
use crate::support::Sandbox;

/// Enough for the bound of each search, and for a machine that does something else as well.
const LIMIT: Duration = Duration::from_secs(40);

macro_rules! hostile {
    ($($name:ident: $words:literal;)*) => {$(
        #[test]
        fn $name() {
            let source = include_str!(concat!("../hostile/", stringify!($name), ".py"));
            contained(stringify!($name), source, $words);
        }
    )*};
}

hostile! {
    allocates: "raised MemoryError";
    closes: "\"status\": \"confirmed\"";
    crashes: "signal 11 (SIGSEGV)";
    exits: "the code ended the process itself, with exit code 0";
    forks: "\"status\":";
    kills_everyone: "PermissionError";
    kills_parent: "by signal 9, perhaps from the code under replay";
    leaves: "\"status\": \"confirmed\"";
    loops: "did not come to an end within the time limit";
    patches_monitoring: "the code under replay took the tool of sys.monitoring away";
    prints: "did not come to an end within the time limit";
    reads_secrets: "\"status\": \"confirmed\"";
    takes_locks: "did not come to an end within the time limit";
    writes: "\"status\": \"confirmed\"";
}

fn contained(name: &str, source: &str, words: &str) {
    let Some(scene) = Scene::new(name, source) else { return };
    let began = Instant::now();
    let (pid, out) = scene.replay(&[]);
    assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    let told = [out.stdout, out.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    assert!(told.contains(words), "{told}");
    assert!(told.contains("sandbox: ") && told.contains("FTL102"), "{told}");
    scene.is_untouched(pid);
}

#[test]
fn connects() {
    let source = include_str!("../hostile/connects.py");
    let Some(scene) = Scene::new("connects", source) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    scene
        .it
        .write("project/port.txt", listener.local_addr().unwrap().port().to_string().as_bytes());
    scene.replay(&[]);
    assert!(listener.accept().is_err(), "somebody came");
    scene.replay(&["--no-sandbox"]);
    assert!(listener.accept().is_ok(), "nobody would have come anyway");
}

#[test]
fn without_a_sandbox_files_are_written() {
    let source = include_str!("../hostile/writes.py");
    let Some(scene) = Scene::new("writes", source) else { return };
    scene.replay(&["--no-sandbox"]);
    assert!(scene.it.root.join("project/created.txt").exists());
}

/// A project with one hostile file, and a temporary directory of its own.
struct Scene {
    it: Sandbox,
    file: String,
}

impl Scene {
    /// `None` where there is nothing to replay on, or where this system has no sandbox.
    fn new(name: &str, source: &str) -> Option<Self> {
        let it = Sandbox::new(&[("project/keep.txt", b"keep"), ("tmp/.keep", b"")]);
        let file = format!("{name}.py");
        it.write(&format!("project/{file}"), source.as_bytes());
        (cfg!(target_os = "linux") && can_replay(&it)).then_some(Self { it, file })
    }

    fn replay(&self, more: &[&str]) -> (u32, Output) {
        let path = format!("project/{}", self.file);
        let mut args = vec!["--replay", "--isolated", "--output-format=json", &path];
        args.extend(more);
        let mut command = self.it.command(&args);
        command.env("TMPDIR", self.it.root.join("tmp")).env("FTLINT_TEST_SECRET", "secret");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        (child.id(), child.wait_with_output().unwrap())
    }

    fn is_untouched(&self, pid: u32) {
        leaves_nothing(&self.it.root, pid);
        let mut expected = [self.file.as_str(), "keep.txt"];
        expected.sort_unstable();
        assert_eq!(names(&self.it.root.join("project")), expected);
        assert_eq!(fs::read_to_string(self.it.root.join("project/keep.txt")).unwrap(), "keep");
    }
}

/// Asserts that no temporary file and no process is left of an ftlint that has ended.
pub(crate) fn leaves_nothing(root: &Path, pid: u32) {
    assert_eq!(names(&root.join("tmp")), [".keep"]);
    let mark = format!("FTLINT_CHILD={pid}.");
    let inside = root.join("tmp");
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        let is_marked =
            String::from_utf8_lossy(&environ).split('\0').any(|it| it.starts_with(&mark));
        let is_inside =
            fs::read_link(entry.path().join("cwd")).is_ok_and(|it| it.starts_with(&inside));
        assert!(!is_marked && !is_inside, "process {} is left", entry.path().display());
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
