//! Messages to the client, sent in order by one task, so that nobody who speaks has to wait.

use std::path::PathBuf;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_lsp::Client as Connection;
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::notification::Progress;
use tower_lsp::lsp_types::request::WorkDoneProgressCreate;
use tower_lsp::lsp_types::{
    Diagnostic, MessageType, NumberOrString, ProgressParams, ProgressParamsValue, Url,
    WorkDoneProgress, WorkDoneProgressBegin, WorkDoneProgressCreateParams, WorkDoneProgressEnd,
    WorkDoneProgressReport,
};

use crate::protocol::FindingsChanged;
use crate::snapshot::Client;

/// Something to say.
pub enum Message {
    /// The diagnostics of a document.
    Publish(Url, Option<i32>, Vec<Diagnostic>),
    /// Something for the user to see.
    Show(MessageType, String),
    /// Something for the log.
    Log(MessageType, String),
    /// There are new results: whoever shows any may ask again.
    Changed,
    /// Work began, under this token. The client is asked for the token first.
    Begin(String, String),
    /// It goes on: text and percentage.
    Report(String, String, Option<u32>),
    /// It is over.
    End(String, String),
    /// Files shall be watched.
    Watch,
}

/// Where messages are put.
#[derive(Clone)]
pub struct Outbox(UnboundedSender<Message>);

impl Outbox {
    /// An outbox, and what is put into it.
    pub fn new() -> (Self, UnboundedReceiver<Message>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    /// Says something. When the connection is gone there is nobody left to tell.
    pub fn send(&self, message: Message) {
        let _ = self.0.send(message);
    }
}

/// Sends what is put into the outbox, until it is dropped.
pub async fn deliver(
    connection: Connection,
    client: Client,
    mut inbox: UnboundedReceiver<Message>,
) {
    while let Some(message) = inbox.recv().await {
        send(&connection, &client, message).await;
    }
}

async fn send(connection: &Connection, client: &Client, message: Message) {
    match message {
        Message::Publish(uri, version, list) => {
            connection.publish_diagnostics(uri, list, version).await;
        }
        Message::Show(kind, text) => connection.show_message(kind, text).await,
        Message::Log(kind, text) => connection.log_message(kind, text).await,
        Message::Changed => changed(connection, client).await,
        Message::Begin(token, title) if client.progress => {
            let params =
                WorkDoneProgressCreateParams { token: NumberOrString::String(token.clone()) };
            let connection = connection.clone();
            // Progress may be sent before the client has agreed to the token, but not before it was asked.
            let asked = connection.send_request::<WorkDoneProgressCreate>(params);
            let begin = WorkDoneProgressBegin { title, percentage: Some(0), ..Default::default() };
            if asked.await.is_ok() {
                progress(&connection, token, WorkDoneProgress::Begin(begin)).await;
            }
        }
        Message::Report(token, text, percentage) if client.progress => {
            let report =
                WorkDoneProgressReport { message: Some(text), percentage, ..Default::default() };
            progress(connection, token, WorkDoneProgress::Report(report)).await;
        }
        Message::End(token, text) if client.progress => {
            let end = WorkDoneProgressEnd { message: Some(text) };
            progress(connection, token, WorkDoneProgress::End(end)).await;
        }
        Message::Begin(..) | Message::Report(..) | Message::End(..) => {}
        Message::Watch => {
            let connection = connection.clone();
            tokio::spawn(async move { connection.register_capability(vec![watched()]).await });
        }
    }
}

/// Requests of ours are not waited for: a client may answer late, and diagnostics shall not wait for that.
async fn changed(connection: &Connection, client: &Client) {
    connection.send_notification::<FindingsChanged>(Value::Object(serde_json::Map::new())).await;
    let (connection, client) = (connection.clone(), client.clone());
    tokio::spawn(async move {
        if client.pulls && client.refreshes_diagnostics {
            let _ = connection.workspace_diagnostic_refresh().await;
        }
        if client.refreshes_lenses {
            let _ = connection.code_lens_refresh().await;
        }
        if client.refreshes_hints {
            let _ = connection.inlay_hint_refresh().await;
        }
    });
}

/// Sends progress under a token that the client knows.
pub async fn progress(connection: &Connection, token: String, it: WorkDoneProgress) {
    let params = ProgressParams {
        token: NumberOrString::String(token),
        value: ProgressParamsValue::WorkDone(it),
    };
    connection.send_notification::<Progress>(params).await;
}

/// Python files, and what configures us.
fn watched() -> lsp::Registration {
    let watchers = ["**/*.py", "**/*.pyi", "**/pyproject.toml", "**/ftlint.toml"].map(|it| {
        lsp::FileSystemWatcher { glob_pattern: lsp::GlobPattern::String(it.to_owned()), kind: None }
    });
    let options = lsp::DidChangeWatchedFilesRegistrationOptions { watchers: watchers.to_vec() };
    lsp::Registration {
        id: "ftlint-files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}

impl Client {
    /// Reads what a client says of itself.
    pub fn new(params: &lsp::InitializeParams, options: &crate::settings::InitOptions) -> Self {
        let capabilities = serde_json::to_value(&params.capabilities).unwrap_or_default();
        let has = |path: &str| capabilities.pointer(path).and_then(Value::as_bool) == Some(true);
        let general = params.capabilities.general.as_ref();
        let offered = general.and_then(|it| it.position_encodings.as_deref());
        let pulls =
            params.capabilities.text_document.as_ref().is_some_and(|it| it.diagnostic.is_some());
        let refreshes = has("/workspace/diagnostic/refreshSupport");
        Self {
            encoding: crate::text::Encoding::negotiate(offered),
            commands: options.client_commands,
            // A client that cannot be told to ask again would never see the effect of a replay or of another file.
            pulls: pulls && refreshes && options.diagnostics.as_deref() != Some("push"),
            refreshes_diagnostics: refreshes,
            refreshes_lenses: has("/workspace/codeLens/refreshSupport"),
            refreshes_hints: has("/workspace/inlayHint/refreshSupport"),
            progress: has("/window/workDoneProgress"),
            watches: has("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            configuration: has("/workspace/configuration"),
            related: has("/textDocument/publishDiagnostics/relatedInformation") || pulls,
            // A client that asks for the edit later has to send back what we tell it of the action.
            resolves: has("/textDocument/codeAction/dataSupport")
                && capabilities
                    .pointer("/textDocument/codeAction/resolveSupport/properties")
                    .and_then(Value::as_array)
                    .is_some_and(|it| it.iter().any(|it| it == "edit")),
        }
    }
}

/// Folders of the client: those it names, or else its root.
pub fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    let path = |uri: &Url| uri.to_file_path().ok();
    if let Some(folders) = &params.workspace_folders {
        return folders.iter().filter_map(|it| path(&it.uri)).collect();
    }
    params.root_uri.iter().filter_map(path).collect()
}
