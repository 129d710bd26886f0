use std::sync::Arc;

use async_trait::async_trait;
use opg_engine::{Capacity, Completion, Engine, EngineError, Input, ModelManifest, Trace, Verdict};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Engines side by side: each model is asked for where it is.
#[derive(Debug)]
pub struct Routed {
    engines: Vec<Arc<dyn Engine>>,
    manifests: Vec<ModelManifest>,
}

impl Routed {
    /// Joins engines whose models have different names; of two of one name the first engine's is asked.
    pub fn new(engines: Vec<Arc<dyn Engine>>) -> Self {
        let manifests = engines.iter().flat_map(|engine| engine.models().iter().cloned()).collect();
        Routed { engines, manifests }
    }

    fn engine(&self, model: &str) -> Result<&dyn Engine, EngineError> {
        let has = |engine: &&Arc<dyn Engine>| engine.models().iter().any(|manifest| manifest.name == model);
        self.engines.iter().find(has).map(|engine| &**engine).ok_or_else(|| {
            let known: Vec<&str> = self.manifests.iter().map(|manifest| manifest.name.as_str()).collect();
            EngineError::UnknownModel { model: model.to_owned(), known: known.join(", ") }
        })
    }
}

#[async_trait]
impl Engine for Routed {
    fn models(&self) -> &[ModelManifest] {
        &self.manifests
    }

    fn capacity(&self) -> Capacity {
        let none = Capacity { running: 0, queued: 0, queue_limit: 0, ready: true };
        self.engines.iter().map(|engine| engine.capacity()).fold(none, |all, one| Capacity {
            running: all.running + one.running,
            queued: all.queued + one.queued,
            queue_limit: all.queue_limit + one.queue_limit,
            ready: all.ready && one.ready,
        })
    }

    async fn load(&self, model: &str) -> Result<(), EngineError> {
        self.engine(model)?.load(model).await
    }

    async fn input_tokens(&self, model: &str, input: Input) -> Result<u32, EngineError> {
        self.engine(model)?.input_tokens(model, input).await
    }

    async fn run(
        &self,
        model: &str,
        input: Input,
        on_token: Option<mpsc::Sender<String>>,
        cancel: CancellationToken,
    ) -> Result<Completion, EngineError> {
        self.engine(model)?.run(model, input, on_token, cancel).await
    }

    async fn verify(&self, model: &str, input: Input, trace: Trace) -> Result<Verdict, EngineError> {
        self.engine(model)?.verify(model, input, trace).await
    }
}
