use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::child::Worker;
use super::{Job, ProcessConfig, Status, shut_down};
use crate::message::{Command, Event, Outcome};
use crate::{EngineError, frame};

/// What Rust's allocator writes before it aborts the process.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// Owns the worker and gives it as many jobs at a time as it has slots.
pub(super) struct Supervisor {
    config: ProcessConfig,
    setup: Vec<u8>,
    queue: mpsc::Receiver<Job>,
    status: Arc<Status>,
    stop: CancellationToken,
    worker: Option<Worker>,
    last_job: u64,
    flights: HashMap<u64, Flight>,
    /// Numbers of jobs for which nobody waits any longer.
    given_up: mpsc::UnboundedReceiver<u64>,
    give_up: mpsc::UnboundedSender<u64>,
    crashes_in_a_row: u32,
    start_not_before: Instant,
}

/// A job that the worker has.
struct Flight {
    command: Vec<u8>,
    queued: Duration,
    delivery: mpsc::UnboundedSender<Delivery>,
    /// The worker has begun it.
    taken: bool,
    /// Some of its text is out: it cannot be done again unnoticed.
    shown: bool,
    /// A worker died before it took this job. A second such death is no accident.
    handed_on: bool,
    /// Nobody waits for it; when the worker must have stopped.
    stop_by: Option<Instant>,
}

enum Delivery {
    Text(String),
    End(Result<Outcome, EngineError>),
}

/// What happened next.
enum Turn {
    Stop,
    GivenUp(u64),
    Event(Option<Event>),
    Stuck,
    Job(Box<Job>),
}

impl Supervisor {
    pub(super) fn new(
        config: ProcessConfig,
        setup: Vec<u8>,
        queue: mpsc::Receiver<Job>,
        status: Arc<Status>,
        stop: CancellationToken,
    ) -> Self {
        let (give_up, given_up) = mpsc::unbounded_channel();
        Supervisor {
            config,
            setup,
            queue,
            status,
            stop,
            worker: None,
            last_job: 0,
            flights: HashMap::new(),
            given_up,
            give_up,
            crashes_in_a_row: 0,
            start_not_before: Instant::now(),
        }
    }

    pub(super) async fn run(mut self) {
        loop {
            self.status.running.store(self.flights.len(), Ordering::Relaxed);
            match self.turn().await {
                Turn::Stop => break,
                Turn::GivenUp(number) => self.cancel(number).await,
                Turn::Event(Some(event)) => self.note(event),
                Turn::Event(None) => self.replace(false).await,
                Turn::Stuck => self.replace(true).await,
                Turn::Job(job) => self.take(*job).await,
            }
        }
        if let Some(worker) = self.worker.take() {
            worker.stop(self.config.cancel_grace).await;
        }
        self.status.running.store(0, Ordering::Relaxed);
        self.status.pid.store(0, Ordering::Relaxed);
    }

    async fn turn(&mut self) -> Turn {
        let stuck_at = self.flights.values().filter_map(|flight| flight.stop_by).min();
        let (busy, free) = (!self.flights.is_empty(), self.flights.len() < self.config.slots.max(1));
        let event = async {
            match &mut self.worker {
                Some(worker) if busy => worker.next().await,
                _ => std::future::pending().await,
            }
        };
        let stuck = async {
            match stuck_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Turn::Stop,
            Some(number) = self.given_up.recv() => Turn::GivenUp(number),
            event = event => Turn::Event(event),
            () = stuck => Turn::Stuck,
            job = self.queue.recv(), if free => job.map_or(Turn::Stop, |job| Turn::Job(Box::new(job))),
        }
    }

    /// Gives a job to the worker.
    async fn take(&mut self, job: Job) {
        if job.abandoned.is_cancelled() {
            return;
        }
        self.last_job += 1;
        let (number, queued) = (self.last_job, job.accepted.elapsed());
        let Job { model, work, on_token, abandoned, reply, .. } = job;
        let command = match frame::encode(&Command::Job { job: number, model, work }) {
            Ok(command) => command,
            Err(error) => {
                let reason = format!("job cannot be handed over: {error}");
                // A caller that is gone by now has no use for it.
                let _ = reply.send(Err(EngineError::Inference { reason }));
                return;
            }
        };
        let (delivery, deliveries) = mpsc::unbounded_channel();
        tokio::spawn(deliver(deliveries, on_token, abandoned.clone(), reply));
        let give_up = self.give_up.clone();
        tokio::spawn(async move {
            abandoned.cancelled().await;
            // Nobody listens after the end, when there is nothing to give up.
            let _ = give_up.send(number);
        });
        let flight =
            Flight { command, queued, delivery, taken: false, shown: false, handed_on: false, stop_by: None };
        self.flights.insert(number, flight);
        self.dispatch(vec![number]).await;
    }

    /// Sends jobs to a worker; where that dies, once more to the next.
    async fn dispatch(&mut self, mut numbers: Vec<u64>) {
        while !numbers.is_empty() {
            if let Err(error) = self.ready_worker().await {
                for number in numbers {
                    self.end(number, Err(error.clone()));
                }
                return;
            }
            let mut lost = false;
            for number in numbers.drain(..) {
                if let (Some(worker), Some(flight)) = (&mut self.worker, self.flights.get(&number))
                    && !worker.send(&flight.command).await
                {
                    lost = true;
                    break;
                }
            }
            if lost {
                numbers = self.bury(false).await;
            }
        }
    }

    /// Makes sure that there is a worker; after a crash not before its time.
    async fn ready_worker(&mut self) -> Result<(), EngineError> {
        if let Some(worker) = &mut self.worker {
            if !self.flights.values().all(|flight| !flight.taken) || !worker.has_ended() {
                return Ok(());
            }
            if let Some(worker) = self.worker.take() {
                let detail = worker.obituary().await;
                tracing::warn!(detail, "the worker died while idle");
            }
            self.count_crash();
        }
        tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(shut_down()),
            () = sleep_until(self.start_not_before) => {}
        }
        match Worker::start(&self.config, &self.setup).await {
            Ok(worker) => {
                tracing::info!(pid = worker.pid(), "engine worker started");
                self.status.pid.store(worker.pid(), Ordering::Relaxed);
                self.status.broken.store(false, Ordering::Relaxed);
                self.worker = Some(worker);
                Ok(())
            }
            Err(error) => {
                self.count_crash();
                Err(error)
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Taken { job } => {
                if let Some(flight) = self.flights.get_mut(&job) {
                    flight.taken = true;
                }
            }
            Event::Text { job, text } => {
                if let Some(flight) = self.flights.get_mut(&job) {
                    flight.shown = true;
                    let _ = flight.delivery.send(Delivery::Text(text));
                }
            }
            Event::End { job, result } => {
                self.crashes_in_a_row = 0;
                self.end(job, result);
            }
            Event::Ready => {}
        }
    }

    /// Answers a job. Texts sent before arrive before.
    fn end(&mut self, number: u64, result: Result<Outcome, EngineError>) {
        let Some(flight) = self.flights.remove(&number) else { return };
        let result = result.map(|mut outcome| {
            if let Outcome::Completed(completion) = &mut outcome {
                completion.timings.queued = flight.queued;
            }
            outcome
        });
        let _ = flight.delivery.send(Delivery::End(result));
    }

    /// Asks the worker to drop a job.
    async fn cancel(&mut self, number: u64) {
        let Some(flight) = self.flights.get_mut(&number) else { return };
        flight.stop_by = Some(Instant::now() + self.config.cancel_grace);
        if let (Some(worker), Ok(cancel)) =
            (&mut self.worker, frame::encode(&Command::Cancel { job: number }))
        {
            // A worker that does not listen is found out by its silence.
            let _ = worker.send(&cancel).await;
        }
    }

    /// Replaces a worker that is gone, or that does not stop, and hands it what can be done again.
    async fn replace(&mut self, stuck: bool) {
        let again = self.bury(stuck).await;
        self.dispatch(again).await;
    }

    /// Ends the worker and answers the jobs that it takes with it. Returns those that another worker may do.
    async fn bury(&mut self, stuck: bool) -> Vec<u64> {
        let Some(worker) = self.worker.take() else { return Vec::new() };
        let error = if stuck {
            tracing::info!("the engine worker is killed: it did not give up a cancelled job");
            worker.stop(Duration::ZERO).await;
            self.status.pid.store(0, Ordering::Relaxed);
            let detail = "it was killed because another job in it did not stop".to_owned();
            EngineError::WorkerCrashed { detail }
        } else {
            let detail = worker.obituary().await;
            tracing::warn!(detail, "the engine worker was lost");
            self.count_crash();
            if detail.contains(OUT_OF_MEMORY) {
                EngineError::OutOfMemory { detail }
            } else {
                EngineError::WorkerCrashed { detail }
            }
        };
        let mut again = Vec::new();
        let mut numbers: Vec<u64> = self.flights.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            let Some(flight) = self.flights.get_mut(&number) else { continue };
            let innocent = if stuck { !flight.shown } else { !flight.taken };
            if flight.stop_by.is_none() && innocent && !flight.handed_on {
                (flight.taken, flight.handed_on) = (false, true);
                again.push(number);
            } else {
                self.end(number, Err(error.clone()));
            }
        }
        again
    }

    fn count_crash(&mut self) {
        self.status.pid.store(0, Ordering::Relaxed);
        self.status.broken.store(true, Ordering::Relaxed);
        let doubled = self.config.restart_delay.saturating_mul(1 << self.crashes_in_a_row.min(16));
        self.start_not_before = Instant::now() + Duration::min(doubled, self.config.max_restart_delay);
        self.crashes_in_a_row = self.crashes_in_a_row.saturating_add(1);
    }
}

/// Passes a job's text on in its caller's time, and its end after that: a slow reader holds up nobody else. What waits
/// here is bounded by the longest answer.
async fn deliver(
    mut deliveries: mpsc::UnboundedReceiver<Delivery>,
    on_token: Option<mpsc::Sender<String>>,
    abandoned: CancellationToken,
    reply: oneshot::Sender<Result<Outcome, EngineError>>,
) {
    while let Some(delivery) = deliveries.recv().await {
        match delivery {
            Delivery::Text(text) => {
                let Some(on_token) = &on_token else { continue };
                tokio::select! {
                    biased;
                    () = abandoned.cancelled() => return,
                    // A receiver that is gone does not end the job: the answer is still wanted.
                    _ = on_token.send(text) => {}
                }
            }
            Delivery::End(result) => {
                // A caller that is gone by now has no use for it.
                let _ = reply.send(result);
                return;
            }
        }
    }
}
