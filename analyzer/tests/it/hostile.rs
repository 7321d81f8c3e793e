//! Texts that nobody writes by hand: nested without end, cut anywhere, in a circle. Neither a panic nor an overflow of
//! the stack, and the findings beside them are still found.

use std::sync::Arc;

use ftlint_analyzer::check_project;
use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::testing::{fixtures_dir, load_fixtures};

/// Levels: more than fit on any stack without a bound.
const DEEP: usize = 100_000;

/// A finding that has to survive whatever follows.
const RACY: &str = "import threading\nhits = 0\ndef work():\n    global hits\n    hits += 1\n\
                    for _ in range(2): threading.Thread(target=work).start()\n";

/// The codes found in these modules, on a stack as small as that of any thread.
fn codes(modules: &[(&str, &str)]) -> Vec<&'static str> {
    let modules: Vec<_> =
        modules.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let work = move || {
        let db = Database::new();
        let file = |(name, text): &(String, String)| {
            let path = format!("{}.py", name.replace('.', "/"));
            SourceFile::new(
                &db,
                path.into(),
                ".".into(),
                name.as_str().into(),
                text.as_str().into(),
            )
        };
        let files: Vec<_> = modules.iter().map(file).collect();
        let project = Project::new(&db, files.into(), Arc::default(), None);
        check_project(&db, project, &|_| true).iter().map(|it| it.rule.code).collect()
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(work);
    thread.expect("a thread").join().expect("no panic")
}

/// The race is found in spite of what follows it.
fn survives(what: &str) {
    let found = codes(&[("m", &format!("{RACY}{what}\n"))]);
    assert!(found.contains(&"FTL102"), "{}: {found:?}", what.chars().take(40).collect::<String>());
}

/// The same around something, both closed and left open.
fn nested(before: &str, open: &str, core: &str, close: &str) {
    survives(&format!("{before}{}{core}{}", open.repeat(DEEP), close.repeat(DEEP)));
    survives(&format!("{before}{}{core}", open.repeat(DEEP)));
}

#[test]
fn brackets() {
    nested("x = ", "(", "1", ")");
    nested("x = ", "[", "1", "]");
    nested("x = ", "{1: ", "1", "}");
    nested("x = ", "f(a=", "1", ")");
    nested("x = ", "a[", "1", "]");
    nested("x = ", "[", "1", " for y in z]");
    nested("for ", "[", "a", "]");
}

#[test]
fn operators() {
    nested("x = ", "-", "1", "");
    nested("x = ", "not ", "hits", "");
    nested("x = hits", " + hits", "", "");
    nested("x = hits", ".a", "", "");
    nested("x = hits", ".a()[0]", "", "");
    nested("x = ", "1 if hits else ", "2", "");
    nested("x = ", "lambda: ", "1", "");
    nested("x = ", "lambda a=", "1", ": 1");
}

#[test]
fn targets_annotations_and_patterns() {
    nested("hits", ".a", " = 1", "");
    nested("del hits", ".a", "", "");
    nested("hits", ".a", " += 1", "");
    nested("x: ", "Optional[", "int", "]");
    nested("def f(x: int", " | None", "): pass", "");
    nested("match hits:\n case ", "[", "a", "]");
    nested("match hits:\n case ", "C(a=", "a", ")");
}

#[test]
fn strings() {
    let deep = 2000;
    survives(&format!("x = {}1{}", "f'{".repeat(deep), "}'".repeat(deep)));
    survives(&format!("x = f'{{1:{}{}}}'", "{1:".repeat(deep), "}".repeat(deep)));
}

#[test]
fn blocks() {
    for head in ["def f():", "class C:", "if hits:", "with hits:", "for x in hits:", "try:"] {
        let lines: Vec<String> = (0..1500).map(|n| format!("{}{head}\n", " ".repeat(n))).collect();
        let lines = lines.concat();
        survives(&format!("{lines}{}hits += 1", " ".repeat(1500)));
    }
    let clauses: Vec<String> = (0..2000).map(|n| format!("elif x == {n}: pass\n")).collect();
    let clauses = clauses.concat();
    survives(&format!("if x: pass\n{clauses}"));
}

/// Values made from each other in a row, which no depth of the tree bounds.
#[test]
fn chains() {
    for line in
        ["x = x.f()", "x = f(x.a)", "x = [x]", "x = [x][0]", "if x.a: return", "x.acquire()"]
    {
        survives(&format!("def g(x):\n{}    return x", format!("    {line}\n").repeat(20_000)));
    }
}

#[test]
fn circles() {
    survives("class A(A): pass\nclass B(D): pass\nclass D(B): pass\nB = D\nB().x += 1");
    survives("def f(): return g()\ndef g(): return f()\nx = f()\nx.y += 1");
    survives("a = []\na.append(a)\na.append(a[0])\na[0] = a\ndel a[0][0]");
    let cycle = [
        ("p", "from . import *\nfrom .a import *\nfrom p import p"),
        ("p.a", "from . import *\nfrom .b import *\nfrom .b import x as y\nz += 1"),
        ("p.b", "from .a import *\nfrom . import a\nfrom .a import y as x\nx.q += 1"),
        ("builtins", "from builtins import *\nint = 1"),
        ("threading", "import threading\nfrom threading import Thread\nThread(target=Thread)"),
        ("same", "x = 1"),
        ("same", "import same\nsame.x += 1"),
        ("", "from .. import x\nfrom ...... import *"),
    ];
    codes(&cycle);
}

#[test]
fn bytes() {
    for text in [
        "\0",
        "\0\0\n\0",
        "\u{feff}",
        "\u{feff}\u{feff}x",
        "\u{c}",
        "\\",
        "'''",
        "f'{",
        "\r",
        "\t \t",
    ] {
        codes(&[("m", text)]);
        survives(text);
    }
    for end in ["\r\n", "\r"] {
        assert!(codes(&[("m", &RACY.replace('\n', end))]).contains(&"FTL102"), "{end:?}");
    }
    assert!(codes(&[("m", &RACY.replace("    ", "\u{c}\t"))]).contains(&"FTL102"));
    survives("😀 = 1\ndef 😀(): 😀.é += 1");
    survives(&format!("{} = 1", "a".repeat(1_000_000)));
    survives(&"x = 1;".repeat(50_000));
    survives(&"# ftlint: ignore[\n".repeat(10_000));
}

/// Every beginning of a few fixtures.
#[test]
fn cut_anywhere() {
    for fixture in load_fixtures(&fixtures_dir()).iter().step_by(40) {
        let text = &fixture.files[0].text;
        let db = Database::new();
        for end in (0..text.len()).filter(|it| text.is_char_boundary(*it)) {
            let file =
                SourceFile::new(&db, "m.py".into(), ".".into(), "m".into(), text[..end].into());
            let project = Project::new(&db, [file].into(), Arc::default(), None);
            check_project(&db, project, &|_| true);
        }
    }
}

/// Stars in a circle have more ways than can be walked.
#[test]
fn stars() {
    let names: Vec<_> = (0..20).map(|n| format!("p.m{n}")).collect();
    let lines: Vec<_> = (0..20).map(|n| format!("from .m{n} import *\n")).collect();
    let text = format!("{}nowhere.x += 1\n", lines.concat());
    codes(&names.iter().map(|it| (it.as_str(), text.as_str())).collect::<Vec<_>>());
}
