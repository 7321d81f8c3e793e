//! What is known of one name: who touches it, from where, under which locks.

use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::diagnostic::SharedName;
use ftlint_analyzer::shared_name;

const STATS: &str = "import threading\n\n\nclass Stats:\n    def __init__(self):\n        self._lock = threading.Lock()\n        self.seen = 0\n        self.name = 'x'\n\n    def add(self):\n        with self._lock:\n            self.seen += 1\n\n    def show(self):\n        with self._lock:\n            return self.name, self.seen\n";
const APP: &str = "import threading\n\nfrom stats import Stats\n\nSTATS = Stats()\n\n\ndef work():\n    STATS.add()\n\n\nfor _ in range(2):\n    threading.Thread(target=work).start()\nprint(STATS.show())\n";

/// Asks at the first `name` in a line of `stats.py`, so many bytes behind its beginning.
fn ask(line: u32, name: &str, behind: usize) -> Option<SharedName> {
    let db = Database::new();
    let file = |path: &str, text: &str| {
        let module = path.trim_end_matches(".py");
        SourceFile::new(&db, path.into(), ".".into(), module.into(), text.to_owned().into())
    };
    let (app, stats) = (file("app.py", APP), file("stats.py", STATS));
    let project = Project::new(&db, [app, stats].into(), std::sync::Arc::default(), None);
    let text = STATS.lines().nth((line as usize).wrapping_sub(1)).unwrap_or_default();
    let at = u32::try_from(text.find(name).unwrap_or_default() + behind);
    shared_name(&db, project, stats, (line, at.expect("the line is short")))
}

#[test]
fn accesses_have_threads_and_locks() {
    let it = ask(12, "seen", 2).expect("it is shared");
    assert_eq!((it.text.as_str(), it.more), ("self.seen", 0));
    assert_eq!((it.start.line, it.start.byte, it.end.byte), (12, 17, 21));
    let told: Vec<String> = it
        .touches
        .iter()
        .map(|it| {
            let access = &it.access;
            format!(
                "{} {:?} {:?} {:?}",
                access.site.function,
                access.kind,
                access.locks,
                it.by.first()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "Stats.__init__ Store [] None",
            "Stats.add Read [\"self._lock\"] Some(\"threads in `work`\")",
            "Stats.add Store [\"self._lock\"] Some(\"threads in `work`\")",
            "Stats.show Read [\"self._lock\"] Some(\"the main thread\")",
        ]
    );
}

#[test]
fn what_nobody_changes_is_not_told() {
    assert_eq!(ask(16, "name", 1), None);
    assert_eq!(ask(15, "_lock", 1), None);
}

#[test]
fn only_the_name_itself_is_asked_for() {
    assert!(ask(12, "seen", 4).is_some());
    assert_eq!(ask(12, "self", 1), None);
    assert_eq!(ask(12, "+=", 1), None);
    // Positions that the text does not have.
    assert_eq!(ask(12, "seen", 10_000), None);
    assert_eq!(ask(1_000, "seen", 0), None);
    assert_eq!(ask(0, "seen", 0), None);
}
