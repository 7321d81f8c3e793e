//! Times ftlint beside ruff, which does far less per file (`--select F`) and is the fastest thing people know. Runs
//! alternate, so that a slow moment of the machine hits both; the minima are the honest numbers.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

const FTLINT_ARGS: [&str; 5] = ["check", "--exit-zero", "--isolated", "--output-format", "json"];
const RUFF_ARGS: [&str; 6] = ["check", "--select", "F", "--no-cache", "--isolated", "--exit-zero"];
const MIN_PAIRS: usize = 7;

/// Builds ftlint, finds ruff, copies the corpus, and prints the table.
pub fn run(root: &Path, options: &[&str]) -> Result<()> {
    let (corpus, n_pairs) = read_options(options)?;
    let scratch = std::env::temp_dir().join(format!("ftlint-bench-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).context("cannot make a scratch folder")?;
    let res = measure(root, &scratch, corpus, n_pairs);
    std::fs::remove_dir_all(&scratch).context("cannot delete the scratch folder")?;
    res
}

fn read_options(options: &[&str]) -> Result<(Option<PathBuf>, usize)> {
    let (mut corpus, mut n_pairs) = (None, MIN_PAIRS);
    for option in options.chunks(2) {
        match option {
            ["--corpus", dir] => corpus = Some(PathBuf::from(dir)),
            ["--pairs", n] => {
                n_pairs = n.parse::<usize>().context("`--pairs` needs a number")?.max(MIN_PAIRS);
            }
            _ => bail!("unknown option `{}`", option.join(" ")),
        }
    }
    Ok((corpus, n_pairs))
}

fn measure(root: &Path, scratch: &Path, corpus: Option<PathBuf>, n_pairs: usize) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    ensure!(
        Command::new(cargo)
            .args(["build", "--profile", "dist", "--package", "ftlint"])
            .current_dir(root)
            .status()?
            .success(),
        "the build failed"
    );
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let ftlint = target.join("dist/ftlint");
    let ruff = find_ruff(scratch)?;
    let source = match corpus {
        Some(dir) => dir,
        None => standard_library()?,
    };
    let files = scratch.join("corpus");
    let (n_files, n_lines) = copy_python(&source, &files)?;
    println!("{n_files} files, {n_lines} lines of {}; {n_pairs} pairs", source.display());

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for pair in 0..=n_pairs {
        let (mine, other) =
            (time(&ftlint, &FTLINT_ARGS, &files)?, time(&ruff, &RUFF_ARGS, &files)?);
        if pair > 0 {
            ours.push(mine);
            theirs.push(other);
        }
    }
    ours.sort();
    theirs.sort();
    print_row("ftlint", &ours);
    print_row("ruff", &theirs);
    let ratio = |at: usize| ours[at].as_secs_f64() / theirs[at].as_secs_f64();
    println!("{:<8} {:>9.2}x {:>9.2}x", "ratio", ratio(0), ratio(n_pairs / 2));
    Ok(())
}

fn print_row(name: &str, sorted: &[Duration]) {
    let ms = |it: Duration| it.as_secs_f64() * 1000.0;
    println!(
        "{name:<8} {:>7.1} ms {:>7.1} ms   (minimum, median)",
        ms(sorted[0]),
        ms(sorted[sorted.len() / 2])
    );
}

fn time(program: &Path, args: &[&str], files: &Path) -> Result<Duration> {
    let start = Instant::now();
    let status = Command::new(program)
        .args(args)
        .arg(files)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let elapsed = start.elapsed();
    // The library's own tests hold files that cannot be decoded; ftlint says so with status 2, after all the work.
    ensure!(matches!(status.code(), Some(0 | 2)), "{} ended with {status}", program.display());
    Ok(elapsed)
}

/// ruff where Python has it installed or from `PATH`, or else installed into a scratch environment with the machine's own
/// pip configuration. Python is asked first: what stands on `PATH` may be a script that looks for ruff, and its time
/// would count as ruff's.
fn find_ruff(scratch: &Path) -> Result<PathBuf> {
    let code = "import ruff; print(ruff.find_ruff_bin())";
    if let Ok(output) = Command::new("python3").args(["-c", code]).stderr(Stdio::null()).output()
        && output.status.success()
    {
        return Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()));
    }
    if Command::new("ruff")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
    {
        return Ok(PathBuf::from("ruff"));
    }
    let environment = scratch.join("venv");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).status();
    ensure!(made.is_ok_and(|it| it.success()), "cannot make an environment for ruff");
    let python = environment.join("bin/python");
    let installed = Command::new(python).args(["-m", "pip", "install", "--quiet", "ruff"]).status();
    ensure!(installed.is_ok_and(|it| it.success()), "cannot install ruff; put it on PATH");
    Ok(environment.join("bin/ruff"))
}

fn standard_library() -> Result<PathBuf> {
    let code = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output =
        Command::new("python3").args(["-c", code]).output().context("cannot run python3")?;
    ensure!(output.status.success(), "python3 does not know its standard library");
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Copies the Python files, without tests and installed packages; both tools then see the same folder. Returns how many
/// files and lines there are.
pub(crate) fn copy_python(from: &Path, to: &Path) -> Result<(usize, usize)> {
    std::fs::create_dir_all(to)?;
    let (mut n_files, mut n_lines) = (0, 0);
    for entry in
        std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let skipped = ["site-packages", "__pycache__"].iter().any(|it| name == *it);
        if path.is_dir() && !skipped {
            let (files, lines) = copy_python(&path, &to.join(name))?;
            n_files += files;
            n_lines += lines;
        } else if path.extension().is_some_and(|it| it == "py") {
            let bytes = std::fs::read(&path)?;
            n_lines += String::from_utf8_lossy(&bytes).lines().count();
            n_files += 1;
            std::fs::write(to.join(name), bytes)?;
        }
    }
    Ok((n_files, n_lines))
}
