//! `ftlint extensions`: what each extension file declares about the GIL, and why.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use ftlint_dependencies::binary;
use ftlint_dependencies::declaration::Declaration;
use ftlint_dependencies::wheel;
use ftlint_project::installed::environment;
use serde::Serialize;

use crate::FAILED;
use crate::console::Console;

/// Options of `extensions`.
#[derive(Args, Debug)]
pub(crate) struct ExtensionsArgs {
    /// Wheels, extension files and directories; without any, the project's environment
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Interpreter or directory of the environment to read
    #[arg(long, value_name = "PATH", conflicts_with = "paths")]
    python: Option<PathBuf>,

    /// Output format
    #[arg(long, value_enum, default_value_t = ExtensionsFormat::Text, value_name = "FORMAT")]
    output_format: ExtensionsFormat,
}

/// A format of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExtensionsFormat {
    /// For people
    Text,
    /// A list of objects
    Json,
}

/// One file. The order of the fields is that of the output.
#[derive(Serialize)]
struct Row {
    /// The file, or the wheel.
    path: String,
    /// Inside of the wheel.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    declaration: &'static str,
    reason: String,
}

/// What was found, in order, and what could not be read.
#[derive(Default)]
struct Found {
    rows: Vec<Row>,
    problems: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &ExtensionsArgs) -> anyhow::Result<u8> {
    let console = Console::default();
    let mut found = Found::default();
    if args.paths.is_empty() {
        let cwd = std::env::current_dir().context("the working directory cannot be read")?;
        let env = environment(&cwd, args.python.as_deref())
            .context("there is no environment here; name wheels, files or directories")?;
        for directory in &env.site_packages {
            walk(directory, &mut found);
        }
    }
    for path in &args.paths {
        one(path, &mut found);
    }
    for problem in &found.problems {
        console.error(problem);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match args.output_format {
        ExtensionsFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &found.rows)?;
            writeln!(out)?;
        }
        ExtensionsFormat::Text => text(&mut out, &found.rows)?,
    }
    out.flush()?;
    if args.output_format == ExtensionsFormat::Text {
        let count = |word: &str| found.rows.iter().filter(|it| it.declaration == word).count();
        Console::line(&format!(
            "{} declare, {} do not, {} cannot be told",
            count("declares"),
            count("does not declare"),
            count("cannot tell")
        ));
    }
    Ok(if found.problems.is_empty() { 0 } else { FAILED })
}

/// A path that the user named: trouble with it is told, whatever it is.
fn one(path: &Path, found: &mut Found) {
    if path.is_dir() {
        walk(path, found);
    } else if path.extension().is_some_and(|it| it == "whl") {
        of_wheel(path, found);
    } else {
        of_file(path, found);
    }
}

/// The extension files and wheels below a directory, by name. Links are not followed, so that the walk ends.
fn walk(directory: &Path, found: &mut Found) {
    let walk = ignore::WalkBuilder::new(directory)
        .standard_filters(false)
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(it) => it,
            Err(error) => {
                found.problems.push(error.to_string());
                continue;
            }
        };
        let path = entry.path();
        if !entry.file_type().is_some_and(|it| it.is_file()) {
            continue;
        }
        if path.extension().is_some_and(|it| it == "whl") {
            of_wheel(path, found);
        } else if binary::module_name(path).is_some() && !is_plain_library(path) {
            of_file(path, found);
        }
    }
}

/// A library without a module, which packages bring for their modules. Only a name without a tag leaves that open.
fn is_plain_library(path: &Path) -> bool {
    matches!(binary::module_name(path), Some((_, binary::Tag::None)))
        && path.metadata().is_ok_and(|it| it.len() <= binary::LARGEST)
        && std::fs::read(path).is_ok_and(|it| binary::exports_no_module(&it))
}

fn of_file(path: &Path, found: &mut Found) {
    match binary::read(path) {
        Ok(it) => found.rows.push(row(path, None, &it)),
        Err(error) => found.problems.push(format!("{}: {error}", path.display())),
    }
}

fn of_wheel(path: &Path, found: &mut Found) {
    let members = match wheel::read(path) {
        Ok(it) => it,
        Err(error) => {
            found.problems.push(format!("{}: {error}", path.display()));
            return;
        }
    };
    for member in members {
        match member.read {
            Ok(it) => found.rows.push(row(path, Some(member.path), &it)),
            Err(error) => {
                found.problems.push(format!("{}: {}: {error}", path.display(), member.path));
            }
        }
    }
}

fn row(path: &Path, member: Option<String>, declaration: &Declaration) -> Row {
    Row {
        path: PathBuf::from(path).to_string_lossy().into_owned(),
        member,
        declaration: declaration.word(),
        reason: declaration.reason().to_owned(),
    }
}

fn text(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let mut last = None;
    for row in rows {
        let Row { path, member, declaration, reason } = row;
        match member {
            None => writeln!(out, "{path}: {declaration}: {reason}")?,
            Some(member) => {
                if last != Some(path) {
                    writeln!(out, "{path}")?;
                }
                writeln!(out, "  {member}: {declaration}: {reason}")?;
            }
        }
        last = Some(path);
    }
    Ok(())
}
