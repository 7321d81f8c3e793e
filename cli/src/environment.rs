//! `ftlint runtime env`: makes the environment of a project for its replays, after asking.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};
use ftlint_runtime::environment::{self, Builds, Environment, Wanted};
use ftlint_runtime::install::Progress;
use ftlint_runtime::interpreter::{Extent, Request, find, system_env};

use crate::FAILED;
use crate::args::EnvArgs;
use crate::console::Console;

/// Runs the command. What is missing is no success: a replay would go without it.
pub(crate) fn run(args: &EnvArgs) -> anyhow::Result<u8> {
    let python = args.python.as_deref();
    let request = Request { python, env: &system_env, extent: Extent::UntilChosen };
    let found = find(&request)?;
    let interpreter = found
        .chosen
        .filter(|it| it.free_threaded)
        .context("there is no free-threaded Python; try `ftlint runtime install`")?;
    let builds = if args.allow_builds { Builds::Allowed } else { Builds::Refused };
    let wanted = environment::wanted(&interpreter, &args.project, builds, &system_env)?;
    let console = Console::default();
    let made = match wanted.made() {
        Some(it) => it,
        None if args.yes || agrees(&wanted)? => {
            environment::make(&interpreter, &wanted, &mut |news| match news {
                Progress::Step(text) => Console::line(text),
                Progress::Note(text) => console.warning(text),
                Progress::Output(_) => {}
            })?
        }
        None => bail!("nothing was installed"),
    };
    tell(&made, console)?;
    Ok(if made.missing.is_empty() { 0 } else { FAILED })
}

fn tell(made: &Environment, console: Console) -> io::Result<()> {
    for (requirement, reason) in &made.missing {
        console.warning(&format!("`{requirement}` cannot be had: {reason}"));
    }
    for name in &made.gil {
        console.warning(&format!("`{name}` switches the GIL on when it is imported"));
    }
    writeln!(io::stdout().lock(), "{}", made.python.display())
}

/// Asks a person at a terminal; elsewhere `--yes` has to say it.
fn agrees(wanted: &Wanted) -> anyhow::Result<bool> {
    let place = wanted.directory.display();
    let list = match &wanted.requirements[..] {
        [] => "nothing but an interpreter".to_owned(),
        some => some.join(", "),
    };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        bail!("this installs {list}, and what that needs, into {place}; say --yes");
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "Install {list} into {place}? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    let is_read = io::stdin().lock().read_line(&mut answer)? > 0;
    Ok(is_read && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
