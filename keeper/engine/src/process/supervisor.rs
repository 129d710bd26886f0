use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::child::Worker;
use super::{Job, ProcessConfig, Status, shut_down};
use crate::message::{Command, Event, Outcome, Work};
use crate::{EngineError, frame};

/// What Rust's allocator writes before it aborts the process.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// Owns the worker and gives it one job after another.
pub(super) struct Supervisor {
    config: ProcessConfig,
    setup: Vec<u8>,
    queue: mpsc::Receiver<Job>,
    status: Arc<Status>,
    stop: CancellationToken,
    worker: Option<Worker>,
    last_job: u64,
    crashes_in_a_row: u32,
    start_not_before: Instant,
}

/// How a job ended, as far as the worker is concerned.
enum Ending {
    /// The worker answered and is ready for the next.
    Answered(Result<Outcome, EngineError>),
    /// Nobody waits for the answer.
    Abandoned,
    /// Nobody waits for the answer, and the worker does not stop computing it.
    Stuck,
    /// The worker is gone; `taken` says whether it had begun.
    Lost { taken: bool },
}

impl Supervisor {
    pub(super) fn new(
        config: ProcessConfig,
        setup: Vec<u8>,
        queue: mpsc::Receiver<Job>,
        status: Arc<Status>,
        stop: CancellationToken,
    ) -> Self {
        Supervisor {
            config,
            setup,
            queue,
            status,
            stop,
            worker: None,
            last_job: 0,
            crashes_in_a_row: 0,
            start_not_before: Instant::now(),
        }
    }

    pub(super) async fn run(mut self) {
        let stop = self.stop.clone();
        loop {
            let job = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                job = self.queue.recv() => job,
            };
            let Some(job) = job else { break };
            if job.abandoned.is_cancelled() {
                continue;
            }
            self.status.running.store(1, Ordering::Relaxed);
            self.handle(job).await;
            self.status.running.store(0, Ordering::Relaxed);
        }
        if let Some(worker) = self.worker.take() {
            worker.stop(self.config.cancel_grace).await;
        }
        self.status.pid.store(0, Ordering::Relaxed);
    }

    async fn handle(&mut self, mut job: Job) {
        let queued = job.accepted.elapsed();
        self.last_job += 1;
        let result = match job_frame(self.last_job, &mut job) {
            Ok(command) => match self.answer(&command, &job).await {
                Some(result) => result,
                None => return,
            },
            Err(error) => Err(error),
        };
        let result = result.map(|mut outcome| {
            if let Outcome::Completed(completion) = &mut outcome {
                completion.timings.queued = queued;
            }
            outcome
        });
        // A caller that is gone by now has no use for it.
        let _ = job.reply.send(result);
    }

    /// What to answer to a job; `None` when nobody waits.
    async fn answer(&mut self, command: &[u8], job: &Job) -> Option<Result<Outcome, EngineError>> {
        // A worker that was found alive may be dying, which the system takes a while to show. A job that it never
        // took is handed to the next one; a second such death is no accident.
        let mut handed_on = false;
        loop {
            let mut worker = match self.ready_worker(&job.abandoned).await {
                Ok(worker) => worker,
                Err(error) => return Some(Err(error)),
            };
            let ending = self.serve(&mut worker, command, job).await;
            let untouched = matches!(ending, Ending::Lost { taken: false });
            let result = self.conclude(worker, ending).await;
            if handed_on || !untouched {
                return result;
            }
            handed_on = true;
        }
    }

    /// The worker, started if need be; after a crash not before its time.
    async fn ready_worker(&mut self, abandoned: &CancellationToken) -> Result<Worker, EngineError> {
        if let Some(mut worker) = self.worker.take() {
            if !worker.has_ended() {
                return Ok(worker);
            }
            let detail = worker.obituary().await;
            tracing::warn!(detail, "the worker died while idle");
            self.count_crash();
        }
        tokio::select! {
            biased;
            () = abandoned.cancelled() => return Err(EngineError::Cancelled),
            () = self.stop.cancelled() => return Err(shut_down()),
            () = sleep_until(self.start_not_before) => {}
        }
        match Worker::start(&self.config, &self.setup).await {
            Ok(worker) => {
                tracing::info!(pid = worker.pid(), "engine worker started");
                self.status.pid.store(worker.pid(), Ordering::Relaxed);
                self.status.broken.store(false, Ordering::Relaxed);
                Ok(worker)
            }
            Err(error) => {
                self.count_crash();
                Err(error)
            }
        }
    }

    async fn serve(&mut self, worker: &mut Worker, command: &[u8], job: &Job) -> Ending {
        if !worker.send(command).await {
            return Ending::Lost { taken: false };
        }
        let number = self.last_job;
        let ending = tokio::select! {
            biased;
            () = job.abandoned.cancelled() => None,
            () = self.stop.cancelled() => None,
            ending = follow(worker, number, job.on_token.as_ref()) => Some(ending),
        };
        match ending {
            Some(Ok(result)) => Ending::Answered(result),
            Some(Err(Gone { taken })) => Ending::Lost { taken },
            None => self.give_up(worker, number).await,
        }
    }

    /// Asks the worker to drop a job and kills it when it does not do so in time.
    async fn give_up(&self, worker: &mut Worker, number: u64) -> Ending {
        let asked = async {
            match frame::encode(&Command::Cancel { job: number }) {
                Ok(cancel) if worker.send(&cancel).await => follow(worker, number, None).await.is_ok(),
                _ => false,
            }
        };
        match timeout(self.config.cancel_grace, asked).await {
            Ok(true) => Ending::Abandoned,
            _ => Ending::Stuck,
        }
    }

    /// Keeps the worker or buries it, and says what to answer; `None` when nobody waits.
    async fn conclude(&mut self, worker: Worker, ending: Ending) -> Option<Result<Outcome, EngineError>> {
        match ending {
            Ending::Answered(result) => {
                self.worker = Some(worker);
                self.crashes_in_a_row = 0;
                Some(result)
            }
            Ending::Abandoned => {
                self.worker = Some(worker);
                None
            }
            Ending::Stuck => {
                tracing::info!("the engine worker is killed: it did not give up a cancelled job");
                worker.stop(Duration::ZERO).await;
                self.status.pid.store(0, Ordering::Relaxed);
                None
            }
            Ending::Lost { .. } => {
                let detail = worker.obituary().await;
                tracing::warn!(detail, "the engine worker was lost");
                self.count_crash();
                Some(Err(if detail.contains(OUT_OF_MEMORY) {
                    EngineError::OutOfMemory { detail }
                } else {
                    EngineError::WorkerCrashed { detail }
                }))
            }
        }
    }

    fn count_crash(&mut self) {
        self.status.pid.store(0, Ordering::Relaxed);
        self.status.broken.store(true, Ordering::Relaxed);
        let doubled = self.config.restart_delay.saturating_mul(1 << self.crashes_in_a_row.min(16));
        self.start_not_before = Instant::now() + Duration::min(doubled, self.config.max_restart_delay);
        self.crashes_in_a_row = self.crashes_in_a_row.saturating_add(1);
    }
}

/// The command that hands a job to a worker. The input is not needed afterwards, so it moves.
fn job_frame(number: u64, job: &mut Job) -> Result<Vec<u8>, EngineError> {
    let work = std::mem::replace(&mut job.work, Work::Load);
    let command = Command::Job { job: number, model: job.model.clone(), work };
    frame::encode(&command)
        .map_err(|error| EngineError::Inference { reason: format!("job cannot be handed over: {error}") })
}

/// The worker's output has ended, before or after it took the job.
struct Gone {
    taken: bool,
}

/// Passes text on until the job ends.
async fn follow(
    worker: &mut Worker,
    number: u64,
    on_token: Option<&mpsc::Sender<String>>,
) -> Result<Result<Outcome, EngineError>, Gone> {
    let mut taken = false;
    loop {
        match worker.next().await.ok_or(Gone { taken })? {
            Event::Taken { job } if job == number => taken = true,
            Event::Text { job, text } if job == number => {
                if let Some(on_token) = on_token {
                    // A receiver that is gone does not end the job: the answer is still wanted.
                    let _ = on_token.send(text).await;
                }
            }
            Event::End { job, result } if job == number => return Ok(result),
            // What is left of an earlier job.
            Event::Taken { .. } | Event::Text { .. } | Event::End { .. } | Event::Ready => {}
        }
    }
}
