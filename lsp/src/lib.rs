//! The language server: one session around one database, fed by an ordered queue of [`event::Event`]s.
//!
//! Invariants:
//! - An edit is in the queue *before the first `.await`* of its handler. tower-lsp polls handlers concurrently, and the
//!   order of arrival ends at an `.await`; concurrency 1 is no way out, for it ends `$/cancelRequest`.
//! - One thread owns the database: the session's. Readers get a [`snapshot::Snapshot`] and answer with plain data.
//! - A write to the database cancels the readers. The unwind of that cancellation, and the panic of a request, are
//!   caught in one place: [`jobs`].
//! - Only [`text`] and [`convert`] know how the client counts columns.
//! - What the editor holds wins over the disk.
//! - Diagnostics are published with the version of the text that they were computed from, or not at all.
//! - Code of the user runs only in [`replays`], on a thread of its own, after the user asked for it.

pub mod actions;
mod backend;
pub mod client;
pub mod convert;
pub mod documents;
pub mod event;
pub mod hints;
pub mod hover;
pub mod jobs;
pub mod kept;
pub mod lenses;
pub mod notebooks;
pub mod protocol;
pub mod replays;
pub mod serve;
pub mod session;
pub mod settings;
pub mod snapshot;
pub mod text;
pub mod workspace;

pub use serve::{serve, serve_on};
