//! Installations on machines made of scripts: nothing is downloaded, nothing is compiled.

use super::{
    Installed, Progress, Request, Wanted, cache_directory, fetch, install, offered, pins, tool,
};
use crate::error::RuntimeError;
use crate::interpreter::tests::Machine;
use crate::interpreter::{Version, find};
use std::fs;
use std::path::PathBuf;
use std::thread;

/// What uv leaves: a build whose interpreter answers the probe, and lacks `_ssl`.
const FAKE_UV: &str = r#"
echo "$@" >> ../uv-was-asked
bin="$UV_PYTHON_INSTALL_DIR/cpython-3.14.7+freethreaded-linux-x86_64-gnu/bin"
mkdir -p "$bin"
cat > "$bin/python3" <<'END'
#!/bin/sh
case "$4" in
*import_module*) echo _ssl > "$5";;
*) here="$(cd "${0%/*}" && pwd)"
   echo '{"implementation":"cpython","version":[3,14,7],"release":"3.14.7","executable":"'"$here"'/python3",
"prefix":"'"$here"'","built_without_gil":true,"gil_enabled":false}' | { read -r a; read -r b; echo "$a$b" > "$5"; };;
esac
END
chmod 755 "$bin/python3""#;

/// Runs an installation and keeps the notes.
fn try_install(
    machine: &Machine,
    version: Option<&str>,
    source: Option<&str>,
) -> (Result<Installed, RuntimeError>, Vec<String>) {
    let mut notes = Vec::new();
    let request = Request { version, source, env: &|name| machine.variable(name) };
    let done = install(&request, &mut |progress| {
        if let Progress::Note(note) = progress {
            notes.push(note.to_owned());
        }
    });
    (done, notes)
}

fn store(machine: &Machine) -> PathBuf {
    machine.at("home/.cache/ftlint/python")
}

/// What is in the store, without the lock.
fn stored(machine: &Machine) -> Vec<String> {
    let entries = fs::read_dir(store(machine))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.filter(|name| name != ".lock").collect();
    names.sort();
    names
}

#[test]
fn the_pins_are_well_formed() {
    for pin in pins::PINS {
        assert_eq!(pin.version.to_string(), pin.text);
        assert_eq!(pin.sha256.len(), 64);
        assert!(
            pin.sha256.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')),
            "{}",
            pin.text
        );
    }
    assert_eq!(offered(), ["3.14.5", "3.14.4", "3.13.12", "3.13.5"]);
}

#[test]
fn a_version_is_understood_or_named() {
    let exact = Version { major: 3, minor: 14, micro: 5 };
    let cases = [
        (None, Wanted::Any),
        (Some("3.14"), Wanted::Minor(3, 14)),
        (Some("3.14t"), Wanted::Minor(3, 14)),
        (Some("3.14.5"), Wanted::Exact(exact)),
        (Some("3.14.5t"), Wanted::Exact(exact)),
    ];
    for (asked, wanted) in cases {
        assert_eq!(Wanted::parse(asked).unwrap(), wanted);
    }
    for asked in ["", "3", "latest", "3.14.5d", "3.12", "3.14.0a1", "../3.14"] {
        let message = Wanted::parse(Some(asked)).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cannot install CPython {asked}: ")), "{message}");
    }
    assert_eq!(
        (Wanted::Any.for_uv(), Wanted::Exact(exact).for_uv()),
        ("3.14t".into(), "3.14.5t".into())
    );
}

#[test]
fn the_cache_is_where_the_variables_say() {
    let place = |set: &[(&str, &str)]| {
        cache_directory(&|name| {
            set.iter().find(|(it, _)| *it == name).map(|(_, value)| value.into())
        })
    };
    assert_eq!(place(&[]), None);
    assert_eq!(place(&[("HOME", "/h"), ("XDG_CACHE_HOME", "")]), Some("/h/.cache/ftlint".into()));
    assert_eq!(place(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]), Some("/x/ftlint".into()));
    assert_eq!(place(&[("XDG_CACHE_HOME", "/x"), ("FTLINT_CACHE_DIR", "/f")]), Some("/f".into()));
}

#[test]
fn uv_provides_and_the_search_finds() {
    let machine = Machine::new();
    machine.script("bin/uv", FAKE_UV);
    // What an interrupted and what a broken installation left.
    fs::create_dir_all(store(&machine).join(".unfinished-1/root")).unwrap();
    fs::create_dir_all(store(&machine).join("cpython-3.14.7t/bin")).unwrap();
    let (done, notes) = try_install(&machine, Some("3.14"), None);
    let done = done.unwrap();
    assert_eq!(
        (done.interpreter.to_string().as_str(), done.already),
        ("CPython 3.14.7 free-threading", false)
    );
    assert!(done.interpreter.executable.starts_with(&done.directory), "{done:?}");
    assert_eq!((done.missing_modules, notes.len()), (vec!["_ssl".to_owned()], 1));
    assert_eq!(stored(&machine), ["cpython-3.14.7t", "uv-was-asked"]);
    assert_eq!(
        fs::read_to_string(store(&machine).join("uv-was-asked")).unwrap(),
        "python install 3.14t\n"
    );
    let request = crate::interpreter::Request {
        python: None,
        env: &|name| machine.variable(name),
        extent: crate::interpreter::Extent::UntilChosen,
    };
    assert_eq!(
        find(&request).unwrap().why,
        "the first free-threaded one: `cpython-3.14.7t` of ftlint's cache"
    );
    assert!(try_install(&machine, None, None).0.unwrap().already);
}

#[test]
fn two_at_once_install_once() {
    let machine = Machine::new();
    machine.script("bin/uv", &format!("{FAKE_UV}\nsleep 0.3"));
    let both = thread::scope(|scope| {
        [(); 2]
            .map(|()| scope.spawn(|| try_install(&machine, None, None).0.unwrap().already))
            .map(|it| it.join().unwrap())
    });
    assert_eq!(both.iter().filter(|already| **already).count(), 1);
    assert_eq!(stored(&machine), ["cpython-3.14.7t", "uv-was-asked"]);
}

#[test]
fn without_tools_it_says_what_to_install() {
    let machine = Machine::new();
    machine.script("bin/uv", "echo 'error: no route' >&2; exit 2");
    let (done, notes) = try_install(&machine, None, None);
    let message = done.unwrap_err().to_string();
    assert!(
        message.starts_with("building CPython needs a C compiler and make and tar"),
        "{message}"
    );
    assert_eq!(notes, ["uv could not provide CPython 3.14t: error: no route"]);
    let message = try_install(&machine, Some("3.15.2"), None).0.unwrap_err().to_string();
    assert!(message.contains("3.15.2") && message.contains("3.14.5, 3.14.4"), "{message}");
    assert!(stored(&machine).is_empty());
}

/// A machine with a compiler, so that the download is tried; `curl` gets `-o FILE -- URL` at its end.
fn with_compiler(curl: &str) -> Machine {
    let machine = Machine::new();
    for tool in ["cc", "make", "tar"] {
        machine.script(&format!("bin/{tool}"), "echo must not run >&2; exit 9");
    }
    machine.script(
        "bin/apt-get",
        "echo http://mirror.invalid/debian/; echo http://mirror.invalid/debian/",
    );
    let asked = machine.at("asked").display().to_string();
    machine.script("bin/curl", &format!("for url; do :; done\necho \"$url\" >> {asked}\n{curl}"));
    machine
}

#[test]
fn a_false_download_is_never_unpacked() {
    let machine = with_compiler(
        "for it; do [ \"$before\" = -o ] && echo false > \"$it\"; before=$it; done; exit 0",
    );
    let message = try_install(&machine, Some("3.13.5"), None).0.unwrap_err().to_string();
    let expected = "no source release of CPython can be had
  3.13.5 from python.org: has another checksum than the release
  3.13.5 from this machine's package mirror: has another checksum than the release
give one with --source FILE or --source URL";
    assert_eq!(message, expected);
    assert!(stored(&machine).is_empty());
}

#[test]
fn who_does_not_answer_is_not_asked_again() {
    let machine = with_compiler("case $url in *python.org*) exit 6;; *) exit 22;; esac");
    let message = try_install(&machine, None, None).0.unwrap_err().to_string();
    assert_eq!(message.matches("python.org: cannot be reached").count(), 1, "{message}");
    assert_eq!(message.matches("package mirror: is not there").count(), 4, "{message}");
    let asked = fs::read_to_string(machine.at("asked")).unwrap();
    let urls: Vec<_> = asked.lines().take(2).collect();
    assert_eq!(urls[0], "https://www.python.org/ftp/python/3.14.5/Python-3.14.5.tar.xz");
    assert_eq!(
        urls[1],
        "http://mirror.invalid/debian/pool/main/p/python3.14/python3.14_3.14.5.orig.tar.xz"
    );
}

#[test]
fn a_given_source_must_be_known() {
    let machine = with_compiler("exit 6");
    machine.script("bin/uv", "exit 1");
    let file = machine.at("some.tar.xz");
    fs::write(&file, "abc").unwrap();
    let (done, notes) = try_install(&machine, None, file.to_str());
    let message = done.unwrap_err().to_string();
    assert!(
        message.contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        "{message}"
    );
    assert_eq!(notes, Vec::<String>::new(), "uv is not asked");
    let message =
        try_install(&machine, None, Some("https://source.invalid/x")).0.unwrap_err().to_string();
    assert!(message.starts_with("cannot download the given source"), "{message}");
    let message = try_install(&machine, None, Some("/none.tar.xz")).0.unwrap_err().to_string();
    assert!(message.contains("/none.tar.xz"), "{message}");
}

#[test]
fn the_end_of_a_log_is_read() {
    let machine = Machine::new();
    let log = machine.at("log");
    assert_eq!(tool::tail(&log, 2), Vec::<String>::new());
    fs::write(&log, format!("{}\nthree\n\n 10%\r 50%\r", "x".repeat(9000))).unwrap();
    assert_eq!(tool::tail(&log, 3), ["three", " 10%", " 50%"]);
    assert_eq!(fetch::checksum(&log).unwrap().len(), 64);
}
