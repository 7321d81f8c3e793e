//! Imports that bring the GIL back, shown with an extension module that is compiled here.

use std::path::Path;
use std::process::Command;

use ftlint_analyzer::diagnostic::{Diagnostic, Location, Position};
use ftlint_analyzer::evidence::{Evidence, GilRequest};
use ftlint_analyzer::rule::{Confidence, GilClass, Rule, Severity, Strategy};
use ftlint_runtime::interpreter::Interpreter;
use ftlint_runtime::verdict::{Status, Verdict};
use ftlint_runtime::{Options, replay};

use crate::support::{free_threaded, rule, with_gil};

static FLIP: Rule = rule(Strategy::GilFlip);

/// A module in the old style: it says nothing about the GIL, so the interpreter switches it on.
const OLD_MODULE: &str = "
#include <Python.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, \"old_style\", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_old_style(void) { return PyModule_Create(&definition); }
";

fn import(interpreter: &Interpreter, root: &Path, module: &str) -> Verdict {
    let at = Position { line: 1, column: 1, byte: 0 };
    let location = Location {
        file: "case.py".into(),
        start: at,
        end: at,
        root: root.to_string_lossy().into(),
        module: "case".into(),
        function: "<module>".into(),
        function_line: 1,
    };
    let request = GilRequest {
        import: location.clone(),
        module: module.to_owned(),
        distribution: String::new(),
        version: String::new(),
        source: String::new(),
        chain: Vec::new(),
        others: Vec::new(),
    };
    let diagnostic = Diagnostic {
        rule: &FLIP,
        severity: Severity::Warning,
        confidence: Confidence::High,
        gil: GilClass::New,
        message: String::new(),
        location,
        related: Vec::new(),
        evidence: Evidence::GilRequest(request),
        fingerprint: String::new(),
    };
    replay(interpreter, &diagnostic, &Options::default()).unwrap()
}

/// Compiles the module; false where there is no compiler or no header.
fn compile(interpreter: &Interpreter, root: &Path) -> bool {
    let ask = "import sysconfig; print(sysconfig.get_path('include')); print(sysconfig.get_config_var('EXT_SUFFIX'))";
    let told = Command::new(&interpreter.executable).args(["-c", ask]).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut lines = told.lines();
    let (include, suffix) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    std::fs::write(root.join("old_style.c"), OLD_MODULE).unwrap();
    Command::new("cc")
        .args([
            "-shared",
            "-fPIC",
            "-I",
            include,
            "old_style.c",
            "-o",
            &format!("old_style{suffix}"),
        ])
        .current_dir(root)
        .status()
        .is_ok_and(|it| it.success())
}

#[test]
fn a_module_that_brings_the_gil_back() {
    let Some(interpreter) = free_threaded() else { return };
    let root = tempfile::tempdir().unwrap();
    if !compile(&interpreter, root.path()) {
        println!("no C compiler: nothing was tested");
        return;
    }
    let verdict = import(&interpreter, root.path(), "old_style");
    assert_eq!(verdict.status, Status::Confirmed, "{verdict:#?}");
    assert!(verdict.reason.as_deref().unwrap().contains("GIL"), "{verdict:#?}");
}

#[test]
fn all_that_bring_it_back_are_named() {
    let Some(interpreter) = free_threaded() else { return };
    let root = tempfile::tempdir().unwrap();
    if !compile(&interpreter, root.path()) {
        println!("no C compiler: nothing was tested");
        return;
    }
    // A second one whose package loads the first: loaded by itself it does so as well.
    let mut files = std::fs::read_dir(root.path()).unwrap().flatten().map(|it| it.path());
    let built = files.find(|it| it.extension().is_some_and(|it| it == "so")).unwrap();
    let package = root.path().join("several");
    std::fs::create_dir(&package).unwrap();
    std::fs::copy(&built, package.join(built.file_name().unwrap())).unwrap();
    std::fs::write(
        package.join("__init__.py"),
        "import old_style\nimport several.old_style\nimport array\n",
    )
    .unwrap();
    let verdict = import(&interpreter, root.path(), "several");
    assert_eq!(verdict.status, Status::Confirmed, "{verdict:#?}");
    let reason = verdict.reason.as_deref().unwrap();
    assert!(reason.contains("by itself: `old_style`, `several.old_style`"), "{verdict:#?}");
    assert!(!reason.contains("array"), "{verdict:#?}");
}

#[test]
fn a_module_that_does_not() {
    let Some(interpreter) = free_threaded() else { return };
    let root = tempfile::tempdir().unwrap();
    let verdict = import(&interpreter, root.path(), "array");
    assert_eq!(verdict.status, Status::NotReproduced, "{verdict:#?}");
    let verdict = import(&interpreter, root.path(), "no_such_module_anywhere");
    assert_eq!(verdict.status, Status::NotReplayable, "{verdict:#?}");
}

#[test]
fn an_interpreter_that_has_the_gil_anyway() {
    let Some(interpreter) = with_gil() else { return };
    let root = tempfile::tempdir().unwrap();
    let verdict = import(&interpreter, root.path(), "array");
    assert_eq!(verdict.status, Status::NotReplayable, "{verdict:#?}");
    assert!(
        verdict.reason.as_deref().unwrap().contains("with the GIL from the start"),
        "{verdict:#?}"
    );
}
