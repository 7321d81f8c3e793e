//! A session without a connection: events go in, and what a request would see comes out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use ftlint_analyzer::extensions::{Imported, Suspect};
use ftlint_runtime::verdict::{Status, Verdict};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower_lsp::lsp_types::{
    CodeActionOrCommand, CodeActionParams, HoverContents, Position, TextDocumentContentChangeEvent,
    Url,
};

use super::Session;
use crate::actions::{actions, resolve};
use crate::client::Outbox;
use crate::convert::replayable;
use crate::event::Event;
use crate::hover::hover;
use crate::notebooks::NotebookEvent;
use crate::replays::{self, Proof, Verdicts};
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
    editor.put(Event::ChangedOnDisk(vec![changed]));
    editor.becomes(&editor.path("app.py"), &[]);
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

/// A notebook of two code cells with a race in the second.
fn notebook(editor: &Editor, name: &str) -> Url {
    let uri = Url::from_file_path(editor.path(name)).unwrap();
    let opened = json!({
        "notebookDocument": {"uri": uri, "version": 1, "notebookType": "jupyter-notebook", "cells": [
            {"kind": 2, "document": "nb:a"}, {"kind": 2, "document": "nb:b"}]},
        "cellTextDocuments": [
            {"uri": "nb:a", "languageId": "python", "version": 1, "text": "import threading\n\nhits = 0\n"},
            {"uri": "nb:b", "languageId": "python", "version": 1, "text": RACE.split_once("0\n").unwrap().1}]
    });
    let opened = serde_json::from_value(opened).unwrap();
    editor.put(Event::Notebook(NotebookEvent::Opened(opened)));
    uri
}

fn closed(uri: &Url) -> Event {
    let closed = json!({"notebookDocument": {"uri": uri}, "cellTextDocuments": []});
    Event::Notebook(NotebookEvent::Closed(serde_json::from_value(closed).unwrap()))
}

#[test]
fn a_notebook_in_a_folder_is_a_module() {
    // One that was never saved, and one whose text on disk is no Python.
    let editor = Editor::new(&[("app.py", RACE), ("saved.ipynb", "{\"cells\": []}")]);
    editor.start(&Value::Null);
    editor.becomes(&editor.path("app.py"), &["FTL102"]);
    for name in ["new.ipynb", "saved.ipynb"] {
        let uri = notebook(&editor, name);
        let path = editor.path(name);
        editor.becomes(&path, &["FTL102"]);
        let name = path.to_string_lossy().into_owned();
        let replay = editor.ask(move |it| {
            let found = it.check(&name);
            (
                replayable(it, &found[0]),
                replays::task(it, Some(&name), &found[0].fingerprint).is_ok(),
            )
        });
        assert_eq!(replay.unwrap(), (false, false));
        editor.put(closed(&uri));
        editor.becomes(&path, &[]);
    }
}

#[test]
fn a_notebook_that_is_open_before_the_folder_is_known() {
    let editor = Editor::new(&[("saved.ipynb", "{}")]);
    notebook(&editor, "saved.ipynb");
    editor.start(&Value::Null);
    editor.becomes(&editor.path("saved.ipynb"), &["FTL102"]);
}

/// A counter that is guarded everywhere.
const GUARDED: &str = "import threading\n\nlock = threading.Lock()\nhits = 0\n\n\ndef work():\n    global hits\n    with lock:\n        hits += 1\n\n\nfor _ in range(2):\n    threading.Thread(target=work).start()\n";

#[test]
fn a_shared_name_without_a_finding_is_explained() {
    let editor = Editor::new(&[("app.py", GUARDED)]);
    editor.start(&Value::Null);
    editor.open("app.py", GUARDED);
    let uri = Url::from_file_path(editor.path("app.py")).unwrap();
    let at = |line, character| {
        let uri = uri.clone();
        let hover = move |it: &Snapshot| hover(it, &uri, Position::new(line, character));
        let it = editor.ask(hover).unwrap()?;
        let HoverContents::Markup(text) = it.contents else { panic!("no Markdown") };
        Some((text.value, it.range.unwrap()))
    };
    let (text, range) = at(9, 9).unwrap();
    assert_eq!((range.start, range.end), (Position::new(9, 8), Position::new(9, 12)));
    assert!(text.starts_with("`hits` is shared between threads\n"), "{text}");
    assert!(text.contains("`work` writes it, under `lock`: [app.py:10]"), "{text}");
    assert!(text.contains(", run by threads in `work`"), "{text}");
    assert_eq!(at(9, 14), None);
    assert_eq!(at(8, 10), None);
}

#[test]
fn edits_are_made_when_the_client_asks_for_them() {
    let editor = Editor::new(&[("app.py", RACE)]);
    editor.start(&Value::Null);
    editor.open("app.py", RACE);
    editor.becomes(&editor.path("app.py"), &["FTL102"]);
    let uri = Url::from_file_path(editor.path("app.py")).unwrap();
    let all = json!({
        "textDocument": {"uri": uri},
        "range": {"start": {"line": 7, "character": 5}, "end": {"line": 7, "character": 5}},
        "context": {"diagnostics": []},
    });
    let params: CodeActionParams = serde_json::from_value(all).unwrap();
    let found = editor.ask(move |it| {
        // The same client, once with and once without the capability.
        let mut later = it.clone();
        let client = Client { resolves: true, ..(*it.client).clone() };
        later.client = Arc::new(client);
        let lock = |it: &Snapshot| {
            let all = actions(it, &params).into_iter();
            let all = all.filter_map(|it| match it {
                CodeActionOrCommand::CodeAction(it) => Some(it),
                CodeActionOrCommand::Command(_) => None,
            });
            all.into_iter().find(|it| it.title == "Make a new lock `_lock` (unsafe)").unwrap()
        };
        let (now, bare) = (lock(it), lock(&later));
        (now, bare.clone(), resolve(&later, &bare))
    });
    let (now, bare, resolved) = found.unwrap();
    assert!(now.edit.is_some() && now.data.is_none());
    assert!(bare.edit.is_none() && bare.data.is_some());
    assert_eq!(resolved.unwrap().edit, now.edit);
    // The finding that it mends is gone meanwhile.
    let mended = RACE.replace("    hits += 1", "    pass");
    let change = TextDocumentContentChangeEvent { range: None, range_length: None, text: mended };
    editor.put(Event::Edited(uri, 2, vec![change]));
    assert_eq!(editor.ask(move |it| resolve(it, &bare)).unwrap(), None);
}

#[test]
fn an_extension_of_the_environment_is_found_when_it_is_imported() {
    let editor = Editor::new(&[("app.py", "import _slow\n")]);
    let path = editor.path("app.py");
    editor.start(&Value::Null);
    editor.open("app.py", "import _slow\n");
    editor.becomes(&path, &[]);
    let suspect = Suspect {
        module: "_slow".to_owned(),
        file: "_slow.so".to_owned(),
        distribution: "slow".to_owned(),
        version: "1.0".to_owned(),
        reason: "it has no Py_mod_gil slot".to_owned(),
        chain: vec!["_slow".to_owned()],
        conditional: false,
    };
    let imported = Imported { suspects: vec![suspect], decided: true };
    let found = BTreeMap::from([("_slow".to_owned(), imported)]);
    let root = editor.folder.path().to_owned();
    editor.put(Event::Extended(root.clone(), Some(found)));
    editor.becomes(&path, &["FTL301"]);
    // The environment has another version meanwhile.
    editor.put(Event::Extended(root, Some(BTreeMap::new())));
    editor.becomes(&path, &[]);
}

#[test]
fn a_verdict_of_an_earlier_run_does_not_replace_one_of_this_session() {
    let mut all = Verdicts::default();
    let proof = Proof { fingerprint: "1".to_owned(), code: String::new() };
    let verdict = |cached| Verdict {
        status: Status::NotReproduced,
        evidence: None,
        strategy: None,
        runtime: None,
        schedule: None,
        witness: Vec::new(),
        violation: None,
        contention: None,
        reason: None,
        elapsed_ms: 0,
        cached,
    };
    assert!(all.put_older(proof.clone(), verdict(true)));
    all.put(proof.clone(), verdict(false));
    assert!(!all.put_older(proof, verdict(true)));
    assert!(!all.last("1").unwrap().cached);
}
