//! The worker process: reads jobs from standard input, computes them, chats of one model together, and writes events
//! to standard output. Standard error is for people.
//!
//! It ends when standard input does, so a worker never outlives its keeper, however that ended.

use std::collections::{HashMap, HashSet};
use std::io::{Error, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::chat::{BatchLimits, Progress};
use crate::local::{LocalModel, Unobserved};
use crate::message::{Command, Event, Outcome, Setup, Work};
use crate::shelf::{Loaded, Shelf};
use crate::{EngineError, Input, ModelManifest, frame};

/// Entry point of the worker; the caller's `main` does nothing else.
pub fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error is the only place left to say it; a failure to do so changes nothing.
            let _ = writeln!(std::io::stderr(), "engine worker: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Job {
    number: u64,
    model: String,
    work: Work,
}

/// Numbers of jobs that are to be given up.
type Cancelled = Arc<Mutex<HashSet<u64>>>;

fn serve() -> std::io::Result<()> {
    let Some(setup) = frame::read::<Setup>(&mut std::io::stdin().lock())? else {
        return Err(Error::new(ErrorKind::UnexpectedEof, "started without a setup; run the keeper instead"));
    };
    limit_resources(&setup)?;
    let loaded = Shelf::new(setup.model_memory);
    let mut host = Host { setup, loaded, running: HashMap::new() };
    frame::write(&mut std::io::stdout(), &Event::Ready)?;

    let cancelled = Cancelled::default();
    let (sender, jobs): (Sender<Job>, Receiver<Job>) = channel();
    let seen = cancelled.clone();
    std::thread::spawn(move || listen(&sender, &seen));
    loop {
        // Taken before the jobs: a job that is cancelled at once is begun and then given up.
        let given_up = std::mem::take(&mut *cancelled.lock().unwrap_or_else(PoisonError::into_inner));
        let next = if host.running.is_empty() { jobs.recv().ok() } else { jobs.try_recv().ok() };
        match next {
            Some(job) => host.begin(job)?,
            None if host.running.is_empty() => return Ok(()),
            None => {}
        }
        while let Ok(job) = jobs.try_recv() {
            host.begin(job)?;
        }
        host.cancel(&given_up)?;
        host.step()?;
    }
}

/// Reads commands for as long as there are any, then ends the process, whatever it is computing.
fn listen(jobs: &Sender<Job>, cancelled: &Cancelled) {
    let mut source = std::io::stdin().lock();
    loop {
        match frame::read(&mut source) {
            Ok(Some(Command::Job { job, model, work })) => {
                if jobs.send(Job { number: job, model, work }).is_err() {
                    return;
                }
            }
            Ok(Some(Command::Cancel { job })) => {
                cancelled.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
            }
            Ok(None) => std::process::exit(0),
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "engine worker: unreadable command: {error}");
                std::process::exit(1);
            }
        }
    }
}

/// Private memory up to the limit, and no core dumps: they would hold prompts.
fn limit_resources(setup: &Setup) -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    if let Some(bytes) = setup.memory_limit {
        setrlimit(Resource::Data, Rlimit { current: Some(bytes), maximum: Some(bytes) })?;
    }
    Ok(())
}

struct Host {
    setup: Setup,
    loaded: Shelf,
    /// Jobs in some model's batch.
    running: HashMap<u64, Running>,
}

struct Running {
    stream: bool,
    load: Duration,
}

impl Host {
    /// Does a short job at once and puts a chat into its model's batch.
    fn begin(&mut self, job: Job) -> std::io::Result<()> {
        let number = job.number;
        send(&Event::Taken { job: number })?;
        let result = match self.work(job) {
            Ok(None) => return Ok(()),
            Ok(Some(outcome)) => Ok(outcome),
            Err(error) => Err(error),
        };
        send(&Event::End { job: number, result })
    }

    /// The outcome, or nothing while a batch is at it.
    fn work(&mut self, job: Job) -> Result<Option<Outcome>, EngineError> {
        let (load, Loaded { model, batch, .. }) = self.model(&job.model)?;
        match job.work {
            Work::Load => Ok(Some(Outcome::Loaded)),
            Work::Count(input) => Ok(Some(Outcome::Counted(model.prompt(&input)?.len() as u32))),
            Work::Verify { input, trace } => Ok(Some(Outcome::Verified(model.verify(&input, &trace)?))),
            Work::Run { input, stream } => {
                input.validate()?;
                if let (Some(chat), Input::Chat(input)) = (model.chat(), &input) {
                    batch.add(chat, job.number, input)?;
                    self.running.insert(job.number, Running { stream, load });
                    return Ok(None);
                }
                let mut completion = model.run(&input, &mut Unobserved)?;
                completion.timings.load = load;
                Ok(Some(Outcome::Completed(Box::new(completion))))
            }
        }
    }

    fn cancel(&mut self, given_up: &HashSet<u64>) -> std::io::Result<()> {
        for loaded in self.loaded.iter_mut() {
            for job in loaded.batch.cancel(|number| given_up.contains(&number)) {
                self.running.remove(&job);
                send(&Event::End { job, result: Err(EngineError::Cancelled) })?;
            }
        }
        Ok(())
    }

    /// One step of every model that has something to do.
    fn step(&mut self) -> std::io::Result<()> {
        for Loaded { model, batch, .. } in self.loaded.iter_mut() {
            let Some(chat) = model.chat().filter(|_| !batch.is_empty()) else { continue };
            for (job, progress) in batch.step(chat) {
                match progress {
                    Progress::Text(text) => {
                        if self.running.get(&job).is_some_and(|running| running.stream) {
                            send(&Event::Text { job, text })?;
                        }
                    }
                    Progress::Done(result) => {
                        let load = self.running.remove(&job).map_or(Duration::ZERO, |running| running.load);
                        let result = result.map(|mut completion| {
                            completion.timings.load = load;
                            Outcome::Completed(completion)
                        });
                        send(&Event::End { job, result })?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The model of that name and how long it took to get it.
    fn model(&mut self, name: &str) -> Result<(Duration, &mut Loaded), EngineError> {
        let started = Instant::now();
        if !self.loaded.has(name) {
            let manifest = find(&self.setup.models, name)?;
            self.loaded.make_room(manifest.bytes());
            let model = LocalModel::load(manifest, self.setup.accelerator)?;
            if let Some(expected) = self.setup.profiles.get(name) {
                model.profile().require(expected)?;
            }
            let limits = BatchLimits { slots: self.setup.slots, ..BatchLimits::default() };
            return Ok((started.elapsed(), self.loaded.put(manifest, model, limits)));
        }
        let loaded = self.loaded.get(name).ok_or_else(|| EngineError::Inference {
            reason: format!("model `{name}` is no longer loaded"),
        })?;
        Ok((Duration::ZERO, loaded))
    }
}

fn send(event: &Event) -> std::io::Result<()> {
    frame::write(&mut std::io::stdout(), event)
}

/// The manifest of that name.
pub(crate) fn find<'a>(models: &'a [ModelManifest], name: &str) -> Result<&'a ModelManifest, EngineError> {
    models.iter().find(|model| model.name == name).ok_or_else(|| {
        let known: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        EngineError::UnknownModel { model: name.to_owned(), known: known.join(", ") }
    })
}
