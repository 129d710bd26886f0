use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use opg_engine::{
    Capacity, ChatInput, Completion, EmbeddingInput, Engine, EngineError, FinishReason, Input, InputError,
    ModelManifest, Output, Profile, Task, Timings, Trace, assumed_tokens, digest,
};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use crate::answer::{self, ChatAnswer};
use crate::client::{Asker, Patience, fault};
use crate::lines::Lines;
use crate::request;
use crate::upstream::Upstream;

/// A model version and the server that answers for it.
#[derive(Debug, Clone)]
pub struct Forwarded {
    /// Its weights file is what was registered: the weights themselves, or a text that names them. It is compared with the
    /// registration and not read otherwise.
    pub manifest: ModelManifest,
    /// Where it is asked.
    pub upstream: Upstream,
}

/// Hands requests to other servers. What comes back can be checked by nobody, and its traces say so.
#[derive(Debug)]
pub struct ForwardingEngine {
    manifests: Vec<ModelManifest>,
    routes: HashMap<String, Route>,
    asker: Asker,
}

#[derive(Debug)]
struct Route {
    forwarded: Forwarded,
    /// Digest of the execution profile, in hex.
    profile: String,
    slots: Semaphore,
}

impl ForwardingEngine {
    /// Sets the engine up; nothing is asked yet. Names must differ.
    ///
    /// # Errors
    /// If a model is of a task that no server with OpenAI's API has, or the machine lacks what TLS needs.
    pub fn new(models: Vec<Forwarded>, patience: Patience) -> Result<Self, EngineError> {
        let manifests: Vec<ModelManifest> = models.iter().map(|model| model.manifest.clone()).collect();
        if let Some(other) = manifests.iter().find(|manifest| manifest.task == Task::Tensor) {
            let reason = format!("model `{}` is of {}, which servers do not answer", other.name, other.task);
            return Err(fault(reason, false));
        }
        let routes = models.into_iter().map(|forwarded| {
            let profile = digest::hex(&Profile::forwarded(&forwarded.manifest).digest());
            let slots = Semaphore::new(forwarded.upstream.parallel());
            (forwarded.manifest.name.clone(), Route { forwarded, profile, slots })
        });
        Ok(ForwardingEngine { manifests, routes: routes.collect(), asker: Asker::new(patience)? })
    }

    fn route(&self, model: &str) -> Result<&Route, EngineError> {
        self.routes.get(model).ok_or_else(|| {
            let known: Vec<&str> = self.manifests.iter().map(|manifest| manifest.name.as_str()).collect();
            EngineError::UnknownModel { model: model.to_owned(), known: known.join(", ") }
        })
    }

    async fn answer(
        &self,
        route: &Route,
        input: &Input,
        on_token: Option<mpsc::Sender<String>>,
    ) -> Result<Completion, EngineError> {
        let read = route.input_tokens(input)?;
        match input {
            Input::Chat(chat) => self.chat(route, chat, read, on_token).await,
            Input::Embedding(text) => self.embedding(route, text, read).await,
            Input::Tensor(_) => Err(route.wrong_task(input)),
        }
    }

    async fn chat(
        &self,
        route: &Route,
        input: &ChatInput,
        read: u32,
        on_token: Option<mpsc::Sender<String>>,
    ) -> Result<Completion, EngineError> {
        let upstream = &route.forwarded.upstream;
        let most = route.forwarded.manifest.limits.output(input.max_tokens);
        let body = request::chat(upstream.model(), input, most)?;
        let started = Instant::now();
        let mut prefill = None;
        let mut incoming = self.asker.stream(upstream, "chat/completions", &body).await?;
        let (mut lines, mut answer) = (Lines::default(), ChatAnswer::default());
        let malformed = |reason| fault(reason, false);
        while let Some(bytes) = incoming.next().await? {
            for data in lines.push(&bytes).map_err(malformed)? {
                let text = answer.take(&data).map_err(malformed)?;
                if text.is_empty() {
                    continue;
                }
                prefill.get_or_insert_with(|| started.elapsed());
                if let Some(reader) = &on_token {
                    // A reader that is gone does not end the request: the answer is still wanted.
                    let _ = reader.send(text).await;
                }
            }
        }
        if !answer.is_done() {
            // Cut off on the way: the whole may come another time.
            return Err(fault("its stream ended before its end".to_owned(), true));
        }
        let (text, finish_reason, usage) = answer.finish(read, most).map_err(malformed)?;
        let trace = Trace {
            sampling: Some(input.sampling()),
            constraint: input
                .constraint
                .as_ref()
                .map(|it| it.digest())
                .transpose()?
                .map(|it| digest::hex(&it)),
            ..route.trace()
        };
        let prefill = prefill.unwrap_or_else(|| started.elapsed());
        let timings = Timings { prefill, decode: started.elapsed() - prefill, ..Timings::default() };
        Ok(Completion { output: Output::Text(text), usage, trace, finish_reason, timings })
    }

    async fn embedding(
        &self,
        route: &Route,
        input: &EmbeddingInput,
        read: u32,
    ) -> Result<Completion, EngineError> {
        let upstream = &route.forwarded.upstream;
        let started = Instant::now();
        let body = request::embedding(upstream.model(), input);
        let body = self.asker.post(upstream, "embeddings", &body).await?;
        let (vector, usage) = answer::embedding(&body, read).map_err(|reason| fault(reason, false))?;
        Ok(Completion {
            output: Output::Embedding(vector),
            usage,
            trace: route.trace(),
            finish_reason: FinishReason::Stop,
            timings: Timings { prefill: started.elapsed(), ..Timings::default() },
        })
    }
}

impl Route {
    /// What the request counts as before anybody has read it. The server's own count is charged where it is lower.
    fn input_tokens(&self, input: &Input) -> Result<u32, EngineError> {
        let manifest = &self.forwarded.manifest;
        if input.task() != manifest.task {
            return Err(self.wrong_task(input));
        }
        let tokens = match input {
            Input::Chat(chat) => {
                // Refused now, and not when it has been paid for.
                request::chat(self.forwarded.upstream.model(), chat, 1)?;
                assumed_tokens(
                    chat.messages.iter().map(|message| message.content.len()).sum(),
                    chat.messages.len(),
                )
            }
            Input::Embedding(text) => assumed_tokens(text.input.len(), 1),
            Input::Tensor(_) => return Err(self.wrong_task(input)),
        };
        let limit = manifest.limits.max_input_tokens;
        if tokens > limit {
            return Err(EngineError::InputTooLong { tokens: tokens as usize, limit: limit as usize });
        }
        Ok(tokens)
    }

    fn slot(&self) -> Result<SemaphorePermit<'_>, EngineError> {
        let limit = self.forwarded.upstream.parallel();
        self.slots.try_acquire().map_err(|_| EngineError::Busy { queued: 0, limit })
    }

    fn wrong_task(&self, input: &Input) -> EngineError {
        let (expected, found) = (self.forwarded.manifest.task.to_string(), input.task().to_string());
        InputError::WrongTask { expected, found }.into()
    }

    /// What every answer commits to: that it was forwarded. There are no tokens that another could check.
    fn trace(&self) -> Trace {
        let engine = format!("{}/{} forwarded", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Trace { engine, profile: self.profile.clone(), ..Trace::default() }
    }
}

#[async_trait]
impl Engine for ForwardingEngine {
    fn models(&self) -> &[ModelManifest] {
        &self.manifests
    }

    fn capacity(&self) -> Capacity {
        let (mut running, mut limit) = (0, 0);
        for route in self.routes.values() {
            limit += route.forwarded.upstream.parallel();
            running += route.forwarded.upstream.parallel() - route.slots.available_permits();
        }
        // Nothing waits here: what has no slot is refused as busy.
        Capacity { running, queued: running, queue_limit: limit, ready: true }
    }

    /// Compares the registered file, and asks the server whether it has the model.
    async fn load(&self, model: &str) -> Result<(), EngineError> {
        let Forwarded { manifest, upstream } = self.route(model)?.forwarded.clone();
        let compared = tokio::task::spawn_blocking(move || manifest.verify()).await;
        compared.map_err(|error| EngineError::Inference { reason: error.to_string() })??;
        let listed = self.asker.get(&upstream, "models").await?;
        answer::lists(&listed, upstream.model()).map_err(|reason| fault(reason, false))
    }

    async fn input_tokens(&self, model: &str, input: Input) -> Result<u32, EngineError> {
        input.validate()?;
        self.route(model)?.input_tokens(&input)
    }

    async fn run(
        &self,
        model: &str,
        input: Input,
        on_token: Option<mpsc::Sender<String>>,
        cancel: CancellationToken,
    ) -> Result<Completion, EngineError> {
        input.validate()?;
        let route = self.route(model)?;
        let _slot = route.slot()?;
        let limit: Duration = route.forwarded.manifest.limits.max_duration;
        // Dropping the answer ends the connection, by which the server learns that nobody waits.
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(EngineError::Cancelled),
            answered = self.answer(route, &input, on_token) => answered,
            () = tokio::time::sleep(limit) => Err(EngineError::DeadlineExceeded { limit }),
        }
    }
}
