//! Collects what a child writes: its two streams, bounded and always drained, and its result file.

use super::Captured;
use crate::error::RuntimeError;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a stream may stay open after its process group was killed: another process may hold a copy of it.
const LINGER: Duration = Duration::from_millis(500);

/// A thread that drains one stream.
pub(super) struct Tap {
    captured: Arc<Mutex<Captured>>,
    ended: Receiver<()>,
}

impl Tap {
    /// Begins to drain; `keep` is how many bytes are kept.
    pub(super) fn new(stream: Option<impl Read + Send + 'static>, keep: usize) -> io::Result<Self> {
        let captured = Arc::new(Mutex::new(Captured::default()));
        let (open, ended) = mpsc::channel::<()>();
        let shared = Arc::clone(&captured);
        thread::Builder::new().spawn(move || {
            if let Some(stream) = stream {
                drain(stream, keep, &shared);
            }
            drop(open);
        })?;
        Ok(Self { captured, ended })
    }

    /// What came until the end of the stream, or until it is clear that the end does not come.
    pub(super) fn finish(self) -> Captured {
        let _ = self.ended.recv_timeout(LINGER);
        std::mem::take(&mut *self.captured.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn drain(mut stream: impl Read, keep: usize, captured: &Mutex<Captured>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let mut captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = count.min(keep.saturating_sub(captured.bytes.len()));
        captured.bytes.extend_from_slice(&buffer[..kept]);
        captured.dropped += (count - kept) as u64;
    }
}

/// The complete lines of the result file, and whether something of it is missing. No file is no lines.
pub(super) fn results(path: &Path, limit: u64) -> Result<(Vec<String>, bool), RuntimeError> {
    // The child may have put anything there; opening a pipe, for one, would block.
    if !path.symlink_metadata().is_ok_and(|it| it.is_file()) {
        return Ok((Vec::new(), false));
    }
    let cannot = || RuntimeError::io("cannot read the results of the child process");
    let file = File::open(path).map_err(cannot())?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(cannot())?;
    let over = bytes.len() as u64 > limit;
    if over {
        bytes.pop();
    }
    let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let cut = over || complete < bytes.len();
    let text = String::from_utf8_lossy(&bytes[..complete]);
    Ok((text.lines().map(str::to_owned).collect(), cut))
}
