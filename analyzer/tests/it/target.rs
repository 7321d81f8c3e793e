//! `target-version` decides which facts about the interpreter hold.

use std::sync::Arc;

use ftlint_analyzer::check_project;
use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::settings::TargetVersion;

const CODE: &str = "
import heapq
import itertools
import threading

hosts = itertools.cycle(['a', 'b'])
heap = []

def work():
    heapq.heappush(heap, 1)
    return next(hosts)

for _ in range(2):
    threading.Thread(target=work).start()
";

fn codes(target: Option<TargetVersion>) -> Vec<&'static str> {
    let mut db = Database::new();
    let file = SourceFile::new(&db, "m.py".into(), ".".into(), "m".into(), CODE.into());
    let project = Project::new(&db, [file].into(), Arc::default(), None);
    db.set_target(project, target);
    check_project(&db, project, &|_| true).iter().map(|it| it.rule.code).collect()
}

#[test]
fn facts_follow_the_target() {
    assert_eq!(codes(None), ["FTL604"]);
    assert_eq!(codes(Some(TargetVersion::Py313t)), ["FTL609", "FTL604"]);
    assert_eq!(codes(Some(TargetVersion::Py314t)), ["FTL604"]);
    assert_eq!(codes(Some(TargetVersion::Py315t)), [""; 0]);
}
