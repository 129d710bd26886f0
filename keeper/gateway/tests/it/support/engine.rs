//! A model that repeats what it is told, a word at a time.

use std::{
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use opg_engine::{
    Capacity, Completion, Engine, EngineError, FinishReason, Input, InputError, Limits, ModelManifest,
    Output, Task, Timings, Trace, Usage,
};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

#[derive(Debug)]
pub(crate) struct FakeEngine {
    models: Vec<ModelManifest>,
    pub(crate) runs: AtomicUsize,
    pub(crate) running: AtomicUsize,
    pub(crate) cancelled: AtomicUsize,
    /// Runs wait for a permit while this is set.
    pub(crate) blocked: AtomicBool,
    pub(crate) gate: Semaphore,
    /// No prompt fits.
    pub(crate) unreadable: AtomicBool,
    /// Its template has no place for tools.
    pub(crate) without_tools: AtomicBool,
    /// What it was asked last.
    pub(crate) last: Mutex<Option<Input>>,
}

fn manifest(name: &str, task: Task, weights: u8) -> ModelManifest {
    ModelManifest {
        name: name.to_owned(),
        task,
        weights: PathBuf::from("weights"),
        tokenizer: None,
        config: None,
        weights_digest: [weights; 32],
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits { max_output_tokens: 100, default_output_tokens: 50, ..Limits::default() },
    }
}

impl FakeEngine {
    pub(crate) fn new() -> Self {
        Self {
            models: vec![
                manifest("chat", Task::Chat, 1),
                manifest("embed", Task::Embedding, 2),
                manifest("tensor", Task::Tensor, 3),
            ],
            runs: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            cancelled: AtomicUsize::new(0),
            blocked: AtomicBool::new(false),
            gate: Semaphore::new(0),
            unreadable: AtomicBool::new(false),
            without_tools: AtomicBool::new(false),
            last: Mutex::default(),
        }
    }

    pub(crate) fn block(&self) {
        self.blocked.store(true, Ordering::SeqCst);
    }

    pub(crate) fn release(&self, runs: usize) {
        self.gate.add_permits(runs);
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// Waits until `count` runs are in progress.
    pub(crate) async fn running(&self, count: usize) {
        until(|| self.running.load(Ordering::SeqCst) == count).await;
    }

    /// Waits until `count` runs were given up.
    pub(crate) async fn cancelled(&self, count: usize) {
        until(|| self.cancelled.load(Ordering::SeqCst) == count).await;
    }
}

pub(crate) async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it never came to that");
}

/// Counts a run until it ends in whatever way.
struct Counted<'a>(&'a FakeEngine, bool);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        if !self.1 {
            self.0.cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Engine for FakeEngine {
    fn models(&self) -> &[ModelManifest] {
        &self.models
    }

    fn capacity(&self) -> Capacity {
        Capacity { running: self.running.load(Ordering::SeqCst), queued: 0, queue_limit: 8, ready: true }
    }

    async fn load(&self, _model: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn input_tokens(&self, _model: &str, input: Input) -> Result<u32, EngineError> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(EngineError::InputTooLong { tokens: 9, limit: 8 });
        }
        let tools = matches!(&input, Input::Chat(chat) if !chat.tools.is_empty());
        if tools && self.without_tools.load(Ordering::SeqCst) {
            let (field, reason) = ("tools".to_owned(), "no place".to_owned());
            return Err(InputError::Field { field, reason }.into());
        }
        Ok(1)
    }

    async fn run(
        &self,
        _model: &str,
        input: Input,
        on_token: Option<mpsc::Sender<String>>,
        cancel: CancellationToken,
    ) -> Result<Completion, EngineError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().unwrap() = Some(input.clone());
        self.running.fetch_add(1, Ordering::SeqCst);
        let mut counted = Counted(self, false);
        if self.blocked.load(Ordering::SeqCst) {
            tokio::select! {
                () = cancel.cancelled() => return Err(EngineError::Cancelled),
                permit = self.gate.acquire() => permit.unwrap().forget(),
            }
        }
        let (output, words) = match &input {
            Input::Chat(chat) => {
                let told = &chat.messages.last().unwrap().content;
                let limit = chat.max_tokens.unwrap_or(50) as usize;
                let words: Vec<String> = told.split_inclusive(' ').take(limit).map(str::to_owned).collect();
                if let Some(on_token) = &on_token {
                    for word in &words {
                        let _ = on_token.send(word.clone()).await;
                    }
                }
                (Output::Text(words.concat()), words.len() as u32)
            }
            Input::Tensor(tensor) => (Output::Tensor(tensor.values.iter().rev().copied().collect()), 0),
            Input::Embedding(_) => (Output::Embedding(vec![0.6, 0.8]), 0),
        };
        counted.1 = true;
        Ok(Completion {
            output,
            usage: Usage { input_tokens: 7, output_tokens: words },
            trace: Trace {
                engine: "fake".to_owned(),
                input_tokens: vec![1, 2, 3],
                output_tokens: (0..words).collect(),
                sampling: None,
                ..Trace::default()
            },
            finish_reason: FinishReason::Stop,
            timings: Timings::default(),
        })
    }
}
