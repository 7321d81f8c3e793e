//! The language server; a skeleton until its issue.
