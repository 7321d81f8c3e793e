//! Starts the server on a pair of streams.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::channel;
use std::task::{Context, Poll};

use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::jsonrpc::{Request, Response};
use tower_lsp::{LspService, Server};
use tower_service::Service;

use crate::backend::Backend;

/// How many handlers may wait at once: replays and requests that wait for changes are among them.
const CONCURRENCY: usize = 256;

/// Serves on standard input and output until the client leaves.
pub fn stdio(version: &'static str) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve_on(tokio::io::stdin(), tokio::io::stdout(), version));
    // A thread still reads standard input, and waiting for it could last for ever.
    runtime.shutdown_background();
    Ok(())
}

/// Serves on these streams until the client leaves.
pub async fn serve_on(
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite,
    version: &'static str,
) {
    let (queue, events) = channel();
    let (service, socket) = LspService::build(|it| Backend::new(it, queue, events, version))
        .custom_method("ftlint/didChangeTrust", Backend::trust)
        .custom_method("notebookDocument/didOpen", Backend::notebook_opened)
        .custom_method("notebookDocument/didChange", Backend::notebook_changed)
        .custom_method("notebookDocument/didSave", Backend::notebook_saved)
        .custom_method("notebookDocument/didClose", Backend::notebook_closed)
        .custom_method("window/workDoneProgress/cancel", Backend::cancel_progress)
        .finish();
    Server::new(input, output, socket).concurrency_level(CONCURRENCY).serve(WithNotebooks(service)).await;
}

/// Says that notebooks are understood. The types of the protocol that tower-lsp has are older than notebooks, so this
/// is put into the answer to `initialize` on its way out.
struct WithNotebooks<S>(S);

impl<S> Service<Request> for WithNotebooks<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let is_first = request.method() == "initialize";
        let answer = self.0.call(request);
        if !is_first {
            return Box::pin(answer);
        }
        Box::pin(async move { answer.await.map(|it| it.map(with_notebooks)) })
    }
}

fn with_notebooks(response: Response) -> Response {
    let (id, mut res) = response.into_parts();
    if let Ok(value) = &mut res
        && let Some(capabilities) = value.get_mut("capabilities")
    {
        capabilities["notebookDocumentSync"] =
            json!({"notebookSelector": [{"notebook": "*", "cells": [{"language": "python"}]}], "save": false});
    }
    Response::from_parts(id, res)
}
