//! The `ftlint` command: turns the outcome of a command into an exit status, and nothing else.

mod args;
mod check;
mod console;
mod entry;
mod environment;
mod extensions;
mod fix;
mod interpreter;
mod output;
mod readiness;
mod replay;
mod rule;
mod runtime;
mod verdicts;

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use args::{Cli, Command};
use console::Console;

/// Many threads allocate many small things while a project is analysed; glibc's allocator takes a fifth more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Wrong usage, configuration, or input that could not be read.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse_from(args::with_default_command(std::env::args_os()));
    let res = match &cli.command {
        Command::Check(args) => check::run(args),
        Command::Rule(args) => rule::run(args),
        Command::Extensions(args) => extensions::run(args),
        Command::Readiness(args) => readiness::run(args),
        Command::Runtime(args) => runtime::run(args),
        Command::Server => server(),
    };
    match res {
        Ok(code) => ExitCode::from(code),
        // `ftlint | head`: the reader has seen enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            Console::default().error(&format!("{error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

fn server() -> anyhow::Result<u8> {
    pool();
    ftlint_lsp::serve(env!("CARGO_PKG_VERSION")).context("the language server cannot run")
}

/// Stack of the threads that parse. The analyzer makes room of its own on a thread with less, for each file anew; what
/// is not used costs nothing.
const STACK: usize = 64 * 1024 * 1024;

/// Starts the threads that analyse.
fn pool() {
    // Fails only when the pool is there already, and that one serves as well.
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|it| it.downcast_ref::<io::Error>())
        .any(|it| it.kind() == io::ErrorKind::BrokenPipe)
}
