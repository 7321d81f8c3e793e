//! The protocol's side: requests become events, and what the session tells becomes notifications.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use ftlint_runtime::process::Cancel;
use lsp_types::*;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::{Client, LanguageServer};

use crate::convert::{Encoding, path_of};
use crate::event::{Event, Pulled, Question, Reply};
use crate::lenses::Commands;
use crate::session::{Options, Session, Told};
use crate::settings::ClientSettings;
use crate::views;

/// `RequestFailed` of the protocol: the request was right, and cannot be answered now.
const REQUEST_FAILED: i64 = -32803;
const SERVER_COMMANDS: [&str; 5] = [
    "ftlint.server.replay",
    "ftlint.server.interleaving",
    "ftlint.server.explain",
    "ftlint.server.findings",
    "ftlint.server.status",
];
const WATCHED: [&str; 4] = ["**/*.py", "**/*.pyi", "**/pyproject.toml", "**/ftlint.toml"];

/// One client.
pub(crate) struct Backend {
    client: Client,
    version: &'static str,
    connected: OnceLock<Connected>,
    next_token: AtomicU32,
    /// Replays that the client may cancel by the token of their progress.
    running: Mutex<Vec<(ProgressToken, Cancel)>>,
}

/// What is known once the client has said who it is.
struct Connected {
    events: Sender<Event>,
    can: Abilities,
}

/// What the client can do.
#[derive(Clone, Copy, Debug)]
struct Abilities {
    progress: bool,
    watches: bool,
    configuration: bool,
    refresh_findings: bool,
    refresh_lenses: bool,
}

/// Our own client says more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InitializationOptions {
    client_commands: bool,
    trusted: bool,
    settings: Value,
}

impl Default for InitializationOptions {
    fn default() -> Self {
        Self { client_commands: false, trusted: true, settings: Value::Null }
    }
}

/// Parameters of `ftlint/didChangeTrust`.
#[derive(Debug, Deserialize)]
pub(crate) struct Trust {
    trusted: bool,
}

impl Backend {
    pub(crate) fn new(client: Client, version: &'static str) -> Self {
        Self {
            client,
            version,
            connected: OnceLock::new(),
            next_token: AtomicU32::new(1),
            running: Mutex::default(),
        }
    }

    /// The user has pressed the button.
    pub(crate) async fn progress_cancelled(&self, params: WorkDoneProgressCancelParams) {
        for (token, cancel) in self.running().iter() {
            if *token == params.token {
                cancel.cancel();
            }
        }
    }

    /// Whether code of the workspace may run.
    pub(crate) async fn trust_changed(&self, params: Trust) {
        self.send(Event::Trusted(params.trusted));
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<(ProgressToken, Cancel)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Into the queue, before anything else can happen.
    fn send(&self, event: Event) {
        if let Some(it) = self.connected.get() {
            // The session is gone only when the server ends.
            let _ = it.events.send(event);
        }
    }

    async fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Question) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Event::Asked(question(reply)));
        answer.await.map_err(|_| failed("there is no answer: see the log of ftlint"))
    }

    async fn replay(&self, uri: Url, fingerprint: String) -> Result<Value> {
        let cancel = Cancel::default();
        let (reply, answer) = oneshot::channel();
        let number = self.next_token.fetch_add(1, Ordering::Relaxed);
        let token = ProgressToken::String(format!("ftlint-replay-{number}"));
        let shows = self.connected.get().is_some_and(|it| it.can.progress);
        // Dropped with this future, when the client cancels the request.
        let _guard = Guard { cancel: cancel.clone(), token: token.clone(), backend: self };
        self.running().push((token.clone(), cancel.clone()));
        self.send(Event::Replay { uri, fingerprint, cancel, reply });
        if shows {
            let params = WorkDoneProgressCreateParams { token: token.clone() };
            let created = self.client.send_request::<request::WorkDoneProgressCreate>(params);
            if created.await.is_ok() {
                let begin = WorkDoneProgressBegin {
                    title: "Replaying a race".to_owned(),
                    cancellable: Some(true),
                    message: Some("two threads on a free-threaded Python".to_owned()),
                    percentage: None,
                };
                self.progress(&token, WorkDoneProgress::Begin(begin)).await;
            }
        }
        let answer = answer.await;
        if shows {
            let message = match &answer {
                Ok(Ok(it)) => it["verdict"]["summary"].as_str().map(str::to_owned),
                _ => None,
            };
            self.progress(&token, WorkDoneProgress::End(WorkDoneProgressEnd { message })).await;
        }
        match answer {
            Ok(Ok(it)) => Ok(it),
            Ok(Err(why)) => Err(failed(why)),
            Err(_) => Err(failed("the replay has ended without an answer")),
        }
    }

    async fn progress(&self, token: &ProgressToken, value: WorkDoneProgress) {
        let params =
            ProgressParams { token: token.clone(), value: ProgressParamsValue::WorkDone(value) };
        self.client.send_notification::<notification::Progress>(params).await;
    }

    /// Asks for the settings of the editor.
    async fn pull_settings(&self) {
        if !self.connected.get().is_some_and(|it| it.can.configuration) {
            return;
        }
        let item = ConfigurationItem { scope_uri: None, section: Some("ftlint".to_owned()) };
        if let Ok(mut found) = self.client.configuration(vec![item]).await
            && let Some(value) = found.pop()
            && !value.is_null()
        {
            self.configure(value).await;
        }
    }

    async fn configure(&self, value: Value) {
        match ClientSettings::parse(value) {
            Ok(settings) => self.send(Event::Configured(Box::new(settings))),
            Err(why) => self.client.show_message(MessageType::WARNING, why).await,
        }
    }
}

/// Ends a replay whose request is gone.
struct Guard<'a> {
    cancel: Cancel,
    token: ProgressToken,
    backend: &'a Backend,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.backend.running().retain(|it| it.0 != self.token);
    }
}

fn failed(why: impl Into<String>) -> Error {
    Error { code: ErrorCode::ServerError(REQUEST_FAILED), message: why.into().into(), data: None }
}

fn invalid(why: impl Into<String>) -> Error {
    Error { message: why.into().into(), ..Error::invalid_params("") }
}

fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let roots = params.workspace_folders.iter().flatten().filter_map(|it| path_of(&it.uri));
    let roots: Vec<PathBuf> = roots.collect();
    let old = params.root_uri.as_ref().and_then(path_of);
    if roots.is_empty() { old.into_iter().collect() } else { roots }
}

fn abilities(it: &ClientCapabilities) -> Abilities {
    let workspace = it.workspace.as_ref();
    Abilities {
        progress: it.window.as_ref().and_then(|it| it.work_done_progress).unwrap_or(false),
        watches: workspace
            .and_then(|it| it.did_change_watched_files.as_ref())
            .and_then(|it| it.dynamic_registration)
            .unwrap_or(false),
        configuration: workspace.and_then(|it| it.configuration).unwrap_or(false),
        refresh_findings: workspace
            .and_then(|it| it.diagnostic.as_ref())
            .and_then(|it| it.refresh_support)
            .unwrap_or(false),
        refresh_lenses: workspace
            .and_then(|it| it.code_lens.as_ref())
            .and_then(|it| it.refresh_support)
            .unwrap_or(false),
    }
}

fn capabilities(encoding: Encoding, pulls: bool) -> ServerCapabilities {
    let folders = WorkspaceFoldersServerCapabilities {
        supported: Some(true),
        change_notifications: Some(OneOf::Left(true)),
    };
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        inlay_hint_provider: Some(OneOf::Left(true)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: SERVER_COMMANDS.map(str::to_owned).to_vec(),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        diagnostic_provider: pulls.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("ftlint".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                work_done_progress_options: WorkDoneProgressOptions::default(),
            })
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(folders),
            file_operations: None,
        }),
        ..ServerCapabilities::default()
    }
}

#[tower_lsp::async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let options: InitializationOptions = match params.initialization_options.clone() {
            None | Some(Value::Null) => InitializationOptions::default(),
            Some(it) => serde_json::from_value(it)
                .map_err(|it| invalid(format!("initializationOptions: {it}")))?,
        };
        let offered = params.capabilities.general.as_ref();
        let encoding = Encoding::negotiate(offered.and_then(|it| it.position_encodings.as_deref()));
        let can = abilities(&params.capabilities);
        // A client that only pulls and cannot be told of changes in other files would show old findings.
        let pulls = can.refresh_findings
            && params.capabilities.text_document.as_ref().is_some_and(|it| it.diagnostic.is_some());
        let settings = ClientSettings::parse(options.settings).map_err(invalid)?;
        let (events, queue) = channel();
        let (told, telling) = tokio::sync::mpsc::unbounded_channel();
        let session = Session::new(
            Options {
                encoding,
                commands: Commands { of_client: options.client_commands },
                pulls,
                version: self.version,
            },
            folders(&params),
            settings,
            options.trusted,
            events.clone(),
            told,
        );
        if self.connected.set(Connected { events, can }).is_err() {
            return Err(Error::invalid_request());
        }
        std::thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || session.run(&queue))
            .map_err(|it| failed(it.to_string()))?;
        tokio::spawn(tell(self.client.clone(), can, telling));
        Ok(InitializeResult {
            capabilities: capabilities(encoding, pulls),
            server_info: Some(ServerInfo {
                name: "ftlint".to_owned(),
                version: Some(self.version.to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if self.connected.get().is_some_and(|it| it.can.watches) {
            let watchers: Vec<Value> =
                WATCHED.iter().map(|it| json!({ "globPattern": it })).collect();
            let watch = Registration {
                id: "ftlint-files".to_owned(),
                method: "workspace/didChangeWatchedFiles".to_owned(),
                register_options: Some(json!({ "watchers": watchers })),
            };
            let _ = self.client.register_capability(vec![watch]).await;
        }
        self.pull_settings().await;
    }

    async fn shutdown(&self) -> Result<()> {
        for (_, cancel) in self.running().iter() {
            cancel.cancel();
        }
        self.send(Event::Shutdown);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let TextDocumentItem { uri, version, text, .. } = params.text_document;
        self.send(Event::Opened { uri, version, text });
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        self.send(Event::Edited { uri, version, changes: params.content_changes });
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.send(Event::Closed(params.text_document.uri));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let paths = params.changes.iter().filter_map(|it| path_of(&it.uri)).collect();
        self.send(Event::ChangedOnDisk(paths));
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |it: &[WorkspaceFolder]| it.iter().filter_map(|it| path_of(&it.uri)).collect();
        let (added, removed) = (paths(&params.event.added), paths(&params.event.removed));
        self.send(Event::Folders { added, removed });
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if self.connected.get().is_some_and(|it| it.can.configuration) {
            self.pull_settings().await;
        } else {
            let value = params.settings.get("ftlint").cloned().unwrap_or(params.settings);
            self.configure(value).await;
        }
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let TextDocumentPositionParams { text_document, position } =
            params.text_document_position_params;
        self.ask(|reply| Question::Hover(text_document.uri, position, reply)).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(|reply| Question::Actions(Box::new(params), reply)).await.map(Some)
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask(|reply| Question::Lenses(params.text_document.uri, reply)).await.map(Some)
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let (uri, range) = (params.text_document.uri, params.range);
        self.ask(|reply| Question::Hints(uri, range, reply)).await.map(Some)
    }

    async fn diagnostic(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult> {
        let (uri, before) = (params.text_document.uri, params.previous_result_id);
        let answer = self.ask(|reply| Question::Pull(uri, before, reply)).await?;
        let report = match answer {
            Pulled::Unchanged(result_id) => {
                DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
                    related_documents: None,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                        result_id,
                    },
                })
            }
            Pulled::New(id, items) => {
                DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
                    related_documents: None,
                    full_document_diagnostic_report: FullDocumentDiagnosticReport {
                        result_id: Some(id),
                        items,
                    },
                })
            }
        };
        Ok(DocumentDiagnosticReportResult::Report(report))
    }

    async fn workspace_diagnostic(
        &self,
        params: WorkspaceDiagnosticParams,
    ) -> Result<WorkspaceDiagnosticReportResult> {
        let before = params.previous_result_ids.into_iter().map(|it| (it.uri, it.value)).collect();
        let found = self.ask(|reply| Question::PullAll(before, reply)).await?;
        let items = found.into_iter().map(|(uri, version, it)| {
            let version = version.map(i64::from);
            match it {
                Pulled::Unchanged(result_id) => WorkspaceDocumentDiagnosticReport::Unchanged(
                    WorkspaceUnchangedDocumentDiagnosticReport {
                        uri,
                        version,
                        unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                            result_id,
                        },
                    },
                ),
                Pulled::New(id, items) => {
                    WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
                        uri,
                        version,
                        full_document_diagnostic_report: FullDocumentDiagnosticReport {
                            result_id: Some(id),
                            items,
                        },
                    })
                }
            }
        });
        let items = items.collect();
        Ok(WorkspaceDiagnosticReportResult::Report(WorkspaceDiagnosticReport { items }))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let argument = params.arguments.first().cloned().unwrap_or(Value::Null);
        let text = |name: &str| {
            let found = argument.get(name).and_then(Value::as_str).map(str::to_owned);
            found.ok_or_else(|| invalid(format!("{} needs `{name}`", params.command)))
        };
        match params.command.as_str() {
            "ftlint.server.replay" => {
                let uri = Url::parse(&text("uri")?).map_err(|it| invalid(it.to_string()))?;
                self.replay(uri, text("fingerprint")?).await.map(Some)
            }
            "ftlint.server.interleaving" => {
                let fingerprint = text("fingerprint")?;
                self.ask(|reply| Question::Interleaving(fingerprint, reply)).await.map(Some)
            }
            "ftlint.server.explain" => {
                let rule = text("rule")?;
                let page = views::page(&rule);
                page.map(|it| Some(it.into())).ok_or_else(|| invalid(format!("no rule `{rule}`")))
            }
            "ftlint.server.findings" => self.ask(Question::Findings).await.map(Some),
            "ftlint.server.status" => self.ask(Question::Status).await.map(Some),
            other => Err(invalid(format!("no command `{other}`"))),
        }
    }
}

/// `ftlint/findingsChanged`: the list of findings is another one.
enum FindingsChanged {}

impl notification::Notification for FindingsChanged {
    type Params = Value;
    const METHOD: &'static str = "ftlint/findingsChanged";
}

/// Passes on what the session tells, in its order.
async fn tell(client: Client, can: Abilities, mut telling: UnboundedReceiver<Told>) {
    let mut indexing: Option<ProgressToken> = None;
    let mut number = 0;
    while let Some(told) = telling.recv().await {
        match told {
            Told::Publish(uri, found, version) => {
                client.publish_diagnostics(uri, found, version).await;
            }
            // These are requests: whoever waits for their answers must not hold the rest up.
            Told::Refresh if can.refresh_findings => {
                let client = client.clone();
                tokio::spawn(async move { client.workspace_diagnostic_refresh().await });
            }
            Told::Lenses if can.refresh_lenses => {
                let client = client.clone();
                tokio::spawn(async move { client.code_lens_refresh().await });
            }
            Told::Refresh | Told::Lenses => {}
            Told::FindingsChanged => {
                client.send_notification::<FindingsChanged>(json!({})).await;
            }
            Told::Warning(text) => client.show_message(MessageType::WARNING, text).await,
            Told::Log(text) => client.log_message(MessageType::WARNING, text).await,
            Told::Indexing(begins) if can.progress => {
                if begins && indexing.is_none() {
                    number += 1;
                    let token = ProgressToken::String(format!("ftlint-indexing-{number}"));
                    indexing = begin_indexing(&client, token).await;
                } else if !begins && let Some(token) = indexing.take() {
                    let end = WorkDoneProgress::End(WorkDoneProgressEnd { message: None });
                    report(&client, token, end).await;
                }
            }
            Told::Indexing(_) => {}
        }
    }
}

/// The client may take its time to answer, but not long: some never do.
async fn begin_indexing(client: &Client, token: ProgressToken) -> Option<ProgressToken> {
    let params = WorkDoneProgressCreateParams { token: token.clone() };
    let created = client.send_request::<request::WorkDoneProgressCreate>(params);
    let created = tokio::time::timeout(std::time::Duration::from_millis(200), created).await;
    if !matches!(created, Ok(Ok(()))) {
        return None;
    }
    let begin = WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: "ftlint: reading the workspace".to_owned(),
        ..WorkDoneProgressBegin::default()
    });
    report(client, token.clone(), begin).await;
    Some(token)
}

async fn report(client: &Client, token: ProgressToken, value: WorkDoneProgress) {
    let params = ProgressParams { token, value: ProgressParamsValue::WorkDone(value) };
    client.send_notification::<notification::Progress>(params).await;
}
