//! The language server: one session around one database, fed by an ordered queue of [`event::Event`]s.
//!
//! Invariants:
//! - An edit is in the queue *before the first `.await`* of its handler. tower-lsp polls up to four handlers at once,
//!   and the order of arrival ends at an `.await`; concurrency 1 is no way out, for it ends `$/cancelRequest`.
//! - One thread owns the database: the session's. Whoever computes gets a clone of the handle and answers with plain
//!   data.
//! - A write to the database cancels those who compute. The unwind of that cancellation, and the panic of a request,
//!   are caught where the work is started, and the server lives.
//! - What the editor holds wins over the disk.
//! - A replay runs on a thread of its own and never holds the session up.

mod actions;
mod backend;
mod convert;
mod documents;
mod event;
mod lenses;
mod replay;
mod session;
mod settings;
mod shown;
mod views;
mod workspace;

use std::io;

use tower_lsp::{LspService, Server};

use backend::Backend;

/// Serves one client on standard input and output until it leaves. `version` is told to the client.
pub fn serve(version: &'static str) -> io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (service, socket) = LspService::build(|client| Backend::new(client, version))
            .custom_method("window/workDoneProgress/cancel", Backend::progress_cancelled)
            .custom_method("ftlint/didChangeTrust", Backend::trust_changed)
            .finish();
        Server::new(tokio::io::stdin(), tokio::io::stdout(), socket).serve(service).await;
    });
    // A replay that still runs must not keep the process alive; its child is bound to this process and goes with it.
    runtime.shutdown_background();
    Ok(())
}
