//! What a project adds to the tables of knowledge changes what is found in it.

use std::sync::Arc;

use ftlint_analyzer::check_project;
use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::rules::RULES;
use ftlint_analyzer::settings::{Settings, Source};

/// The findings in module `app`, as line and code, with and without these settings.
fn found(text: &str, settings: &str) -> (Vec<String>, Vec<String>) {
    let settings = Settings::parse(settings, Source::FtlintToml, "/p", RULES)
        .expect("valid settings")
        .expect("some settings");
    let run = |knowledge| {
        let db = Database::new();
        let file = SourceFile::new(&db, "/p/app.py".into(), "/p".into(), "app".into(), text.into());
        let project = Project::new(&db, [file].into(), Arc::default(), knowledge);
        let all = check_project(&db, project, &|_| true).into_iter();
        let kept = all.filter(|it| settings.keeps(it));
        kept.map(|it| format!("{} {}", it.location.start.line, it.rule.code)).collect()
    };
    (run(None), run(settings.knowledge.clone()))
}

#[test]
fn a_starter_of_the_project() {
    let text = "\
def spawn(call):
    QUEUE.put(call)

def main():
    global n
    for _ in range(3):
        spawn(work)

def work():
    global n
    n += 1

if __name__ == '__main__':
    main()
";
    let it =
        found(text, "[[knowledge.callable]]\nname = 'app.spawn'\nargument = 0\nkind = 'pool'\n");
    assert_eq!(it, (vec![], vec!["11 FTL102".to_owned()]));
}

#[test]
fn a_decorator_that_makes_processes() {
    let text = "\
from mylib import job

n = 0

@job
def work():
    global n
    n += 1
";
    let it = found(text, "[[knowledge.decorator]]\nname = 'mylib.job'\nkind = 'iso'\n");
    assert_eq!(it, (vec!["8 FTL102".to_owned()], vec![]));
}

#[test]
fn tasks_of_a_worker_with_threads() {
    let text = "\
from celery import shared_task

n = 0

@shared_task
def work():
    global n
    n += 1
";
    let it = found(text, "[[knowledge.decorator]]\nname = 'celery.shared_task'\nkind = 'tn'\n");
    assert_eq!(it, (vec![], vec!["8 FTL102".to_owned()]));
}

#[test]
fn a_base_class_of_the_project() {
    let text = "\
import threading

class Handler:
    pass

class Page(Handler):
    def __init__(self):
        self.lock = threading.Lock()
        self.parts = 0

    def handle(self):
        self.parts += 1

    def count(self):
        with self.lock:
            return self.parts
";
    let it = found(
        text,
        "[[knowledge.base]]\nname = 'app.Handler'\nmethods = ['handle']\nkind = 'served'\nshared = 'never'\n",
    );
    assert_eq!(it, (vec!["12 FTL101".to_owned()], vec![]));
}

#[test]
fn locks_lock_decorators_and_safe_types() {
    let text = "\
from mylib import SpinLock, exclusive, Atomic

n = 0
m = 0
spin = SpinLock()
counter = Atomic()

def work():
    global n
    with spin:
        n += 1

@exclusive
def more():
    global m
    m += 1

def count():
    global counter
    counter += 1
";
    let rows = "[[knowledge.lock]]\nname = 'mylib.SpinLock'\nexcludes = 'threads'\n\
                [[knowledge.lock-decorator]]\nname = 'mylib.exclusive'\n\
                [[knowledge.safe]]\nname = 'mylib.Atomic'\n";
    let it = found(text, rows);
    let all = ["11 FTL102", "16 FTL102", "20 FTL102"].map(str::to_owned).to_vec();
    assert_eq!(it, (all, vec![]));
}
