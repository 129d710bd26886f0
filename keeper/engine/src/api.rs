//! The one trait behind which every way of running a model stands.

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{Completion, EngineError, Input, ModelManifest, Trace, Verdict};

/// How much an engine can take on right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Jobs being computed.
    pub running: usize,
    /// Jobs accepted and waiting.
    pub queued: usize,
    /// Most jobs that may wait.
    pub queue_limit: usize,
    /// False after a crash until the engine works again, and after it is shut down.
    pub ready: bool,
}

impl Capacity {
    /// Jobs that would be accepted now.
    pub fn free(&self) -> usize {
        self.queue_limit.saturating_sub(self.queued)
    }
}

/// Runs models. Implementations are shared between tasks.
#[async_trait]
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// The models that can be asked for, by [`ModelManifest::name`].
    fn models(&self) -> &[ModelManifest];

    /// Current load.
    fn capacity(&self) -> Capacity;

    /// Verifies the digests of a model's files and loads it, so that the first request need not wait.
    async fn load(&self, model: &str) -> Result<(), EngineError>;

    /// Counts the tokens that [`Engine::run`] would charge as input, without running the model.
    async fn input_tokens(&self, model: &str, input: Input) -> Result<u32, EngineError>;

    /// Runs one request to its end.
    ///
    /// Pieces of text go to `on_token` as they are decided; concatenated they are the output. A full
    /// channel holds back nobody but its reader; a closed one is ignored. Cancelling `cancel` ends the request with
    /// [`EngineError::Cancelled`]; so does dropping the returned future, without a result.
    async fn run(
        &self,
        model: &str,
        input: Input,
        on_token: Option<mpsc::Sender<String>>,
        cancel: CancellationToken,
    ) -> Result<Completion, EngineError>;

    /// Checks by one pass whether a trace is what this engine computes for a request. Engines that cannot say so; a
    /// differing trace is no error.
    async fn verify(&self, model: &str, _input: Input, _trace: Trace) -> Result<Verdict, EngineError> {
        let reason = format!("the engine behind `{model}` cannot check answers again");
        Err(EngineError::Inference { reason })
    }
}
