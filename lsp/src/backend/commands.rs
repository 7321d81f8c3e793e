//! Commands of the server.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ftlint_analyzer::rule::{Confidence, Replay, Severity};
use ftlint_analyzer::rules::rule;
use ftlint_runtime::process::Cancel;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types as lsp;
use tower_lsp::lsp_types::Url;

use super::{Backend, Switch, failed};
use crate::client::Message;
use crate::convert::{Places, is_rule, replayable};
use crate::event::Event;
use crate::protocol::{
    EXPLAIN, FINDINGS, INTERLEAVING, Interleaving, OfFinding, OfRule, REPLAY, Replayed, STATUS,
    WireFinding, WireStatus, WireVerdict,
};
use crate::replays;
use crate::snapshot::Snapshot;

/// Numbers of progress.
static TOKENS: AtomicU64 = AtomicU64::new(0);

impl Backend {
    pub(super) async fn execute(&self, params: lsp::ExecuteCommandParams) -> Result<Value> {
        let token = params.work_done_progress_params.work_done_token;
        let arguments = params.arguments;
        match params.command.as_str() {
            REPLAY => self.replay(argument(arguments)?, token).await,
            INTERLEAVING => self.interleaving(argument(arguments)?).await,
            EXPLAIN => explain(&argument::<OfRule>(arguments)?),
            FINDINGS => json(&self.ask(None, findings).await?),
            STATUS => self.status().await,
            other => Err(Error::invalid_params(format!("unknown command `{other}`"))),
        }
    }

    async fn interleaving(&self, of: OfFinding) -> Result<Value> {
        let work = move |snapshot: &Snapshot| {
            let verdict = snapshot.verdicts.last(&of.fingerprint)?;
            Interleaving::new(verdict, |path| snapshot.documents.uri(path))
        };
        json(&self.ask(None, work).await?)
    }

    async fn status(&self) -> Result<Value> {
        let work = |snapshot: &Snapshot| {
            let files: usize = snapshot.roots.iter().map(|it| it.files.len()).sum();
            (files, snapshot.indexing, snapshot.settings.python.clone())
        };
        let (files, indexing, python) = self.ask(None, work).await?;
        // Looking for interpreters starts processes, and takes its time.
        let found = tokio::task::spawn_blocking(move || replays::interpreter(python.as_deref()));
        let interpreter = found.await.ok().and_then(std::result::Result::ok);
        json(&WireStatus {
            version: self.version,
            interpreter: interpreter.map(|it| it.to_string()),
            files,
            indexing,
            trusted: self.trusted.load(Ordering::Relaxed),
        })
    }

    /// Runs the code behind a finding. The client cancels the request, or its progress.
    async fn replay(&self, of: OfFindingIn, token: Option<lsp::NumberOrString>) -> Result<Value> {
        if !self.trusted.load(Ordering::Relaxed) {
            return Err(failed(
                "a replay runs code of this workspace, which is not trusted; trust it first",
            ));
        }
        let path = of.uri.as_ref().map(crate::documents::path_of);
        let fingerprint = of.fingerprint.clone();
        let work =
            move |snapshot: &Snapshot| replays::task(snapshot, path.as_deref(), &fingerprint);
        let task = self.ask(None, work).await?.map_err(failed)?;

        let cancel = Arc::new(Cancel::default());
        let switch = Switch(Arc::clone(&cancel));
        let token = self.begin_progress(token, task.diagnostic.rule.code, &cancel);
        let (sender, receiver) = oneshot::channel();
        let (queue, cancel) = (self.queue.clone(), (*cancel).clone());
        let work = move || {
            let res = replays::run(&task, &cancel);
            if let Ok(verdict) = &res {
                let judged = Event::Judged(Box::new(task.proof.clone()), verdict.clone());
                let _ = queue.send(judged);
            }
            let _ = sender.send(res);
        };
        let started = std::thread::Builder::new().name("replay".to_owned()).spawn(work);
        let res = match started {
            Ok(_) => receiver.await.map_err(|_| Error::internal_error()),
            Err(error) => Err(failed(error.to_string())),
        };
        drop(switch);
        let text = match &res {
            Ok(Ok(verdict)) => WireVerdict::new(verdict).summary,
            Ok(Err(text)) => text.clone(),
            Err(_) => "failed".to_owned(),
        };
        self.end_progress(&token, text);
        let verdict = res?.map_err(failed)?;
        let interleaving = Interleaving::new(&verdict, crate::documents::uri_of);
        let verdict = WireVerdict::new(&verdict);
        json(&Replayed { fingerprint: of.fingerprint, verdict, interleaving })
    }

    /// Progress under the client's token, or under one of ours.
    fn begin_progress(
        &self,
        token: Option<lsp::NumberOrString>,
        rule: &str,
        cancel: &Cancel,
    ) -> String {
        let token = match token {
            Some(lsp::NumberOrString::String(token)) => token,
            Some(lsp::NumberOrString::Number(number)) => number.to_string(),
            None => format!("ftlint/replay/{}", TOKENS.fetch_add(1, Ordering::Relaxed)),
        };
        self.replays().insert(token.clone(), cancel.clone());
        if let Some(begun) = self.session.get() {
            begun.outbox.send(Message::Begin(token.clone(), format!("ftlint: replaying {rule}")));
        }
        token
    }

    fn end_progress(&self, token: &str, text: String) {
        self.replays().remove(token);
        if let Some(begun) = self.session.get() {
            begun.outbox.send(Message::End(token.to_owned(), text));
        }
    }
}

/// The argument of a replay: the document is a hint where to look.
#[derive(Clone, Debug, serde::Deserialize)]
struct OfFindingIn {
    uri: Option<Url>,
    fingerprint: String,
}

/// The only argument of a command.
fn argument<T: DeserializeOwned>(arguments: Vec<Value>) -> Result<T> {
    let first = arguments.into_iter().next().unwrap_or_default();
    serde_json::from_value(first).map_err(|it| Error::invalid_params(it.to_string()))
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|_| Error::internal_error())
}

/// The page of a rule, in Markdown.
fn explain(of: &OfRule) -> Result<Value> {
    let Some(it) = rule(&of.rule) else {
        return Err(failed(format!("there is no rule `{}`", of.rule)));
    };
    let mut res = format!("# {} ({})\n\n{}\n\n", it.name, it.code, it.summary);
    for line in it.doc.trim_end().lines() {
        // Doc comments keep the space behind `///`.
        res.push_str(line.strip_prefix(' ').unwrap_or(line));
        res.push('\n');
    }
    if let Replay::Never(why) = it.replay {
        let _ = write!(res, "\nNever replayed: {why}.\n");
    }
    Ok(Value::String(res))
}

/// All findings of the last analysis of everything.
fn findings(snapshot: &Snapshot) -> Vec<WireFinding> {
    let mut places = Places::new(snapshot);
    let mut res = Vec::new();
    for it in snapshot.findings.values().flatten().filter(|it| is_rule(it)) {
        let Some((uri, range)) = places.place(&it.location) else { continue };
        res.push(WireFinding {
            uri,
            range,
            rule: it.rule.code,
            name: it.rule.name,
            message: it.message.clone(),
            confidence: match it.confidence {
                Confidence::Low => "low",
                Confidence::Medium => "medium",
                Confidence::High => "high",
            },
            severity: match it.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
            function: it.location.function.to_string(),
            fingerprint: it.fingerprint.clone(),
            replayable: replayable(snapshot, it),
            verdict: snapshot.verdicts.of(snapshot, it).map(WireVerdict::new),
        });
    }
    res
}
