//! Extensions of an environment: what the command prints, FTL301 with its chain, and the verdict of an import.

use std::process::Command;

use crate::replay::can_replay;
use crate::support::Sandbox;

/// A module that says nothing about the GIL, and one that does.
const SOURCE: &str = "
#include <Python.h>
static PyModuleDef_Slot slots[] = {SLOTS {0, NULL}};
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"NAME\", NULL, 0, NULL, slots};
PyMODINIT_FUNC PyInit_NAME(void) { return PyModuleDef_Init(&def); }
";

const CODE: &str =
    "static int run(PyObject *module) { return PyModule_AddIntConstant(module, \"x\", 1); }";

/// An environment of the free-threaded interpreter with two packages over an extension. `None` where there is no
/// interpreter or no compiler.
fn environment(it: &Sandbox) -> Option<()> {
    if !can_replay(it) {
        return None;
    }
    let list = it.run(&["runtime", "list"]);
    let line = list.lines().find(|it| it.contains("free-threading"))?;
    let python = line.split_whitespace().find(|it| it.starts_with('/'))?;
    let venv = Command::new(python)
        .args(["-m", "venv", "--without-pip", "env"])
        .current_dir(&it.root)
        .status();
    assert!(venv.is_ok_and(|it| it.success()), "{python} makes no environment");
    let ask = "import sysconfig as s; print(s.get_path('include')); print(s.get_config_var('EXT_SUFFIX')); \
               print(s.get_path('purelib'))";
    let told = Command::new(it.root.join("env/bin/python")).args(["-c", ask]).output().ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let [include, suffix, site] = told.lines().collect::<Vec<_>>()[..] else { return None };
    let site = std::path::Path::new(site);
    for (path, text) in [
        ("upper/__init__.py", "from lower import names\n"),
        ("lower/__init__.py", ""),
        (
            "lower/names.py",
            "try:\n    from . import _slow\nexcept ImportError:\n    _slow = None\n",
        ),
        ("calm/__init__.py", "from calm._fast import x\n"),
        ("lazy/__init__.py", "def f():\n    from lower import _slow\n"),
        ("lower-1.5.dist-info/RECORD", &format!("lower/_slow{suffix},,\nlower/names.py,,\n")),
        ("calm-1.0.dist-info/RECORD", ""),
    ] {
        let path = site.join(path);
        std::fs::create_dir_all(path.parent()?).ok()?;
        std::fs::write(path, text).ok()?;
    }
    for (package, name, slots) in [
        ("lower", "_slow", "{Py_mod_exec, run},"),
        ("calm", "_fast", "{Py_mod_exec, run}, {Py_mod_gil, Py_MOD_GIL_NOT_USED},"),
    ] {
        let text = SOURCE.replace("SLOTS", slots).replace("NAME", name);
        let text = text.replacen("#include <Python.h>", &format!("#include <Python.h>\n{CODE}"), 1);
        it.write("case.c", text.as_bytes());
        let out = site.join(package).join(format!("{name}{suffix}"));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-I", include, "case.c", "-o"])
            .arg(out)
            .current_dir(&it.root)
            .status();
        if built.is_err() {
            assert!(std::env::var_os("CI").is_none(), "no C compiler: nothing was tested");
            return None;
        }
        assert!(built.is_ok_and(|it| it.success()), "{name} does not compile");
    }
    Some(())
}

#[test]
fn an_extension_behind_two_packages_is_found_and_confirmed() {
    let app = "import os\nimport calm\nimport lazy\nimport upper\n";
    let it = Sandbox::new(&[("app.py", app.as_bytes())]);
    if environment(&it).is_none() {
        return;
    }
    let told = it.run(&["--python=env/bin/python", "--output-format=concise", "app.py"]);
    let expected = "app.py:4:1: FTL301 ";
    assert!(told.contains(expected), "{told}");
    assert!(told.contains("`upper -> lower.names -> lower._slow` (lower 1.5)"), "{told}");
    assert_eq!(told.matches("FTL301").count(), 1, "{told}");
    let told = it.run(&["--python=env/bin/python", "--replay", "--output-format=full", "app.py"]);
    assert!(told.contains("confirmed on CPython 3."), "{told}");
    assert!(told.contains("`import lower._slow` and on after it"), "{told}");

    // What the files say is what importing them does.
    let told = it.run(&["extensions", "--python=env/bin/python", "--output-format=json"]);
    let rows = told.matches("\"declaration\": \"").count();
    assert_eq!(rows, 2, "{told}");
    assert!(told.contains("\"declaration\": \"does not declare\""), "{told}");
    for (module, flips) in [("lower._slow", "True"), ("calm._fast", "False")] {
        let ask = format!("import sys, {module}; print(sys._is_gil_enabled())");
        let told = Command::new(it.root.join("env/bin/python"))
            .args(["-W", "ignore", "-c", &ask])
            .output();
        let told = told.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
        assert_eq!(told.ok().as_deref(), Some(flips), "{module}");
    }
}

#[test]
fn broken_files_are_named_and_the_others_are_read() {
    let it = Sandbox::new(&[
        ("in/cut.cpython-314t-x86_64-linux-gnu.so", b"\x7fELF\x02\x01\x01"),
        ("in/a-1-cp314-cp314t-linux_x86_64.whl", b"PK\x03\x04"),
        ("in/text.py", b"x = 1\n"),
    ]);
    let told = it.run(&["extensions", "in"]);
    assert!(told.starts_with("exit 2\n"), "{told}");
    assert!(told.contains("error: in/cut.cpython-314t-x86_64-linux-gnu.so: "), "{told}");
    assert!(told.contains("error: in/a-1-cp314-cp314t-linux_x86_64.whl: not a wheel: "), "{told}");
    assert_eq!(told.matches("error: ").count(), 2, "{told}");
    let told = it.run(&["extensions", "nowhere.so"]);
    assert!(told.starts_with("exit 2\n") && told.contains("error: nowhere.so: "), "{told}");
    let told = it.run(&["extensions"]);
    assert!(told.contains("there is no environment here"), "{told}");
}
