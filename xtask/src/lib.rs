//! Development tasks, as functions so that `tests/gate.rs` runs the same checks as the command.
//!
//! Nothing here is part of ftlint; whatever a user needs is a subcommand of `ftlint` itself.
#![expect(clippy::print_stdout, reason = "the output of a command")]

pub mod bench;
pub mod bench_lsp;
pub mod docs;
pub mod editor_schema;
pub mod extensions;
pub mod new_rule;
pub mod tidy;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    dir.canonicalize().unwrap_or(dir)
}

/// A rule as files name it: `ftl101_shared_attribute_augassign`.
pub fn file_stem(code: &str, name: &str) -> String {
    format!("{}_{}", code.to_ascii_lowercase(), name.replace('-', "_"))
}
