use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;

const KEPT_LINES: usize = 8;
const MAX_LINE: usize = 2048;

/// The last lines that a worker wrote to standard error.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }

    fn push(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).trim().to_owned();
        if line.is_empty() {
            return;
        }
        tracing::info!(target: "opg_engine::worker", "{line}");
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// Passes a worker's standard error on to the log, line by line, until it ends.
pub(super) async fn follow(mut source: ChildStderr, words: LastWords) {
    let mut line = Vec::new();
    let mut chunk = [0; MAX_LINE];
    while let Ok(read @ 1..) = source.read(&mut chunk).await {
        for byte in &chunk[..read] {
            if *byte == b'\n' || line.len() == MAX_LINE {
                words.push(&line);
                line.clear();
            }
            line.push(*byte);
        }
    }
    words.push(&line);
}
