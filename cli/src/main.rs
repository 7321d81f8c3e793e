//! The `ftlint` command.
fn main() {}
