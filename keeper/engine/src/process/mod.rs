//! An engine whose models live in a child process.
//!
//! A supervisor task owns the child. It takes jobs from a bounded queue, as many as have a slot, starts the child when
//! it is needed, kills it when it does not give up a cancelled job in time, and starts it again after a crash,
//! waiting longer after each crash in a row.

mod child;
mod config;
mod stderr;
mod supervisor;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use config::ProcessConfig;

use crate::message::{Outcome, Setup, Work};
use crate::worker::find;
use crate::{Capacity, Completion, Engine, EngineError, Input, ModelManifest, Trace, Verdict, frame};
use supervisor::Supervisor;

/// Runs models in a child process.
#[derive(Debug)]
pub struct ProcessEngine {
    models: Vec<ModelManifest>,
    jobs: mpsc::Sender<Job>,
    status: Arc<Status>,
    stop: CancellationToken,
    supervisor: Mutex<Option<JoinHandle<()>>>,
}

/// What the supervisor shows to others.
#[derive(Debug, Default)]
struct Status {
    running: AtomicUsize,
    /// Process id of the worker; 0 when there is none.
    pid: AtomicU32,
    /// A crash has happened and no worker has started since.
    broken: AtomicBool,
}

/// A request on its way to the supervisor.
#[derive(Debug)]
struct Job {
    model: String,
    work: Work,
    on_token: Option<mpsc::Sender<String>>,
    /// Fires when nobody waits for the answer any longer: cancelled, too late, or the caller is gone.
    abandoned: CancellationToken,
    accepted: Instant,
    reply: oneshot::Sender<Result<Outcome, EngineError>>,
}

impl ProcessEngine {
    /// Sets the engine up; the worker starts with the first job. Must be called inside a tokio runtime.
    pub fn new(config: ProcessConfig, models: Vec<ModelManifest>) -> Result<Self, EngineError> {
        if let Some((at, model)) = models
            .iter()
            .enumerate()
            .find(|(at, model)| models[..*at].iter().any(|other| other.name == model.name))
        {
            let reason =
                format!("model {at} has the name `{}`, which is taken; names must differ", model.name);
            return Err(EngineError::WorkerUnavailable { reason });
        }
        let setup = Setup {
            models: models.clone(),
            accelerator: config.accelerator,
            memory_limit: config.memory_limit,
            model_memory: config.model_memory,
            slots: config.slots.max(1),
            profiles: config.profiles.clone(),
        };
        let setup = frame::encode(&setup)
            .map_err(|error| EngineError::WorkerUnavailable { reason: format!("its setup: {error}") })?;
        let (jobs, queue) = mpsc::channel(config.queue_limit.max(1));
        let status = Arc::new(Status::default());
        let stop = CancellationToken::new();
        let supervisor = Supervisor::new(config, setup, queue, status.clone(), stop.clone());
        let supervisor = Mutex::new(Some(tokio::spawn(supervisor.run())));
        Ok(ProcessEngine { models, jobs, status, stop, supervisor })
    }

    /// Process id of the worker, while there is one.
    pub fn worker_pid(&self) -> Option<u32> {
        Some(self.status.pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    /// Ends the worker and every job that waits. Returns when the process is gone.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        if let Some(supervisor) = self.supervisor.lock().await.take()
            && let Err(error) = supervisor.await
        {
            tracing::error!(%error, "the engine's supervisor ended badly");
        }
    }

    async fn submit(
        &self,
        model: &str,
        work: Work,
        on_token: Option<mpsc::Sender<String>>,
        cancel: CancellationToken,
    ) -> Result<Outcome, EngineError> {
        let limit = find(&self.models, model)?.limits.max_duration;
        let abandoned = CancellationToken::new();
        // Fires however this function ends, also when its future is dropped.
        let _guard = abandoned.clone().drop_guard();
        let accepted = Instant::now();
        let (reply, answer) = oneshot::channel();
        let job = Job { model: model.to_owned(), work, on_token, abandoned, accepted, reply };
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                let limit = self.jobs.max_capacity();
                EngineError::Busy { queued: limit, limit }
            }
            mpsc::error::TrySendError::Closed(_) => shut_down(),
        })?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(EngineError::Cancelled),
            answer = answer => answer.unwrap_or_else(|_| Err(shut_down())),
            () = tokio::time::sleep_until(accepted + limit) => Err(EngineError::DeadlineExceeded { limit }),
        }
    }
}

impl Drop for ProcessEngine {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn shut_down() -> EngineError {
    EngineError::WorkerUnavailable { reason: "the engine is shut down".to_owned() }
}

/// A worker that answers something else than it was asked is not ours.
fn confused() -> EngineError {
    EngineError::WorkerCrashed { detail: "it answered another question than the one asked".to_owned() }
}

#[async_trait]
impl Engine for ProcessEngine {
    fn models(&self) -> &[ModelManifest] {
        &self.models
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            running: self.status.running.load(Ordering::Relaxed),
            queued: self.jobs.max_capacity() - self.jobs.capacity(),
            queue_limit: self.jobs.max_capacity(),
            ready: !self.status.broken.load(Ordering::Relaxed) && !self.stop.is_cancelled(),
        }
    }

    async fn load(&self, model: &str) -> Result<(), EngineError> {
        self.submit(model, Work::Load, None, CancellationToken::new()).await.map(drop)
    }

    async fn input_tokens(&self, model: &str, input: Input) -> Result<u32, EngineError> {
        match self.submit(model, Work::Count(input), None, CancellationToken::new()).await? {
            Outcome::Counted(tokens) => Ok(tokens),
            _ => Err(confused()),
        }
    }

    async fn run(
        &self,
        model: &str,
        input: Input,
        on_token: Option<mpsc::Sender<String>>,
        cancel: CancellationToken,
    ) -> Result<Completion, EngineError> {
        input.validate()?;
        let work = Work::Run { input, stream: on_token.is_some() };
        match self.submit(model, work, on_token, cancel).await? {
            Outcome::Completed(completion) => Ok(*completion),
            _ => Err(confused()),
        }
    }

    async fn verify(&self, model: &str, input: Input, trace: Trace) -> Result<Verdict, EngineError> {
        input.validate()?;
        let work = Work::Verify { input, trace: Box::new(trace) };
        match self.submit(model, work, None, CancellationToken::new()).await? {
            Outcome::Verified(verdict) => Ok(verdict),
            _ => Err(confused()),
        }
    }
}
