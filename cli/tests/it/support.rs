//! A directory with files, and `ftlint` run in it.
#![expect(clippy::unwrap_used, reason = "a test that cannot set the scene has to fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A lost update that is found with high confidence.
pub(crate) const RACY: &str = "import threading\n\nhits = 0\n\n\ndef work():\n    global hits\n    hits += 1\n\n\n\
                               for _ in range(2):\n    threading.Thread(target=work).start()\n";

/// Nothing to find.
pub(crate) const CLEAN: &str = "print('hello')\n";

/// A directory that is removed at the end of the test.
pub(crate) struct Sandbox {
    pub(crate) root: PathBuf,
}

impl Sandbox {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("ftlint-it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Resolved, because the child's working directory is.
        let root = std::env::temp_dir().canonicalize().unwrap().join(name);
        std::fs::create_dir_all(&root).unwrap();
        let res = Self { root };
        for (path, bytes) in files {
            res.write(path, bytes);
        }
        res
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut res = Command::new(env!("CARGO_BIN_EXE_ftlint"));
        // What earlier runs of other tests have seen is not this one's business.
        res.env("FTLINT_NO_CACHE", "1");
        res.args(args).current_dir(&self.root).stdin(Stdio::null());
        for name in ["CI", "VIRTUAL_ENV", "NO_COLOR", "COLUMNS", "FTLINT_PYTHON"] {
            res.env_remove(name);
        }
        res
    }

    /// Status, standard output and standard error as one text.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        told(&self.root, &self.command(args).output().unwrap())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn told(root: &Path, output: &Output) -> String {
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*root.to_string_lossy(), "[root]");
    let code = output.status.code().map_or_else(|| "signal".to_owned(), |it| it.to_string());
    format!("exit {code}\n--- stdout\n{}--- stderr\n{}", text(&output.stdout), text(&output.stderr))
}
