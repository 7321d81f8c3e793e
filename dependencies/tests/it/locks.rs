//! Real lock files (hosts, hashes and the wheels for old interpreters were taken out), and what is answered for each package.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ftlint_dependencies::lock::{self, Format, Lock};
use ftlint_dependencies::manifest;
use ftlint_dependencies::ready::{Judged, Question, Status, excludes, oldest};
use ftlint_dependencies::tags::{Platform, System};
use ftlint_dependencies::target::Target;

const LINUX: Platform = Platform { system: System::Linux, is_arm: false };

fn question(minor: u8) -> Question<'static> {
    Question { target: Target { minor }, platform: LINUX, environment: None }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/locks").join(name)
}

/// `line name version: status [chain]` of all but the ready ones.
fn answers(lock: &Lock, minor: u8) -> String {
    told(&question(minor).of_lock(lock))
}

fn told(judged: &[Judged]) -> String {
    let mut res = String::new();
    for it in judged.iter().filter(|it| it.status != Status::Ready) {
        let version = it.version.as_deref().unwrap_or("-");
        let chain = it.chain.join(" > ");
        let _ = writeln!(res, "{} {} {version}: {} [{chain}]", it.line, it.name, it.status.words());
    }
    res
}

#[test]
fn uv() {
    let lock = lock::read(&file("uv.lock")).unwrap();
    assert_eq!(lock.requires_python.as_deref(), Some(">=3.11"));
    assert_eq!(lock.packages.len(), 14, "the project itself is none of its dependencies");
    let wanted = "184 orjson 3.11.9: no wheel [orjson]
234 polars-runtime-32 1.35.2: no wheel [polars > polars-runtime-32]
248 protobuf 6.33.0: slow path [protobuf]
263 pyyaml 6.0.2: no wheel [pyyaml]
346 sqlalchemy 2.0.51: re-enables the GIL [sqlalchemy]
";
    assert_eq!(answers(&lock, 14), wanted);
    let judged = question(14).of_lock(&lock);
    let advice = |name: &str| &judged.iter().find(|it| it.name == name).unwrap().advice;
    assert_eq!(advice("sqlalchemy"), "upgrade to 2.0.54 or later");
    assert_eq!(advice("pyyaml"), "upgrade to 6.0.3 or later");
    assert_eq!(advice("ruff"), "");
}

#[test]
fn poetry() {
    let lock = lock::read(&file("poetry.lock")).unwrap();
    assert_eq!(lock.requires_python.as_deref(), Some(">=3.11,<4"));
    let wanted = "151 grpcio 1.76.0: no wheel [grpcio]
189 msgpack 1.1.2: too old [msgpack]
";
    assert_eq!(answers(&lock, 14), wanted);
    assert_eq!(lock.chains().to("pycparser"), ["cryptography", "cffi", "pycparser"]);
}

#[test]
fn pylock() {
    let lock = lock::read(&file("pylock.toml")).unwrap();
    let wanted = "278 pendulum 3.1.0: slow path [pendulum]
389 psycopg2-binary 2.9.11: no wheel [psycopg2-binary]
";
    assert_eq!(answers(&lock, 14), wanted);
}

#[test]
fn pdm() {
    let lock = lock::read(&file("pdm.lock")).unwrap();
    assert_eq!(lock.requires_python.as_deref(), Some(">=3.11"), "of the only target");
    let wanted = "13 black 26.10.1: slow path [black]
107 lxml 6.0.4: unknown [lxml]
156 orjson 3.13.0: no wheel [orjson]
190 polars-runtime-32 1.36.1: no wheel [polars > polars-runtime-32]
205 psycopg2-binary 2.9.13: no wheel [psycopg2-binary]
276 sqlalchemy 2.0.51: re-enables the GIL [sqlalchemy]
";
    assert_eq!(answers(&lock, 14), wanted);
    let for_developers = lock.packages.iter().filter(|it| it.is_dev).map(|it| it.name.as_str());
    assert_eq!(for_developers.collect::<Vec<_>>(), ["black", "click", "colorama", "lxml"]);
}

#[test]
fn the_oldest_release_that_a_project_is_for() {
    for (text, wanted) in
        [(">=3.9,<4", Some(9)), (">=3.14.2", Some(14)), ("", None), ("<3", None), ("odd", None)]
    {
        assert_eq!(oldest(text), wanted, "{text}");
    }
}

#[test]
fn what_no_wheel_of_any_kind_is_for_is_not_missing() {
    let uv = "version = 1\n[[package]]\nname = \"x\"\nversion = \"1\"\nsdist = { filename = \"x-1.tar.gz\" }\n\
              wheels = [{ filename = \"x-1-cp314-cp314-win_amd64.whl\" }]\n";
    assert_eq!(answers(&parsed(Format::Uv, uv), 14), "2 x 1: unknown [x]\n");
}

fn parsed(format: Format, text: &str) -> Lock {
    lock::parse(Path::new("some.lock"), format, text.as_bytes()).unwrap()
}

#[test]
fn older_and_rarer_forms() {
    let poetry = parsed(
        Format::Poetry,
        "[[package]]\nname = \"Orjson\"\nversion = \"3.9\"\n\n[metadata]\npython-versions = \"^3.8\"\n\n[metadata.files]\norjson = [\n\
         {file = \"orjson-3.9-cp311-cp311-manylinux_2_17_x86_64.whl\", hash = \"sha256:0\"},\n{file = \"orjson-3.9.tar.gz\"}]\n",
    );
    assert_eq!(answers(&poetry, 14), "1 orjson 3.9: no wheel [orjson]\n");
    assert!(poetry.packages[0].has_sdist);
    let pdm = parsed(
        Format::Pdm,
        "[metadata]\nrequires_python = \">=3.9\"\n[[package]]\nname = \"lxml\"\nversion = \"6.0.2\"\ndependencies = [\"b[x]>=2; python_version < '4'\"]\n\
         files = [{url = \"https://host.example/a%2Bb/lxml-6.0.2-cp310-abi3-manylinux_2_17_x86_64.whl#sha256=0\"}]\n",
    );
    assert_eq!(pdm.packages[0].needs, ["b"]);
    assert_eq!(answers(&pdm, 14), "3 lxml 6.0.2: no wheel [lxml]\n");
    let pylock = parsed(
        Format::Pylock,
        "lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nwheels = [{url = \"https://host.example/x-1-py3-none-any.whl?a=b\"}]\n\
         [[packages]]\nname = \"y\"\ndirectory = {path = \".\"}\n",
    );
    assert_eq!(answers(&pylock, 14), "5 y -: unknown [y]\n");
    // Two environments, two versions: both count.
    let uv = parsed(
        Format::Uv,
        "version = 1\n[[package]]\nname = \"numpy\"\nversion = \"2.0.2\"\nwheels = [{filename = \"numpy-2.0.2-cp314-cp314t-manylinux_2_17_x86_64.whl\"}]\n\
         [[package]]\nname = \"numpy\"\nversion = \"2.3.4\"\nwheels = [{filename = \"numpy-2.3.4-cp314-cp314t-manylinux_2_17_x86_64.whl\"}]\n",
    );
    assert_eq!(answers(&uv, 14), "2 numpy 2.0.2: too old [numpy]\n");
}

#[test]
fn what_is_for_others_is_left_out() {
    let wheel = |name: &str| {
        let abi = if name == "pywin32" { "cp314-win_amd64" } else { "cp314-manylinux_2_17_x86_64" };
        format!("wheels = [{{filename = \"{name}-1-cp314-{abi}.whl\"}}]\n")
    };
    let package = |name: &str, version: &str, more: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{}{more}", wheel(name))
    };
    let uv = [
        "version = 1\nrequires-python = \">=3.9\"\n".to_owned(),
        "[[package]]\nname = \"app\"\nsource = { virtual = \".\" }\ndependencies = [\n\
         { name = \"old\", marker = \"python_full_version < '3.10'\" },\n{ name = \"pywin32\", marker = \"sys_platform == 'win32'\" },\n\
         { name = \"fork\", version = \"1\", marker = \"python_full_version < '3.10'\" },\n\
         { name = \"fork\", version = \"2\", marker = \"python_full_version >= '3.10'\" },\n\
         { name = \"late\", marker = \"python_full_version >= '3.14.3'\" },\n{ name = \"odd\", marker = \"no marker at all\" },\n]\n"
            .to_owned(),
        package("old", "1", "dependencies = [{ name = \"of-old\" }, { name = \"both\" }]\n"),
        package("of-old", "1", "dependencies = [{ name = \"of-of-old\" }]\n"),
        package("of-of-old", "1", ""),
        package("pywin32", "1", ""),
        package("fork", "1", ""),
        package("fork", "2", "dependencies = [{ name = \"both\" }]\n[package.optional-dependencies]\nx = [{ name = \"extra\" }]\n"),
        package("both", "1", ""),
        package("extra", "1", ""),
        package("late", "1", ""),
        package("odd", "1", ""),
        package("elsewhere", "1", "resolution-markers = [\"sys_platform == 'darwin'\"]\n"),
    ]
    .concat();
    let lock = parsed(Format::Uv, &uv);
    let names = |platform: Platform, minor: u8| {
        let asked = Question { platform, ..question(minor) };
        let all = asked.of_lock(&lock).into_iter();
        all.map(|it| it.name + "-" + &it.version.unwrap()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(LINUX, 14), "fork-2 both-1 extra-1 late-1 odd-1");
    let windows = Platform { system: System::Windows, is_arm: false };
    assert_eq!(names(windows, 14), "pywin32-1 fork-2 both-1 extra-1 late-1 odd-1");
    assert_eq!(lock.chains().to("extra"), ["fork", "extra"]);
    let poetry = parsed(
        Format::Poetry,
        "[[package]]\nname = \"a\"\nversion = \"1\"\nmarkers = \"sys_platform == 'win32'\"\n\
         [[package]]\nname = \"b\"\nversion = \"1\"\nmarkers = {main = \"sys_platform == 'win32'\", dev = \"sys_platform == 'linux'\"}\n\
         [metadata]\n",
    );
    assert_eq!(answers(&poetry, 14), "5 b 1: unknown [b]\n");
    let pylock = parsed(
        Format::Pylock,
        "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nmarker = \"'x' in extras\"\n[[packages]]\nname = \"b\"\nmarker = \"python_version < '3.14'\"\n",
    );
    assert_eq!(answers(&pylock, 14), "2 a -: unknown [a]\n");
    assert_eq!(answers(&pylock, 13), "2 a -: unknown [a]\n5 b -: unknown [b]\n");
}

#[test]
fn what_is_broken_is_told_with_its_line() {
    let error = |format, text: &[u8]| {
        lock::parse(Path::new("x.lock"), format, text).unwrap_err().to_string()
    };
    let broken = error(Format::Uv, b"version = 1\n[[package]]\nname = \n");
    assert!(broken.starts_with("x.lock:3: "), "{broken}");
    let nameless = error(Format::Uv, b"version = 1\n\n[[package]]\nversion = \"1\"\n");
    assert_eq!(nameless, "x.lock:3: a package without a name; lock anew");
    let other = error(Format::Poetry, b"[[package]]\nname = \"x\"\n");
    assert!(other.contains("lock anew"), "{other}");
    assert_eq!(error(Format::Pdm, b"[metadata]\nx = \"\xff\"\n"), "x.lock:2: not UTF-8");
    let nowhere = lock::read(Path::new("/nowhere/uv.lock")).unwrap_err().to_string();
    assert!(nowhere.starts_with("/nowhere/uv.lock:1: "), "{nowhere}");
}

#[test]
fn no_bytes_bring_it_down() {
    // A small generator with a fixed seed: the same inputs in each run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut read = 0;
    for (name, format) in [
        ("uv.lock", Format::Uv),
        ("poetry.lock", Format::Poetry),
        ("pylock.toml", Format::Pylock),
        ("poetry.lock", Format::Pdm),
    ] {
        let whole = std::fs::read_to_string(file(name)).unwrap();
        let blocks: Vec<&str> = whole.split("\n[[").collect();
        for _ in 0..400 {
            // Some packages of the file, so that changes hit what is looked at.
            let chosen = [blocks[0], blocks[1 + next(blocks.len() - 1)], blocks[blocks.len() - 1]];
            let mut bytes = chosen.join("\n[[").into_bytes();
            for _ in 0..next(4) {
                let at = next(bytes.len().max(1));
                if bytes.len() <= at {
                    break;
                }
                match next(4) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] = b"\"'[]{}=\n.#,\\\xff"[next(13)],
                    2 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, b"[{\"\n"[next(4)]),
                }
            }
            if let Ok(lock) = lock::parse(Path::new("x.lock"), format, &bytes) {
                read += question(14).of_lock(&lock).len();
            }
        }
    }
    assert!(read > 0, "all of them were refused: nothing was tried");
}

#[test]
fn a_manifest_without_a_lock() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write(
        "pyproject.toml",
        "[project]\nname = \"x\"\nrequires-python = \"<3.14\"\ndependencies = [\n  \"numpy==2.0.2\", \"pywin32; sys_platform == 'win32'\",\n  \"no-such-row>=1\",\n]\n\
         [project.optional-dependencies]\nfast = [\"orjson\"]\n[dependency-groups]\ndev = [\"PyYAML>=6\", {include-group = \"x\"}]\n",
    );
    write(
        "requirements-dev.txt",
        "# words\n-r other.txt\nSQLAlchemy==2.0.51 --hash=sha256:0\nnot a requirement at all\n",
    );
    let manifest = manifest::of(directory.path()).unwrap();
    let judged = question(14).of_manifest(&manifest, &[]);
    let wanted = "5 numpy 2.0.2: too old [numpy]
6 no-such-row -: unknown [no-such-row]
9 orjson -: no wheel [orjson]
11 pyyaml -: unknown [pyyaml]
3 sqlalchemy 2.0.51: re-enables the GIL [sqlalchemy]
";
    assert_eq!(told(&judged), wanted);
    let (python, _, line) = manifest.requires_python.unwrap();
    assert_eq!(line, 3);
    assert!(excludes(&python, Target { minor: 14 }) && !excludes(&python, Target { minor: 13 }));
    assert!(
        !excludes(">=3.14.2", Target { minor: 14 }) && !excludes("nonsense", Target { minor: 14 })
    );
    write("pyproject.toml", "[project]\ndependencies = [\n");
    let error = manifest::of(directory.path()).unwrap_err().to_string();
    assert!(error.contains("pyproject.toml:"), "{error}");
}

/// An article named first versions (pyarrow 15, numba 0.60, scikit-learn 1.5, pillow 10.2, opencv 4.9): support began later, or has not begun.
#[test]
fn versions_of_an_article_are_too_old() {
    let mut text = "version = 1\n".to_owned();
    for (name, version) in [
        ("pyarrow", "15.0.0"),
        ("numba", "0.60.0"),
        ("scikit-learn", "1.5.0"),
        ("pillow", "10.2.0"),
        ("opencv-python", "4.9.0"),
    ] {
        let _ = write!(
            text,
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsdist = {{}}\n\
             wheels = [{{filename = \"{name}-{version}-cp312-cp312-manylinux_2_17_x86_64.whl\"}}]\n"
        );
    }
    let lock = parsed(Format::Uv, &text);
    let judged = question(14).of_lock(&lock);
    let told: Vec<_> = judged.iter().map(|it| format!("{}: {}", it.name, it.advice)).collect();
    assert_eq!(
        told,
        [
            "pyarrow: upgrade to 18.0.0 or later",
            "numba: upgrade to 0.65.0 or later",
            "scikit-learn: upgrade to 1.6.0 or later",
            "pillow: upgrade to 11.0.0 or later",
            "opencv-python: look for a newer release with a free-threaded wheel, or another package",
        ]
    );
    assert!(judged.iter().all(|it| it.status == Status::NoWheel));
}

#[test]
fn what_was_mended_or_is_newer_than_known_is_not_held_against_it() {
    let package = |name: &str, version: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             wheels = [{{filename = \"{name}-{version}-cp314-cp314t-manylinux_2_17_x86_64.whl\"}}]\n"
        )
    };
    let answer = |name: &str, version: &str| {
        let lock = parsed(Format::Uv, &format!("version = 1\n{}", package(name, version)));
        question(14).of_lock(&lock)[0].status
    };
    assert_eq!(answer("sqlalchemy", "2.0.53"), Status::Gil);
    assert_eq!(answer("sqlalchemy", "2.0.54"), Status::Ready);
    assert_eq!(answer("fastavro", "1.13.1"), Status::Gil);
    assert_eq!(answer("fastavro", "99"), Status::Unknown);
    // What cannot be installed switches nothing on.
    let wheel = "fastavro-1.12.1-cp314-cp314-manylinux_2_17_x86_64.whl";
    let text = format!(
        "version = 1\n[[package]]\nname = \"fastavro\"\nversion = \"1.12.1\"\nwheels = [{{filename = \"{wheel}\"}}]\n"
    );
    assert_eq!(question(14).of_lock(&parsed(Format::Uv, &text))[0].status, Status::NoWheel);
}
