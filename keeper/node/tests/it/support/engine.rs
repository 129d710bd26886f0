//! A model that does what the test says.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use opg_engine::{
    Capacity, Completion, Engine, EngineError, FinishReason, Input, Limits, ModelManifest, Output, Task,
    Timings, Trace, Usage,
};
use opg_zkml::reference;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// What the next run does. Without any, it answers.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    /// Fails.
    Fail(EngineError),
    /// Waits until `release` is called, then answers.
    Block,
    /// Panics inside the engine.
    Panic,
}

#[derive(Debug)]
pub(crate) struct FakeEngine {
    models: Vec<ModelManifest>,
    next: Mutex<VecDeque<Behaviour>>,
    gate: Semaphore,
    /// Most output tokens that the last run was allowed.
    pub(crate) last_limit: Mutex<Option<u32>>,
    pub(crate) runs: AtomicUsize,
    pub(crate) now_running: AtomicUsize,
    pub(crate) most_running: AtomicUsize,
}

/// A model for `task` whose weights have the digest `weights`.
pub(crate) fn manifest(name: &str, task: Task, weights: u8) -> ModelManifest {
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

/// Tokens of the fake model: one per word.
fn tokens(input: &Input) -> u32 {
    let words = |text: &str| text.split_whitespace().count() as u32;
    match input {
        Input::Chat(chat) => chat.messages.iter().map(|message| words(&message.content)).sum(),
        Input::Embedding(embedding) => words(&embedding.input),
        Input::Tensor(tensor) => tensor.values.len() as u32,
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
            next: Mutex::default(),
            gate: Semaphore::new(0),
            last_limit: Mutex::default(),
            runs: AtomicUsize::new(0),
            now_running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
        }
    }

    pub(crate) fn then(&self, behaviour: Behaviour) {
        self.next.lock().unwrap().push_back(behaviour);
    }

    pub(crate) fn release(&self) {
        self.gate.add_permits(1);
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// Waits until `count` runs are in progress.
    pub(crate) async fn running(&self, count: usize) {
        while self.now_running.load(Ordering::SeqCst) != count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Counts a run until it ends in whatever way.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Engine for FakeEngine {
    fn models(&self) -> &[ModelManifest] {
        &self.models
    }

    fn capacity(&self) -> Capacity {
        let running = self.now_running.load(Ordering::SeqCst);
        Capacity { running, queued: 0, queue_limit: 8, ready: true }
    }

    async fn load(&self, _model: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn input_tokens(&self, _model: &str, input: Input) -> Result<u32, EngineError> {
        Ok(tokens(&input))
    }

    async fn run(
        &self,
        model: &str,
        input: Input,
        _on_token: Option<mpsc::Sender<String>>,
        cancel: CancellationToken,
    ) -> Result<Completion, EngineError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let running = self.now_running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        let _counted = Counted(&self.now_running);
        let behaviour = self.next.lock().unwrap().pop_front();
        match behaviour {
            None => {}
            Some(Behaviour::Fail(error)) => return Err(error),
            Some(Behaviour::Panic) => panic!("the engine is broken"),
            Some(Behaviour::Block) => tokio::select! {
                () = cancel.cancelled() => return Err(EngineError::Cancelled),
                permit = self.gate.acquire() => permit.unwrap().forget(),
            },
        }
        let input_tokens = tokens(&input);
        let (output, output_tokens) = match &input {
            Input::Chat(chat) => {
                *self.last_limit.lock().unwrap() = chat.max_tokens;
                let words = chat.max_tokens.unwrap_or(50).min(4);
                (Output::Text(format!("{model} says {words}")), words)
            }
            Input::Embedding(_) => (Output::Embedding(vec![0.6, 0.8]), 0),
            Input::Tensor(tensor) => {
                let model = super::prover::model(10);
                let values = reference::run(&model, &tensor.values).unwrap();
                (Output::Tensor(reference::encode_output(&model, &values)), 0)
            }
        };
        Ok(Completion {
            output,
            usage: Usage { input_tokens, output_tokens },
            trace: Trace {
                engine: "fake".to_owned(),
                input_tokens: (0..input_tokens).collect(),
                output_tokens: (0..output_tokens).collect(),
                ..Trace::default()
            },
            finish_reason: FinishReason::Stop,
            timings: Timings { decode: Duration::from_millis(3), ..Timings::default() },
        })
    }
}
