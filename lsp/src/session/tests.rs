//! A session without a connection: events go in, and what a request would see comes out.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use super::Session;
use crate::client::Outbox;
use crate::event::Event;
use crate::settings::Settings;
use crate::snapshot::{Client, Reader, Snapshot, Trouble};

const RACE: &str = "import threading\n\nhits = 0\n\n\ndef work():\n    global hits\n    hits += 1\n\n\nfor _ in range(2):\n    threading.Thread(target=work).start()\n";

/// A session on a thread of its own, and a folder with these files.
struct Editor {
    queue: Sender<Event>,
    folder: TempDir,
}

impl Editor {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ftlint.toml"), "").unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let (queue, events) = channel();
        let (outbox, inbox) = Outbox::new();
        let client = Client { pulls: true, ..Client::default() };
        let session = Session::new(client, Settings::default(), queue.clone(), outbox).unwrap();
        std::thread::spawn(move || {
            session.run(&events);
            drop(inbox);
        });
        Self { queue, folder }
    }

    fn put(&self, event: Event) {
        self.queue.send(event).unwrap();
    }

    fn start(&self, settings: &Value) {
        let settings = Settings::parse(settings).unwrap();
        self.put(Event::Started(vec![self.folder.path().to_owned()], settings));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, name: &str, text: &str) {
        let uri = Url::from_file_path(self.path(name)).unwrap();
        self.put(Event::Opened(uri, 1, text.to_owned()));
    }

    /// What a request answers, or what stopped it.
    fn ask<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&Snapshot) -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let (sender, receiver) = channel();
        let run = move |it: Result<&Snapshot, Trouble>| {
            let _ = sender.send(it.map(&mut work));
        };
        self.put(Event::Asked(Reader { run: Box::new(run), tries: 0 }));
        receiver.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    fn rules(&self, path: &Path) -> Vec<&'static str> {
        let path = path.to_string_lossy().into_owned();
        self.ask(move |it| it.check(&path).iter().map(|it| it.rule.code).collect()).unwrap()
    }

    /// Asks until the rules that find something are as wanted.
    fn becomes(&self, path: &Path, wanted: &[&str]) {
        let start = Instant::now();
        while self.rules(path) != wanted {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", self.rules(path));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.queue.send(Event::Shutdown);
    }
}

#[test]
fn the_first_answer_waits_for_the_first_files() {
    let editor = Editor::new(&[("app.py", RACE)]);
    editor.open("app.py", RACE);
    let path = editor.path("app.py");
    let queue = editor.queue.clone();
    let folder = editor.folder.path().to_owned();
    // The request is in the queue before the folders are.
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        queue.send(Event::Started(vec![folder], Settings::default())).unwrap();
    });
    assert_eq!(editor.rules(&path), ["FTL102"]);
    late.join().unwrap();
}

#[test]
fn requests_are_answered_without_a_file() {
    let editor = Editor::new(&[]);
    editor.start(&Value::Null);
    assert_eq!(editor.rules(&editor.path("app.py")), [""; 0]);
}

#[test]
fn files_that_are_no_python_have_findings() {
    let editor = Editor::new(&[
        ("app.py", "import msgpack\n"),
        ("requirements.txt", "msgpack==1.1.2\nnumpy==1.26.4\n"),
        ("Dockerfile", "FROM python:3.14t\nENV PYTHON_GIL=0\n"),
    ]);
    editor.start(&Value::Null);
    editor.becomes(&editor.path("app.py"), &["FTL305"]);
    editor.becomes(&editor.path("requirements.txt"), &["FTL305"]);
    editor.becomes(&editor.path("Dockerfile"), &["FTL308"]);
    let changed = editor.path("requirements.txt");
    std::fs::write(&changed, "msgpack==1.2.0\n").unwrap();
    editor.put(Event::ChangedOnDisk(vec![changed.clone()]));
    editor.becomes(&editor.path("app.py"), &[]);
    editor.becomes(&changed, &[]);
}

#[test]
fn a_panic_is_an_answer_and_the_session_lives() {
    let editor = Editor::new(&[("app.py", RACE)]);
    editor.start(&Value::Null);
    let (sender, receiver) = channel();
    let run = move |it: Result<&Snapshot, Trouble>| match it {
        Ok(_) => panic!("expected by the test"),
        Err(trouble) => sender.send(trouble).unwrap(),
    };
    editor.put(Event::Asked(Reader { run: Box::new(run), tries: 0 }));
    let answer = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(answer, Trouble::Panicked);
    editor.becomes(&editor.path("app.py"), &["FTL102"]);
}

#[test]
fn an_edit_cancels_a_request_which_is_then_asked_again() {
    let editor = Editor::new(&[("app.py", RACE)]);
    editor.open("app.py", RACE);
    editor.start(&Value::Null);
    let path = editor.path("app.py");
    editor.becomes(&path, &["FTL102"]);

    let (begun, has_begun) = channel();
    let (sender, receiver) = channel();
    let name = path.to_string_lossy().into_owned();
    let run = move |it: Result<&Snapshot, Trouble>| {
        let snapshot = it.unwrap();
        begun.send(()).unwrap();
        let text = snapshot.text(&name).unwrap();
        if text.contains("total") {
            sender.send(text).unwrap();
            return;
        }
        // Salsa cancels readers when they look at a query; this one does nothing else.
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            snapshot.check(&name);
            salsa::Database::unwind_if_revision_cancelled(&snapshot.db);
        }
    };
    editor.put(Event::Asked(Reader { run: Box::new(run), tries: 0 }));
    has_begun.recv_timeout(Duration::from_secs(20)).unwrap();
    let uri = Url::from_file_path(&path).unwrap();
    let text = RACE.replace("hits", "total");
    let change = TextDocumentContentChangeEvent { range: None, range_length: None, text };
    editor.put(Event::Edited(uri, 2, vec![change]));
    let seen = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(seen.contains("total += 1"));
}

#[test]
fn settings_hold_without_a_restart() {
    let editor = Editor::new(&[("app.py", RACE)]);
    editor.start(&Value::Null);
    let path = editor.path("app.py");
    editor.becomes(&path, &["FTL102"]);
    let ignored = Settings::parse(&json!({"ignore": ["FTL102"]})).unwrap();
    editor.put(Event::Configured(ignored));
    editor.becomes(&path, &[]);
    editor.put(Event::Configured(Settings::default()));
    editor.becomes(&path, &["FTL102"]);
}

#[test]
fn a_configuration_file_holds_when_it_changes_on_disk() {
    let editor = Editor::new(&[("app.py", RACE)]);
    editor.start(&Value::Null);
    let (path, config) = (editor.path("app.py"), editor.path("ftlint.toml"));
    editor.becomes(&path, &["FTL102"]);
    std::fs::write(&config, "ignore = [\"FTL102\"]\n").unwrap();
    editor.put(Event::ChangedOnDisk(vec![config]));
    editor.becomes(&path, &[]);
}

#[test]
fn a_file_that_is_newer_than_the_search_is_found_when_it_is_opened() {
    let editor = Editor::new(&[("other.py", "x = 1\n")]);
    editor.start(&Value::Null);
    let start = Instant::now();
    while editor.ask(|it| it.indexing || it.roots.is_empty()).unwrap() {
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    let path = editor.path("app.py");
    std::fs::write(&path, RACE).unwrap();
    editor.open("app.py", RACE);
    editor.becomes(&path, &["FTL102"]);
}
