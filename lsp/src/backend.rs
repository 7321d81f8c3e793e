//! The protocol's trait: converts, forwards, and nothing else. Notifications put their event into the queue before
//! anything is awaited.

mod commands;
mod pulled;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use ftlint_project::discover::is_python;
use ftlint_runtime::process::Cancel;
use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::{MessageType, Url};
use tower_lsp::{Client as Connection, LanguageServer};

use crate::client::{Message, Outbox, deliver, folders};
use crate::event::Event;
use crate::notebooks::NotebookEvent;
use crate::protocol::{COMMANDS, Trust};
use crate::session::Session;
use crate::settings::{InitOptions, Settings};
use crate::snapshot::{Client, Reader, Snapshot, Trouble};

/// The server as tower-lsp sees it.
pub(crate) struct Backend {
    connection: Connection,
    queue: Sender<Event>,
    events: Mutex<Option<Receiver<Event>>>,
    session: OnceLock<Begun>,
    trusted: AtomicBool,
    /// Replays that run, by the token of their progress.
    replays: Mutex<BTreeMap<String, Cancel>>,
    version: &'static str,
}

/// What is known when the client has introduced itself.
struct Begun {
    client: Client,
    folders: Vec<PathBuf>,
    settings: Settings,
    outbox: Outbox,
}

impl Backend {
    pub(crate) fn new(
        connection: Connection,
        queue: Sender<Event>,
        events: Receiver<Event>,
        version: &'static str,
    ) -> Self {
        Self {
            connection,
            queue,
            events: Mutex::new(Some(events)),
            session: OnceLock::new(),
            trusted: AtomicBool::new(true),
            replays: Mutex::default(),
            version,
        }
    }

    fn put(&self, event: Event) {
        // When the session is over, nothing happens any more.
        let _ = self.queue.send(event);
    }

    fn replays(&self) -> MutexGuard<'_, BTreeMap<String, Cancel>> {
        self.replays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the session. Fails when there are no threads to be had.
    fn begin(&self, params: &lsp::InitializeParams) -> Result<Client> {
        let options: InitOptions = match params.initialization_options.clone() {
            None | Some(Value::Null) => InitOptions::default(),
            Some(value) => serde_json::from_value(value)
                .map_err(|it| Error::invalid_params(format!("initializationOptions: {it}")))?,
        };
        self.trusted.store(options.trusted.unwrap_or(true), Ordering::Relaxed);
        let settings = Settings::parse(&options.settings).map_err(Error::invalid_params)?;
        let client = Client::new(params, &options);
        let (outbox, inbox) = Outbox::new();
        let taken = self.events.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(events) = taken else { return Err(Error::invalid_request()) };
        let session =
            Session::new(client.clone(), settings.clone(), self.queue.clone(), outbox.clone())
                .ok_or_else(Error::internal_error)?;
        std::thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || session.run(&events))
            .map_err(|_| Error::internal_error())?;
        tokio::spawn(deliver(self.connection.clone(), client.clone(), inbox));
        let begun = Begun { client: client.clone(), folders: folders(params), settings, outbox };
        // Only one client introduces itself; a second one has failed above.
        let _ = self.session.set(begun);
        Ok(client)
    }

    /// The settings of the editor as it has them now; `None` when it cannot be asked.
    async fn ask_settings(&self) -> Option<Settings> {
        let begun = self.session.get()?;
        if !begun.client.configuration {
            return None;
        }
        let item = lsp::ConfigurationItem { scope_uri: None, section: Some("ftlint".to_owned()) };
        let answer = self.connection.configuration(vec![item]).await.ok()?;
        let value = answer.into_iter().next().filter(|it| !it.is_null())?;
        self.told(Settings::parse(&value))
    }

    /// Wrong settings are told, and what was set before holds.
    fn told(&self, settings: std::result::Result<Settings, String>) -> Option<Settings> {
        settings
            .map_err(|problem| {
                if let Some(begun) = self.session.get() {
                    let text = format!("ftlint: {problem}");
                    begun.outbox.send(Message::Show(MessageType::WARNING, text));
                }
            })
            .ok()
    }

    /// Asks the session. The request is in the queue before the first await.
    fn ask<T, F>(
        &self,
        wait: Option<u64>,
        mut work: F,
    ) -> impl Future<Output = Result<T>> + use<T, F>
    where
        T: Send + 'static,
        F: FnMut(&Snapshot) -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        let run = move |snapshot: std::result::Result<&Snapshot, Trouble>| {
            // The client has cancelled the request: nobody waits for the answer.
            if sender.as_ref().is_none_or(oneshot::Sender::is_closed) {
                return;
            }
            let answer = snapshot.map(&mut work);
            if let Some(sender) = sender.take() {
                let _ = sender.send(answer);
            }
        };
        let reader = Reader { run: Box::new(run), tries: 0 };
        self.put(match wait {
            Some(seen) => Event::Waits(seen, reader),
            None => Event::Asked(reader),
        });
        async move {
            match receiver.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(Trouble::Modified)) => Err(Error::content_modified()),
                Ok(Err(Trouble::Panicked)) | Err(_) => Err(Error::internal_error()),
                Ok(Err(Trouble::Over)) => Err(Error::request_cancelled()),
            }
        }
    }
}

#[expect(
    clippy::unused_async,
    reason = "tower-lsp wants futures, and events are in the queue before anything waits"
)]
impl Backend {
    pub(crate) async fn trust(&self, params: Trust) {
        self.trusted.store(params.trusted, Ordering::Relaxed);
        if !params.trusted {
            for cancel in self.replays().values() {
                cancel.cancel();
            }
        }
    }

    pub(crate) async fn notebook_opened(&self, params: crate::notebooks::Opened) {
        self.put(Event::Notebook(NotebookEvent::Opened(params)));
    }

    pub(crate) async fn notebook_changed(&self, params: crate::notebooks::Changed) {
        self.put(Event::Notebook(NotebookEvent::Changed(params)));
    }

    /// Nothing depends on it: the text of a notebook is the editor's.
    pub(crate) async fn notebook_saved(&self, _: Value) {}

    pub(crate) async fn notebook_closed(&self, params: crate::notebooks::Closed) {
        self.put(Event::Notebook(NotebookEvent::Closed(params)));
    }

    pub(crate) async fn cancel_progress(&self, params: lsp::WorkDoneProgressCancelParams) {
        if let lsp::NumberOrString::String(token) = params.token
            && let Some(cancel) = self.replays().get(&token)
        {
            cancel.cancel();
        }
    }
}

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let client = self.begin(&params)?;
        Ok(lsp::InitializeResult {
            capabilities: capabilities(&client),
            server_info: Some(lsp::ServerInfo {
                name: "ftlint".to_owned(),
                version: Some(self.version.to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        let Some(begun) = self.session.get() else { return };
        let settings = self.ask_settings().await.unwrap_or_else(|| begun.settings.clone());
        if let Err(problem) = settings.overrides() {
            self.told(Err(problem));
        }
        self.put(Event::Started(begun.folders.clone(), settings));
    }

    async fn shutdown(&self) -> Result<()> {
        for cancel in self.replays().values() {
            cancel.cancel();
        }
        self.put(Event::Shutdown);
        Ok(())
    }

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        let it = params.text_document;
        // Some clients show us configuration files as well; those are read from disk.
        let by_name = it.uri.to_file_path().is_ok_and(|it| is_python(&it));
        if by_name || it.language_id == "python" {
            self.put(Event::Opened(it.uri, it.version, it.text));
        }
    }

    async fn did_change(&self, params: lsp::DidChangeTextDocumentParams) {
        let it = params.text_document;
        self.put(Event::Edited(it.uri, it.version, params.content_changes));
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        self.put(Event::Closed(params.text_document.uri));
    }

    async fn did_save(&self, params: lsp::DidSaveTextDocumentParams) {
        // A configuration that is edited in a client that watches no files.
        self.put(Event::ChangedOnDisk(Vec::from_iter(params.text_document.uri.to_file_path())));
    }

    async fn did_change_watched_files(&self, params: lsp::DidChangeWatchedFilesParams) {
        let paths = params.changes.into_iter().filter_map(|it| it.uri.to_file_path().ok());
        self.put(Event::ChangedOnDisk(paths.collect()));
    }

    async fn did_change_workspace_folders(&self, params: lsp::DidChangeWorkspaceFoldersParams) {
        let paths = |list: Vec<lsp::WorkspaceFolder>| {
            list.into_iter().filter_map(|it| it.uri.to_file_path().ok()).collect()
        };
        self.put(Event::Folders(paths(params.event.added), paths(params.event.removed)));
    }

    async fn did_change_configuration(&self, params: lsp::DidChangeConfigurationParams) {
        let sent = || self.told(Settings::parse(&params.settings));
        let settings = match self.ask_settings().await {
            Some(settings) => Some(settings),
            None => sent(),
        };
        if let Some(settings) = settings {
            self.put(Event::Configured(settings));
        }
    }

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let it = params.text_document_position_params;
        self.ask(None, move |snapshot| {
            crate::hover::hover(snapshot, &it.text_document.uri, it.position)
        })
        .await
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        let uri = params.text_document.uri;
        self.ask(None, move |snapshot| Some(crate::lenses::lenses(snapshot, &uri))).await
    }

    async fn inlay_hint(
        &self,
        params: lsp::InlayHintParams,
    ) -> Result<Option<Vec<lsp::InlayHint>>> {
        let uri = params.text_document.uri;
        self.ask(None, move |snapshot| Some(crate::hints::hints(snapshot, &uri, params.range)))
            .await
    }

    async fn code_action(
        &self,
        params: lsp::CodeActionParams,
    ) -> Result<Option<lsp::CodeActionResponse>> {
        self.ask(None, move |snapshot| Some(crate::actions::actions(snapshot, &params))).await
    }

    async fn code_action_resolve(&self, params: lsp::CodeAction) -> Result<lsp::CodeAction> {
        let work = move |snapshot: &Snapshot| crate::actions::resolve(snapshot, &params);
        self.ask(None, work).await?.ok_or_else(Error::content_modified)
    }

    async fn diagnostic(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReportResult> {
        let (uri, seen) = (params.text_document.uri, params.previous_result_id);
        self.ask(None, move |snapshot| pulled::document(snapshot, &uri, seen.as_deref())).await
    }

    async fn workspace_diagnostic(
        &self,
        params: lsp::WorkspaceDiagnosticParams,
    ) -> Result<lsp::WorkspaceDiagnosticReportResult> {
        let seen: HashMap<Url, String> =
            params.previous_result_ids.into_iter().map(|it| (it.uri, it.value)).collect();
        self.workspace_report(seen).await
    }

    async fn execute_command(&self, params: lsp::ExecuteCommandParams) -> Result<Option<Value>> {
        self.execute(params).await.map(Some)
    }
}

/// What the server can do.
fn capabilities(client: &Client) -> lsp::ServerCapabilities {
    let sync = lsp::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
        save: Some(lsp::SaveOptions { include_text: Some(false) }.into()),
        ..Default::default()
    };
    let fix_all = lsp::CodeActionKind::new(crate::actions::FIX_ALL);
    let kinds = vec![lsp::CodeActionKind::QUICKFIX, fix_all];
    let actions = lsp::CodeActionOptions {
        code_action_kinds: Some(kinds),
        resolve_provider: Some(client.resolves),
        ..Default::default()
    };
    let diagnostics = lsp::DiagnosticOptions {
        identifier: Some("ftlint".to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: true,
        ..Default::default()
    };
    lsp::ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(sync.into()),
        hover_provider: Some(true.into()),
        code_lens_provider: Some(lsp::CodeLensOptions { resolve_provider: Some(false) }),
        code_action_provider: Some(actions.into()),
        inlay_hint_provider: Some(lsp::OneOf::Left(true)),
        diagnostic_provider: client
            .pulls
            .then_some(lsp::DiagnosticServerCapabilities::Options(diagnostics)),
        execute_command_provider: Some(lsp::ExecuteCommandOptions {
            commands: COMMANDS.map(str::to_owned).to_vec(),
            ..Default::default()
        }),
        workspace: Some(lsp::WorkspaceServerCapabilities {
            workspace_folders: Some(lsp::WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(lsp::OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..Default::default()
    }
}

/// An error that the user can do something about.
fn failed(message: impl Into<String>) -> Error {
    Error {
        code: ErrorCode::ServerError(crate::protocol::REQUEST_FAILED),
        message: message.into().into(),
        data: None,
    }
}

/// A cancellation that is switched when the client loses interest.
struct Switch(Arc<Cancel>);

impl Drop for Switch {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
