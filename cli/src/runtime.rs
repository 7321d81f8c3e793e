//! `ftlint runtime`: shows and installs interpreters.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use ftlint_runtime::error::RuntimeError;
use ftlint_runtime::install::{Installed, Progress, Request, install};
use ftlint_runtime::interpreter::{self, Extent, Outcome, find, system_env};
use indicatif::ProgressBar;

use crate::args::{RuntimeArgs, RuntimeCommand};
use crate::console::Console;

/// Runs the command.
pub(crate) fn run(args: &RuntimeArgs) -> anyhow::Result<u8> {
    match &args.command {
        RuntimeCommand::List { python } => list(python.as_deref()),
        RuntimeCommand::Env(args) => crate::environment::run(args),
        RuntimeCommand::Install { version, source, yes: _ } => {
            let installed =
                install_with_progress(version.as_deref(), source.as_deref(), Console::default())?;
            let mut out = io::stdout().lock();
            let had = if installed.already { " (was there already)" } else { "" };
            let Installed { interpreter, .. } = &installed;
            writeln!(out, "{interpreter} at {}{had}", interpreter.executable.display())?;
            Ok(0)
        }
    }
}

/// The candidates, the chosen one marked, and why.
fn list(python: Option<&Path>) -> anyhow::Result<u8> {
    let found =
        find(&interpreter::Request { python, env: &system_env, extent: Extent::Everything })?;
    let mut out = io::stdout().lock();
    for candidate in &found.candidates {
        let (mark, text) = match &candidate.outcome {
            Outcome::Usable(it) => {
                let is_chosen = found.chosen.as_ref() == Some(it);
                (if is_chosen { "*" } else { " " }, it.to_string())
            }
            Outcome::Rejected(reason) => (" ", format!("not usable: {reason}")),
        };
        writeln!(out, "{mark} {}  {text}  [{}]", candidate.path.display(), candidate.why)?;
    }
    match &found.chosen {
        Some(it) => writeln!(out, "--replay takes {it}: {}", found.why)?,
        None => writeln!(
            out,
            "--replay has nothing to run on: {}; try `ftlint runtime install`",
            found.why
        )?,
    }
    Ok(0)
}

/// Installs, with a spinner when standard error is a terminal.
pub(crate) fn install_with_progress(
    version: Option<&str>,
    source: Option<&str>,
    console: Console,
) -> Result<Installed, RuntimeError> {
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(120));
    let request = Request { version, source, env: &system_env };
    let res = install(&request, &mut |news| match news {
        Progress::Step(step) if spinner.is_hidden() => Console::line(step),
        Progress::Step(step) => {
            spinner.set_prefix(step.to_owned());
            spinner.set_message(step.to_owned());
        }
        Progress::Note(note) => spinner.suspend(|| console.warning(note)),
        Progress::Output(line) => {
            let line: String = line.chars().take(60).collect();
            spinner.set_message(format!("{}: {line}", spinner.prefix()));
        }
    });
    spinner.finish_and_clear();
    if let Ok(it) = &res
        && !it.missing_modules.is_empty()
    {
        console.warning(&format!("this interpreter lacks {}", it.missing_modules.join(", ")));
    }
    res
}
