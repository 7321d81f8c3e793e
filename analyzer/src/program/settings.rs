//! What configuration sets for interpreters and wheels, in documents and in the scripts that are configuration themselves;
//! and what comments say of the GIL.

use super::slice::{GlobalSite, JudgedWindow};
use super::world::World;
use crate::db::{Db, Project, SourceFile};
use crate::domain::{Setting, SettingKind};
use crate::evidence::{Claim, Evidence};
use crate::knowledge::Topic;
use crate::rule::{Confidence, GilClass, Severity};

/// The findings with their files.
pub(crate) fn find(
    db: &dyn Db,
    project: Project,
    world: &World,
) -> Vec<(SourceFile, Topic, JudgedWindow)> {
    let modules = project.files(db).iter().zip(&world.modules).map(|(file, it)| (*file, &it.facts));
    let documents = project.documents(db).iter().map(|it| (*it, crate::index::facts(db, *it)));
    let mut out = Vec::new();
    for (file, facts) in modules.chain(documents) {
        for it in &facts.settings {
            let site = GlobalSite { file, site: it.site, func: 0 };
            let (topic, confidence, claim) = judge(it, site);
            out.push((
                file,
                topic,
                JudgedWindow {
                    evidence: Evidence::Claim(claim),
                    confidence,
                    gil: GilClass::New,
                    label: it.text.clone(),
                },
            ));
        }
    }
    out
}

fn judge(it: &Setting, site: GlobalSite) -> (Topic, Confidence, Claim<GlobalSite>) {
    let (topic, confidence, severity) = match it.kind {
        SettingKind::GilOff { runs } => {
            (Topic::Forced, Confidence::High, runs.then_some(Severity::Error))
        }
        // Whoever tests with the GIL as well may mean it.
        SettingKind::GilOn { runs: false } => (Topic::Forced, Confidence::Low, None),
        SettingKind::GilOn { runs: true } => (Topic::Forced, Confidence::High, None),
        SettingKind::OldRelease => (Topic::OldRelease, Confidence::High, None),
        SettingKind::SkipsWheels | SettingKind::ObsoleteWheels => {
            (Topic::Wheels, Confidence::High, None)
        }
        SettingKind::Reliance => (Topic::Reliance, Confidence::Medium, None),
        SettingKind::Workaround => (Topic::Workaround, Confidence::Medium, None),
    };
    let (problem, instead, source) = words(it);
    let (instead, source) = (instead.to_owned(), source.to_owned());
    let claim = Claim { site, name: it.text.clone(), problem, instead, source, severity };
    (topic, confidence, claim)
}

/// What is wrong, what there is instead, and how that is known.
fn words(it: &Setting) -> (String, &'static str, &'static str) {
    let name = &it.text;
    match it.kind {
        SettingKind::GilOff { .. } => (
            format!(
                "`{name}` keeps the GIL off whatever is imported: an extension that needs it may corrupt memory"
            ),
            "no such setting: the GIL is off until an extension asks for it",
            "a module that does not declare Py_mod_gil is not checked then (Python/import.c); an interpreter with the GIL does not start with it",
        ),
        SettingKind::GilOn { .. } => (
            format!(
                "`{name}` switches the GIL on from the start: threads take turns on every build"
            ),
            "no such setting, or an interpreter with the GIL",
            "sys._is_gil_enabled() is True on 3.14.5t that is started with it",
        ),
        SettingKind::OldRelease => (
            format!(
                "`{name}` is a release that manylinux, cibuildwheel 4 and PyO3 0.29 no longer build for"
            ),
            "3.14t or later",
            "release notes of cibuildwheel 4 and PyO3 0.29; cffi never had wheels for it",
        ),
        SettingKind::SkipsWheels => (
            format!("no wheels are built for free-threaded interpreters: `{name}`"),
            "a selection with `cp314t-*`, when the extension declares that it runs without the GIL",
            "documentation of cibuildwheel: `build` and `skip`",
        ),
        SettingKind::ObsoleteWheels => (
            format!(
                "`{name}` is unknown to cibuildwheel 4, which builds free-threaded wheels unasked"
            ),
            "`build` and `skip` alone",
            "documentation of cibuildwheel: `enable`",
        ),
        SettingKind::Reliance => (
            "this says that the GIL protects the code: without it nothing does".to_owned(),
            "a lock, or an operation that is one step without the GIL as well",
            "Doc/howto/free-threading-python.rst: the lock that is gone is the GIL",
        ),
        SettingKind::Workaround => (
            "processes because of the GIL: threads may do on the free-threaded build".to_owned(),
            "a measurement with threads",
            "Doc/howto/free-threading-python.rst: threads run in parallel there",
        ),
    }
}
