//! The language server: one session around one database, fed by an ordered queue of [`event::Event`]s.
//!
//! **A skeleton.** Nothing is served yet: `ftlint server` says so and exits with 2. What stands here is the shape that
//! the server will fill, and the invariants it has to keep, so that they are decided before the first request is.
//!
//! Invariants:
//! - An edit is in the queue *before the first `.await`* of its handler. tower-lsp polls up to four handlers at once,
//!   and the order of arrival ends at an `.await`; concurrency 1 is no way out, for it ends `$/cancelRequest`.
//! - One thread owns the database: the session's. Readers get a clone of the handle and an answer of plain data.
//! - A write to the database cancels the readers. The unwind of that cancellation, and the panic of a request, are
//!   caught in one place: where the session runs a request.
//! - Only this crate names the protocol's types, and only its `convert` module (to come) knows UTF-16. [`event`] and
//!   [`session`] speak of paths, texts and the analyzer's diagnostics.
//! - What the editor holds wins over the disk, and only [`session`] reads files.
//! - A diagnostic is published with the version of the text that it was computed from, or not at all.

pub mod event;
pub mod session;
