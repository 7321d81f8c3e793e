//! Each way to make a module, and what is read from it.

use crate::support::{DECLARES, answer, compile};

fn check(source: &str, expected: &str) {
    if let Some(bytes) = compile(source) {
        let told = answer(&bytes);
        assert!(told.starts_with(expected), "expected {expected:?}, told {told:?}: {source}");
    }
}

#[test]
fn slots_with_and_without_the_gil() {
    check(DECLARES, "declares: ");
    check(&DECLARES.replace("{4, (void *)1}, ", ""), "does not declare: ");
    check(&DECLARES.replace("(void *)1", "(void *)0"), "does not declare: ");
    check(&DECLARES.replace("{2, run}, ", "{3, (void *)2}, "), "declares: ");
}

#[test]
fn the_definition_of_this_module_and_no_other() {
    let two = "
static Slot mine[] = {{2, run}, {0, NULL}};
static Slot theirs[] = {{4, (void *)1}, {0, NULL}};
static Def def = {HEAD, \"pkg.case\", NULL, 0, NULL, mine};
static Def other = {HEAD, \"pkg.other\", NULL, 0, NULL, theirs};
void *PyInit_case(void) { return PyModuleDef_Init(&def); }
void *PyInit_other(void) { return PyModuleDef_Init(&other); }
";
    check(two, "does not declare: ");
    // Only one is there: its name does not matter.
    check(&DECLARES.replace("pkg.case", "anything"), "declares: ");
    // Two, and neither has the name.
    check(&two.replace("pkg.case", "anything"), "cannot tell: ");
}

#[test]
fn slots_that_code_may_change_are_not_believed() {
    let late = "
static Slot slots[4];
static Def def = {HEAD, \"case\", NULL, 0, NULL, slots};
void *PyInit_case(void) { slots[0].slot = 4; slots[0].value = (void *)1; return PyModuleDef_Init(&def); }
";
    check(late, "cannot tell: its slots are filled in");
    let changed = "
int threads(void);
static Slot slots[] = {{2, run}, {4, (void *)0}, {0, NULL}};
static Def def = {HEAD, \"case\", NULL, 0, NULL, slots};
void *PyInit_case(void) { if (threads()) slots[1].value = (void *)1; return PyModuleDef_Init(&def); }
";
    check(changed, "cannot tell: code of the module names its array");
    let swapped = "
int threads(void);
static Slot slots[] = {{4, (void *)1}, {0, NULL}};
static Slot others[] = {{2, run}, {0, NULL}};
static Def def = {HEAD, \"case\", NULL, 0, NULL, slots};
void *PyInit_case(void) { if (threads()) def.slots = others; return PyModuleDef_Init(&def); }
";
    check(swapped, "cannot tell: ");
}

#[test]
fn one_phase() {
    let plain = "
static Def def = {HEAD, \"case\", NULL, -1, NULL, NULL};
void *PyInit_case(void) { return PyModule_Create2(&def, 1013); }
";
    check(plain, "does not declare: made in one phase");
    let told = "
static Def def = {HEAD, \"case\", NULL, -1, NULL, NULL};
void *PyInit_case(void) {
    void *res = PyModule_Create2(&def, 1013);
    if (res) PyUnstable_Module_SetGIL(res, (void *)1);
    return res;
}
";
    if cfg!(target_arch = "x86_64") {
        check(told, "declares: made in one phase");
        check(&told.replace("(void *)1", "(void *)0"), "does not declare: made in one phase");
    }
    let computed = told.replace("(void *)1", "(void *)(intptr_t)(threads() == 3)");
    let computed = format!("int threads(void);\n{computed}");
    check(&computed, "cannot tell: ");
}

#[test]
fn a_call_while_the_module_runs_has_no_effect() {
    let late = "
static int late(void *module) { return PyUnstable_Module_SetGIL(module, (void *)1); }
static Slot slots[] = {{2, late}, {0, NULL}};
static Def def = {HEAD, \"case\", NULL, 0, NULL, slots};
void *PyInit_case(void) { return PyModuleDef_Init(&def); }
";
    check(late, "does not declare: ");
}

#[test]
fn what_is_no_module() {
    check("int nothing(void) { return 0; }", "cannot tell: the file does not export `PyInit_case`");
    check(&DECLARES.replace("PyInit_case", "PyModExport_case"), "cannot tell: ");
    for bytes in [&b""[..], b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"#!/bin/sh\n"] {
        assert!(answer(bytes).starts_with("broken: "), "{bytes:?}: {}", answer(bytes));
    }
}
