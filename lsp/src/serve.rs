//! Starts the server on a pair of streams.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Poll};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tower_lsp::jsonrpc::{Request, Response};
use tower_lsp::{LspService, Server};
use tower_service::Service;

use crate::backend::Backend;

/// How many handlers may wait at once: replays and requests that wait for changes are among them.
const CONCURRENCY: usize = 256;

/// Serves on standard input and output until the client leaves. The result is the exit status that the protocol wants:
/// 1 when the client left without a word.
pub fn serve(version: &'static str) -> std::io::Result<u8> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let res = runtime.block_on(serve_on(tokio::io::stdin(), tokio::io::stdout(), version));
    // A thread still reads standard input, and waiting for it could last for ever.
    runtime.shutdown_background();
    Ok(res)
}

/// Serves on these streams until the client leaves.
pub async fn serve_on(
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite,
    version: &'static str,
) -> u8 {
    let (queue, events) = channel();
    let (service, socket) = LspService::build(|it| Backend::new(it, queue, events, version))
        .custom_method("ftlint/didChangeTrust", Backend::trust)
        .custom_method("notebookDocument/didOpen", Backend::notebook_opened)
        .custom_method("notebookDocument/didChange", Backend::notebook_changed)
        .custom_method("notebookDocument/didSave", Backend::notebook_saved)
        .custom_method("notebookDocument/didClose", Backend::notebook_closed)
        .custom_method("window/workDoneProgress/cancel", Backend::cancel_progress)
        .finish();
    let end = Arc::new(End::default());
    let service = Layer { service, end: Arc::clone(&end) };
    let server = Server::new(input, output, socket).concurrency_level(CONCURRENCY).serve(service);
    // tower-lsp goes on reading after `exit`, and a client need not close the stream.
    tokio::select! {
        () = server => {}
        () = end.exit.notified() => {}
    }
    u8::from(!end.said.load(Ordering::Relaxed))
}

/// How the client leaves.
#[derive(Default)]
struct End {
    /// It has said `shutdown`.
    said: AtomicBool,
    /// It has said `exit`.
    exit: Notify,
}

/// What tower-lsp leaves to be done, on the way in and out.
struct Layer<S> {
    service: S,
    end: Arc<End>,
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let is_first = request.method() == "initialize";
        match request.method() {
            "shutdown" => self.end.said.store(true, Ordering::Relaxed),
            "exit" => self.end.exit.notify_one(),
            _ => {}
        }
        let request = without_null(request);
        let request = if is_first { with_refresh(request) } else { request };
        let answer = self.service.call(request);
        if !is_first {
            return Box::pin(answer);
        }
        Box::pin(async move { answer.await.map(|it| it.map(with_notebooks)) })
    }
}

/// Some clients send `"params": null` where there are none, and tower-lsp refuses it.
fn without_null(request: Request) -> Request {
    match request.into_parts() {
        (method, Some(id), Some(Value::Null)) => Request::build(method).id(id).finish(),
        (method, None, Some(Value::Null)) => Request::build(method).finish(),
        (method, Some(id), Some(params)) => Request::build(method).params(params).id(id).finish(),
        (method, None, Some(params)) => Request::build(method).params(params).finish(),
        (method, Some(id), None) => Request::build(method).id(id).finish(),
        (method, None, None) => Request::build(method).finish(),
    }
}

/// The protocol says `workspace.diagnostics`, and the types that tower-lsp has say `workspace.diagnostic`.
fn with_refresh(request: Request) -> Request {
    let (method, id, mut params) = request.into_parts();
    if let Some(workspace) =
        params.as_mut().and_then(|it| it.pointer_mut("/capabilities/workspace"))
        && let Some(known) = workspace.get("diagnostics").cloned()
    {
        workspace["diagnostic"] = known;
    }
    let mut res = Request::build(method);
    if let Some(id) = id {
        res = res.id(id);
    }
    if let Some(params) = params {
        res = res.params(params);
    }
    res.finish()
}

/// Says that notebooks are understood: the types of the protocol that tower-lsp has are older than those.
fn with_notebooks(response: Response) -> Response {
    let (id, mut res) = response.into_parts();
    if let Ok(value) = &mut res
        && let Some(capabilities) = value.get_mut("capabilities")
    {
        capabilities["notebookDocumentSync"] = json!({"notebookSelector": [{"notebook": "*", "cells": [{"language": "python"}]}], "save": false});
    }
    Response::from_parts(id, res)
}
