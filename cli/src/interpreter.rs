//! Which interpreter a replay runs on: one that is found, one that is installed on the spot, or a fallback.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;
use ftlint_runtime::install;
use ftlint_runtime::interpreter::{Extent, Found, Interpreter, Origin, Request, find, system_env};

use crate::args::CheckArgs;
use crate::console::Console;
use crate::runtime::install_with_progress;

/// Finds an interpreter, offering to install a free-threaded one when there is none.
pub(crate) fn choose(args: &CheckArgs, console: Console) -> anyhow::Result<Interpreter> {
    let request =
        Request { python: args.python.as_deref(), env: &system_env, extent: Extent::UntilChosen };
    let found = find(&request)?;
    match found.chosen {
        Some(it) if it.free_threaded => Ok(it),
        // Asked for by name: then it is what the user wants.
        Some(it) if matches!(it.origin, Origin::Argument | Origin::Variable) => {
            console.warning(&format!("{it} has the GIL; real contention is not tried"));
            Ok(it)
        }
        chosen => {
            if wants_install(args) {
                match install_with_progress(None, None, console) {
                    Ok(installed) => return Ok(installed.interpreter),
                    Err(error) => console
                        .warning(&format!("no free-threaded Python was installed: {error:#}")),
                }
            }
            fallback(Found { chosen, ..found }, console)
        }
    }
}

fn fallback(found: Found, console: Console) -> anyhow::Result<Interpreter> {
    let it = found
        .chosen
        .with_context(|| format!("cannot replay: {}; try `ftlint runtime install`", found.why))?;
    console.warning(&format!(
        "replaying on {it} ({}), which has the GIL: schedules are forced, real contention is not tried; \
         `ftlint runtime install` gets a free-threaded one",
        it.executable.display()
    ));
    Ok(it)
}

/// `--yes` and CI say yes; a person at a terminal is asked.
fn wants_install(args: &CheckArgs) -> bool {
    if args.yes
        || std::env::var_os("CI").is_some_and(|it| !it.is_empty() && it != "false" && it != "0")
    {
        return true;
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) || args.reads_stdin() {
        return false;
    }
    let version = install::offered().first().copied().unwrap_or("3.14");
    let place = install::cache_directory(&system_env)
        .map(|it| format!(" into {}", it.display()))
        .unwrap_or_default();
    Console::line(
        "No free-threaded Python was found, and --replay needs one to show real contention.",
    );
    let mut stderr = io::stderr().lock();
    let _ = write!(
        stderr,
        "Install CPython {version}t{place}? It is downloaded or built, and used by ftlint alone. [Y/n] "
    );
    let _ = stderr.flush();
    let mut answer = String::new();
    let is_read = io::stdin().lock().read_line(&mut answer).is_ok_and(|n| n > 0);
    is_read && matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes")
}
