//! Modules in C. The structures are written down here as a free-threaded build lays them out, so that no interpreter's
//! headers are needed.

use std::path::Path;
use std::process::Command;

use ftlint_dependencies::binary::{self, Tag};

const HEAD: &str = "
#include <stddef.h>
#include <stdint.h>
typedef struct { uintptr_t tid; uint16_t flags; uint8_t mutex, gc; uint32_t local; intptr_t shared; void *type; } Object;
typedef struct { int slot; void *value; } Slot;
typedef struct {
    Object base; void *init; intptr_t index; void *copy;
    const char *name, *doc; intptr_t size; void *methods; Slot *slots; void *traverse, *clear, *free;
} Def;
#define HEAD { 0, 4, 0, 0, 0xffffffffu, 0, NULL }, NULL, 0, NULL
void *PyModuleDef_Init(Def *);
void *PyModule_Create2(Def *, int);
int PyUnstable_Module_SetGIL(void *, void *);
static int run(void *module) { return module == NULL; }
";

/// The bytes of a module, or nothing where there is no compiler.
pub(crate) fn compile(source: &str) -> Option<Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("case.c"), format!("{HEAD}{source}")).unwrap();
    let built = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-w", "case.c", "-o", "case.so"])
        .current_dir(directory.path())
        .status();
    let Ok(status) = built else {
        assert!(std::env::var_os("CI").is_none(), "no C compiler: nothing was tested");
        return None;
    };
    assert!(status.success(), "the case does not compile: {source}");
    Some(std::fs::read(directory.path().join("case.so")).unwrap())
}

/// The answer on a module that is called `case`.
pub(crate) fn answer(bytes: &[u8]) -> String {
    binary::declaration(bytes, "case", Tag::FreeThreaded)
        .map_or_else(|error| format!("broken: {error}"), |it| it.to_string())
}

/// Everything below a directory, to see that nothing was written.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut res: Vec<_> =
        entries.map(|it| it.unwrap().file_name().to_string_lossy().into_owned()).collect();
    res.sort();
    res
}

/// A module with a slot that declares it.
pub(crate) const DECLARES: &str = "
static Slot slots[] = {{2, run}, {4, (void *)1}, {0, NULL}};
static Def def = {HEAD, \"pkg.case\", NULL, 0, NULL, slots};
void *PyInit_case(void) { return PyModuleDef_Init(&def); }
";
