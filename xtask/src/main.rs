//! `cargo xtask <task>`: reads the arguments and prints what a task complains about.
#![expect(clippy::print_stderr, reason = "the output of a command")]

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask <task>

  docs [--check]               write docs/rules from the rules, or say what is out of date
  editor-schema [--check]      write the settings of the VS Code extension, or say what is out of date
  tidy                         check the habits that a machine can see
  extensions NAME ...          compare rows of the table of packages with what pip would install today
  new-rule FTL999 some-name    make a rule's file, its registry lines and its fixtures
  bench [--corpus DIR] [--pairs N]
                               time ftlint beside ruff on the standard library
  bench-lsp [--corpus DIR] [--rounds N]
                               time the language server beside those of ruff and ty";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(problems) if problems.is_empty() => ExitCode::SUCCESS,
        Ok(problems) => {
            eprintln!("{}\n{} problems", problems.join("\n"), problems.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[&str]) -> Result<Vec<String>> {
    let root = xtask::root();
    match args {
        ["docs"] => xtask::docs::write(&root).map(|()| Vec::new()),
        ["docs", "--check"] => Ok(xtask::docs::check(&root)),
        ["editor-schema"] => xtask::editor_schema::write(&root).map(|()| Vec::new()),
        ["editor-schema", "--check"] => Ok(xtask::editor_schema::check(&root)),
        ["tidy"] => xtask::tidy::check(&root),
        ["extensions", names @ ..] => xtask::extensions::run(&root, names),
        ["new-rule", code, name] => xtask::new_rule::run(&root, code, name).map(|()| Vec::new()),
        ["bench", options @ ..] => xtask::bench::run(&root, options).map(|()| Vec::new()),
        ["bench-lsp", options @ ..] => xtask::bench_lsp::run(&root, options).map(|()| Vec::new()),
        _ => bail!("{USAGE}"),
    }
}
