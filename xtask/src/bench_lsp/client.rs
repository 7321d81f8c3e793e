//! A language client that is only as big as the measurement needs: it speaks to one server over its pipes, answers what
//! the server asks with nothing, and knows when each message came.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// A server that does not answer for so long is stuck.
const PATIENCE: Duration = Duration::from_mins(2);

/// The codes of answers that ask to be asked again: an edit came between, or the server was not ready.
const AGAIN: [i64; 2] = [-32801, -32802];

/// A server that runs, and the pipes to it. It is stopped when the value is dropped.
pub(super) struct Client {
    child: Child,
    input: ChildStdin,
    messages: Receiver<(Instant, Value)>,
    ids: i64,
    version: i64,
}

impl Client {
    /// Starts a server in a folder.
    pub(super) fn start(program: &Path, args: &[&str], folder: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let input = child.stdin.take().context("no pipe to the server")?;
        let output = child.stdout.take().context("no pipe from the server")?;
        let (sender, messages) = channel();
        std::thread::spawn(move || read_all(output, &sender));
        Ok(Self { child, input, messages, ids: 0, version: 1 })
    }

    /// Sends a request and waits for its answer. The second value is the moment when it came.
    pub(super) fn request(&mut self, method: &str, params: &Value) -> Result<(Value, Instant)> {
        loop {
            self.ids += 1;
            let id = self.ids;
            self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
            let (answer, at) = self.answer(id).with_context(|| format!("no answer to {method}"))?;
            let Some(error) = answer.get("error") else {
                return Ok((answer["result"].clone(), at));
            };
            if !error["code"].as_i64().is_some_and(|it| AGAIN.contains(&it)) {
                bail!("{method} failed: {error}");
            }
        }
    }

    /// Sends a notification.
    pub(super) fn notify(&mut self, method: &str, params: &Value) -> Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    /// Shows a document to the server.
    pub(super) fn open(&mut self, uri: &str, text: &str) -> Result<()> {
        let document = json!({"uri": uri, "languageId": "python", "version": 1, "text": text});
        self.notify("textDocument/didOpen", &json!({"textDocument": document}))
    }

    /// Replaces a piece of one line.
    pub(super) fn edit(
        &mut self,
        uri: &str,
        line: usize,
        columns: [usize; 2],
        text: &str,
    ) -> Result<()> {
        self.version += 1;
        let [start, end] = columns.map(|it| json!({"line": line, "character": it}));
        let change = json!({"range": {"start": start, "end": end}, "text": text});
        let document = json!({"uri": uri, "version": self.version});
        let params = json!({"textDocument": document, "contentChanges": [change]});
        self.notify("textDocument/didChange", &params)
    }

    /// The diagnostics of a document, and when they came.
    pub(super) fn diagnostics(&mut self, uri: &str) -> Result<(Vec<Value>, Instant)> {
        let params = json!({"textDocument": {"uri": uri}});
        let (report, at) = self.request("textDocument/diagnostic", &params)?;
        Ok((report["items"].as_array().cloned().unwrap_or_default(), at))
    }

    /// Waits until the server has used no processor for a second, and says when that began. What the server asks in this
    /// time is answered.
    pub(super) fn settle(&mut self) -> Result<Instant> {
        let (mut used, mut since) = (self.ticks()?, Instant::now());
        let limit = Instant::now() + PATIENCE;
        while since.elapsed() < Duration::from_secs(1) {
            let pause = Duration::from_millis(50);
            while let Ok((_, message)) = self.messages.recv_timeout(pause) {
                self.oblige(&message)?;
            }
            let now = self.ticks()?;
            if now != used {
                (used, since) = (now, Instant::now());
            }
            if Instant::now() > limit {
                bail!("the server is busy after {} s", PATIENCE.as_secs());
            }
        }
        Ok(since)
    }

    /// A line of the process's status, in kilobytes.
    pub(super) fn memory(&self, name: &str) -> Result<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|it| it.strip_prefix(name)).context("no such line")?;
        let number = line.trim_start_matches(':').trim().trim_end_matches("kB").trim();
        number.parse().with_context(|| format!("{name} is `{number}`"))
    }

    /// Ends the session in the way of the protocol.
    pub(super) fn leave(mut self) -> Result<()> {
        self.request("shutdown", &Value::Null)?;
        self.notify("exit", &Value::Null)
    }

    /// Processor time that was used, in the unit of the kernel.
    fn ticks(&self) -> Result<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = text.rsplit_once(')').context("an odd /proc/PID/stat")?.1;
        let times = fields.split_whitespace().skip(11).take(2);
        times.map(|it| it.parse::<u64>().context("an odd /proc/PID/stat")).sum()
    }

    fn answer(&mut self, id: i64) -> Result<(Value, Instant)> {
        let limit = Instant::now() + PATIENCE;
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            let (at, message) = match self.messages.recv_timeout(left) {
                Ok(it) => it,
                Err(RecvTimeoutError::Timeout) => bail!("waited for {} s", PATIENCE.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("the server has gone"),
            };
            if message.get("method").is_none() && message["id"] == id {
                return Ok((message, at));
            }
            self.oblige(&message)?;
        }
    }

    /// Answers what the server asks: it has no settings from us, and may do what it wants to.
    fn oblige(&mut self, message: &Value) -> Result<()> {
        let (Some(id), Some(method)) = (message.get("id"), message.get("method")) else {
            return Ok(());
        };
        let result = match message["params"]["items"].as_array() {
            Some(items) if method == "workspace/configuration" => {
                json!(vec![Value::Null; items.len()])
            }
            _ => Value::Null,
        };
        self.send(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        self.input.flush().context("the server does not read")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // After `exit` it is gone soon or already; otherwise nobody else would end it.
        std::thread::sleep(Duration::from_millis(50));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads messages until the pipe ends or what comes is none.
fn read_all(output: ChildStdout, sender: &Sender<(Instant, Value)>) {
    let mut output = BufReader::new(output);
    while let Some(message) = read_one(&mut output) {
        if sender.send((Instant::now(), message)).is_err() {
            return;
        }
    }
}

fn read_one(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("Content-Length") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut bytes = vec![0; length?];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}
