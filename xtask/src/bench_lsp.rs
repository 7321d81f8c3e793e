//! Times the language server on the standard library as workspace, and `ruff server` and `ty server` with the same
//! script. Every round starts a new process; the best round is the honest one, for others use this machine too.
//!
//! Clients here pull diagnostics: the time of a key stroke is that from sending the edit to having the answer, whatever
//! the server does meanwhile.

mod client;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use self::client::Client;
use crate::bench::copy_python;

/// The file that the editor shows: a long one, that is imported by many and imports `threading`.
const OPEN: &str = "logging/__init__.py";

/// What is typed in one round: two hundred key strokes, most of which leave broken code behind.
const TYPED: &str = "total = max(n, len(str(n))) + sum(i * 2 for i in range(n) if i % 3) or [x for x in (n, 1)][0]  # ok";

/// Edits with an effect in another file, in one round.
const CROSS_EDITS: usize = 40;

/// A pause like a typist's: the work that the server does behind an answer is part of what it is measured with.
const PAUSE: Duration = Duration::from_millis(30);

/// Goes before the first class of the open file. Each of the servers has something to say about it.
const FUNCTION: &str = "_hits = 0\n\n\ndef _work(n=1):\n    global _hits\n    _hits += _unknown_name\n    \n    return n\n\n\n";

/// The empty line in [`FUNCTION`].
const TYPED_LINE: usize = 6;

/// Goes to the end of the open file.
const THREADS: &str = "\n\nfor _ in range(2):\n    threading.Thread(target=_work).start()\n";

/// Three small files. What is written in the head of `step` decides what is found in both of the others: whose object
/// `bump` changes, and whether `unused` passes the right one. Only certain findings are asked for, so that ftlint is
/// silent about the race when no thread runs `step` any more.
const SMALL: [(&str, &str); 3] = [
    (
        "bench_state.py",
        "import threading\n\n\nclass Counter:\n    def __init__(self):\n        self.hits = 0\n\n\nclass Local(threading.local):\n    hits = 0\n\n\nSHARED = Counter()\nOWN = Local()\n\n\ndef bump(counter):\n    counter.hits += 1\n\n\ndef make() -> Counter:\n    raise NotImplementedError\n",
    ),
    (
        "bench_step.py",
        "import bench_state\n\n\ndef step(counter: bench_state.Counter = bench_state.SHARED):\n    bench_state.bump(counter)\n",
    ),
    (
        "bench_main.py",
        "import threading\n\nimport bench_state\nimport bench_step\n\nfor _ in range(2):\n    threading.Thread(target=bench_step.step).start()\n\n\ndef unused():\n    bench_step.step(bench_state.make())\n",
    ),
];

/// An edit of the line of `def step` that is made and taken back: where it begins, and the two texts.
struct Toggle {
    column: usize,
    texts: [&'static str; 2],
}

/// Another parameter.
const SIGNATURE: Toggle = Toggle {
    column: 9,
    texts: [
        "counter: bench_state.Counter = bench_state.SHARED",
        "counter: bench_state.Local = bench_state.OWN",
    ],
};

/// Another name.
const NAME: Toggle = Toggle { column: 4, texts: ["step", "sstep"] };

/// A server, and where it shows the effect of an edit of `bench_step.py`, if it looks beyond one file.
struct Served {
    program: PathBuf,
    args: &'static [&'static str],
    version: String,
    cross: Option<&'static str>,
}

/// What one round has measured.
struct Round {
    initialize: Duration,
    first: Duration,
    settled: Duration,
    strokes: Vec<Duration>,
    signature: Vec<Duration>,
    name: Vec<Duration>,
    resident: u64,
    peak: u64,
}

/// Builds ftlint, gets the others, copies the corpus, and prints the table.
pub fn run(root: &Path, options: &[&str]) -> Result<()> {
    let (mut n_rounds, mut corpus) = (5, None);
    for option in options.chunks(2) {
        match option {
            ["--rounds", n] => {
                n_rounds = n.parse::<usize>().context("`--rounds` needs a number")?;
            }
            ["--corpus", dir] => corpus = Some(PathBuf::from(dir)),
            _ => bail!("unknown option `{}`", option.join(" ")),
        }
    }
    let scratch = std::env::temp_dir().join(format!("ftlint-bench-lsp-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).context("cannot make a scratch folder")?;
    let res = measure(root, &scratch, corpus, n_rounds.max(1));
    std::fs::remove_dir_all(&scratch).context("cannot delete the scratch folder")?;
    res
}

fn measure(root: &Path, scratch: &Path, corpus: Option<PathBuf>, n_rounds: usize) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = ["build", "--release", "--package", "ftlint"];
    let built = Command::new(cargo).args(build).current_dir(root).status()?;
    ensure!(built.success(), "the build failed");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let ftlint = target.join("release/ftlint");
    let source = match corpus {
        Some(dir) => dir,
        None => standard_library(&ftlint)?,
    };
    let files = scratch.join("corpus");
    let (n_files, n_lines) = copy_python(&source, &files)?;
    for (name, text) in SMALL {
        std::fs::write(files.join(name), text)?;
    }
    std::fs::write(files.join("ftlint.toml"), "min-confidence = \"high\"\n")?;
    println!("{n_files} files, {n_lines} lines of {}; {n_rounds} rounds", source.display());
    println!("load of the machine: {}", std::fs::read_to_string("/proc/loadavg")?.trim());

    let mut servers = vec![served(ftlint, &["server"], Some("bench_state.py"))?];
    let environment = others(scratch)?;
    servers.push(served(environment.join("bin/ruff"), &["server"], None)?);
    servers.push(served(environment.join("bin/ty"), &["server"], Some("bench_main.py"))?);
    let mut rounds: Vec<Vec<Round>> = servers.iter().map(|_| Vec::new()).collect();
    for _ in 0..n_rounds {
        for (server, rounds) in servers.iter().zip(&mut rounds) {
            let res = round(server, &files);
            rounds.push(res.with_context(|| format!("{} failed", server.version))?);
        }
    }
    println!(
        "\n| best of {n_rounds} rounds | initialize | first diagnostics | idle again after | key stroke p50 | p95 | signature p50 | p95 | rename p50 | p95 | memory | peak |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (server, rounds) in servers.iter().zip(&rounds) {
        print_row(&server.version, rounds);
    }
    Ok(())
}

fn print_row(name: &str, rounds: &[Round]) {
    let ms = |of: &dyn Fn(&Round) -> Option<Duration>| {
        let best = rounds.iter().filter_map(of).min();
        best.map_or_else(|| "-".to_owned(), |it| format!("{:.1} ms", it.as_secs_f64() * 1000.0))
    };
    let mb = |of: &dyn Fn(&Round) -> u64| {
        format!("{} MB", rounds.iter().map(of).min().unwrap_or_default() / 1024)
    };
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        ms(&|it| Some(it.initialize)),
        ms(&|it| Some(it.first)),
        ms(&|it| Some(it.settled)),
        ms(&|it| percentile(&it.strokes, 50)),
        ms(&|it| percentile(&it.strokes, 95)),
        ms(&|it| percentile(&it.signature, 50)),
        ms(&|it| percentile(&it.signature, 95)),
        ms(&|it| percentile(&it.name, 50)),
        ms(&|it| percentile(&it.name, 95)),
        mb(&|it| it.resident),
        mb(&|it| it.peak),
    );
}

/// The smallest value that so many of a hundred do not exceed.
fn percentile(times: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort();
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied()
}

fn round(server: &Served, files: &Path) -> Result<Round> {
    let start = Instant::now();
    let mut client = Client::start(&server.program, server.args, files)?;
    let (answer, at) = client.request("initialize", &greeting(files))?;
    let initialize = at - start;
    let pulls = !answer["capabilities"]["diagnosticProvider"].is_null();
    ensure!(pulls, "the server has no `textDocument/diagnostic`");
    client.notify("initialized", &json!({}))?;

    let uri = uri(files, OPEN);
    let (text, line) = open_text(files)?;
    let opened = Instant::now();
    client.open(&uri, &text)?;
    let first = until(&mut client, &uri, opened, |n| n > 0)?;
    let settled = client.settle()?.saturating_duration_since(opened);
    let strokes = strokes(&mut client, &uri, line)?;
    client.settle()?;
    for (name, text) in SMALL {
        client.open(&self::uri(files, name), text)?;
    }
    client.settle()?;
    let (mut signature, mut name) = (Vec::new(), Vec::new());
    if let Some(shown) = server.cross {
        signature = cross_edits(&mut client, files, shown, &SIGNATURE)?;
        client.settle()?;
        name = cross_edits(&mut client, files, shown, &NAME)?;
    }
    client.settle()?;
    let (resident, peak) = (client.memory("VmRSS")?, client.memory("VmHWM")?);
    client.leave()?;
    Ok(Round { initialize, first, settled, strokes, signature, name, resident, peak })
}

/// Types and deletes, and asks after each key.
fn strokes(client: &mut Client, uri: &str, line: usize) -> Result<Vec<Duration>> {
    let before = client.diagnostics(uri)?.0.len();
    let mut res = Vec::new();
    let keys: Vec<char> = TYPED.chars().collect();
    let mut stroke = |client: &mut Client, columns, text: &str| -> Result<()> {
        std::thread::sleep(PAUSE);
        let start = Instant::now();
        client.edit(uri, line, columns, text)?;
        res.push(client.diagnostics(uri)?.1 - start);
        Ok(())
    };
    for (at, key) in keys.iter().enumerate() {
        stroke(client, [4 + at, 4 + at], &key.to_string())?;
    }
    for at in (0..keys.len()).rev() {
        stroke(client, [4 + at, 5 + at], "")?;
    }
    let after = client.diagnostics(uri)?.0.len();
    ensure!(before == after && before > 0, "{before} diagnostics became {after} by typing");
    Ok(res)
}

/// Edits the head of `step` and takes it back. The time is that until the number of diagnostics in the other file has
/// changed.
fn cross_edits(
    client: &mut Client,
    files: &Path,
    shown: &str,
    toggle: &Toggle,
) -> Result<Vec<Duration>> {
    let (edited, shown) = (uri(files, "bench_step.py"), uri(files, shown));
    let mut res = Vec::new();
    let mut before = client.diagnostics(&shown)?.0.len();
    for at in 0..CROSS_EDITS {
        std::thread::sleep(PAUSE);
        let (old, new) = (toggle.texts[at % 2], toggle.texts[(at + 1) % 2]);
        let start = Instant::now();
        client.edit(&edited, 3, [toggle.column, toggle.column + old.len()], new)?;
        res.push(until(client, &shown, start, |n| n != before)?);
        before = client.diagnostics(&shown)?.0.len();
    }
    Ok(res)
}

/// Asks until the number of diagnostics is as wanted.
fn until(
    client: &mut Client,
    uri: &str,
    start: Instant,
    wanted: impl Fn(usize) -> bool,
) -> Result<Duration> {
    while start.elapsed() < Duration::from_mins(1) {
        let (items, at) = client.diagnostics(uri)?;
        if wanted(items.len()) {
            return Ok(at - start);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    bail!("the diagnostics of {uri} are not as expected after a minute")
}

/// The text that the editor opens, and the number of the line in which it types.
fn open_text(files: &Path) -> Result<(String, usize)> {
    let text = std::fs::read_to_string(files.join(OPEN))?;
    let at = text.find("\nclass ").context("it has no class")? + 1;
    let line = text[..at].lines().count() + TYPED_LINE;
    Ok((format!("{}{FUNCTION}{}{THREADS}", &text[..at], &text[at..]), line))
}

fn greeting(files: &Path) -> Value {
    let root = format!("file://{}", files.display());
    json!({
        "processId": std::process::id(),
        "rootUri": root,
        "workspaceFolders": [{"uri": root, "name": "corpus"}],
        "capabilities": {
            "general": {"positionEncodings": ["utf-16"]},
            "textDocument": {"diagnostic": {"relatedDocumentSupport": false}},
            "window": {"workDoneProgress": true},
            "workspace": {"workspaceFolders": true, "configuration": true, "diagnostics": {"refreshSupport": true}},
        },
    })
}

fn uri(files: &Path, name: &str) -> String {
    format!("file://{}", files.join(name).display())
}

fn served(
    program: PathBuf,
    args: &'static [&'static str],
    cross: Option<&'static str>,
) -> Result<Served> {
    let output = Command::new(&program).arg("--version").output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let version = String::from_utf8(output.stdout)?.trim().to_owned();
    Ok(Served { program, args, version, cross })
}

/// An environment with the newest ruff and ty, by the machine's own configuration of pip.
fn others(scratch: &Path) -> Result<PathBuf> {
    let environment = scratch.join("venv");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).status();
    ensure!(made.is_ok_and(|it| it.success()), "cannot make an environment for ruff and ty");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "ruff", "ty"];
    let installed = Command::new(environment.join("bin/python")).args(pip).status();
    ensure!(installed.is_ok_and(|it| it.success()), "cannot install ruff and ty");
    Ok(environment)
}

/// The standard library of the interpreter that replays run on: the line with the star.
fn standard_library(ftlint: &Path) -> Result<PathBuf> {
    let output = Command::new(ftlint).args(["runtime", "list"]).stderr(Stdio::null()).output()?;
    let list = String::from_utf8(output.stdout)?;
    let line = list.lines().find_map(|it| it.strip_prefix("* "));
    let line = line.context("no free-threaded Python; get one with `ftlint runtime install`")?;
    let python = line.split("  ").next().unwrap_or(line);
    let code = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output = Command::new(python).args(["-c", code]).output().context("cannot run Python")?;
    ensure!(output.status.success(), "{python} does not know its standard library");
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times: Vec<_> = (1..=20).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Some(Duration::from_millis(10)));
        assert_eq!(percentile(&times, 95), Some(Duration::from_millis(19)));
        assert_eq!(percentile(&times[..1], 95), Some(Duration::from_millis(20)));
        assert_eq!(percentile(&[], 95), None);
    }
}
