//! The worker process: reads jobs from standard input, computes them one after another, and writes events to
//! standard output. Standard error is for people.
//!
//! It ends when standard input does, so a worker never outlives its keeper, however that ended.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::local::{LocalModel, Observer};
use crate::message::{Command, Event, Outcome, Setup, Work};
use crate::{EngineError, ModelManifest, frame};

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

fn serve() -> std::io::Result<()> {
    let Some(setup) = frame::read::<Setup>(&mut std::io::stdin().lock())? else {
        return Err(Error::new(ErrorKind::UnexpectedEof, "started without a setup; run the keeper instead"));
    };
    limit_resources(&setup)?;
    let mut host = Host { setup, loaded: HashMap::new() };
    frame::write(&mut std::io::stdout(), &Event::Ready)?;

    let cancelled = Arc::new(AtomicU64::new(u64::MAX));
    let (sender, jobs): (Sender<Job>, Receiver<Job>) = channel();
    let seen = cancelled.clone();
    std::thread::spawn(move || listen(&sender, &seen));
    for job in jobs {
        frame::write(&mut std::io::stdout(), &Event::Taken { job: job.number })?;
        let mut reporter = Reporter { job: job.number, stream: false, cancelled: &cancelled, broken: None };
        let result = host.work(job, &mut reporter);
        let Reporter { job, broken, .. } = reporter;
        if let Some(error) = broken {
            return Err(error);
        }
        frame::write(&mut std::io::stdout(), &Event::End { job, result })?;
    }
    Ok(())
}

/// Reads commands for as long as there are any, then ends the process, whatever it is computing.
fn listen(jobs: &Sender<Job>, cancelled: &AtomicU64) {
    let mut source = std::io::stdin().lock();
    loop {
        match frame::read(&mut source) {
            Ok(Some(Command::Job { job, model, work })) => {
                if jobs.send(Job { number: job, model, work }).is_err() {
                    return;
                }
            }
            Ok(Some(Command::Cancel { job })) => cancelled.store(job, Ordering::Relaxed),
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
    loaded: HashMap<String, LocalModel>,
}

impl Host {
    fn work(&mut self, job: Job, reporter: &mut Reporter<'_>) -> Result<Outcome, EngineError> {
        let (load, model) = self.model(&job.model)?;
        match job.work {
            Work::Load => Ok(Outcome::Loaded),
            Work::Count(input) => Ok(Outcome::Counted(model.prompt(&input)?.len() as u32)),
            Work::Run { input, stream } => {
                reporter.stream = stream;
                let mut completion = model.run(&input, reporter)?;
                completion.timings.load = load;
                Ok(Outcome::Completed(Box::new(completion)))
            }
        }
    }

    /// The model of that name and how long it took to get it.
    fn model(&mut self, name: &str) -> Result<(Duration, &LocalModel), EngineError> {
        if self.loaded.contains_key(name) {
            return Ok((Duration::ZERO, &self.loaded[name]));
        }
        let started = Instant::now();
        let manifest = find(&self.setup.models, name)?;
        let model = LocalModel::load(manifest, self.setup.accelerator)?;
        Ok((started.elapsed(), self.loaded.entry(name.to_owned()).or_insert(model)))
    }
}

/// The manifest of that name.
pub(crate) fn find<'a>(models: &'a [ModelManifest], name: &str) -> Result<&'a ModelManifest, EngineError> {
    models.iter().find(|model| model.name == name).ok_or_else(|| {
        let known: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        EngineError::UnknownModel { model: name.to_owned(), known: known.join(", ") }
    })
}

struct Reporter<'a> {
    job: u64,
    stream: bool,
    cancelled: &'a AtomicU64,
    /// Set when standard output is gone: there is nobody left to work for.
    broken: Option<Error>,
}

impl Observer for Reporter<'_> {
    fn text(&mut self, text: &str) {
        if !self.stream || text.is_empty() || self.broken.is_some() {
            return;
        }
        let event = Event::Text { job: self.job, text: text.to_owned() };
        self.broken = frame::write(&mut std::io::stdout(), &event).err();
    }

    fn cancelled(&self) -> bool {
        self.broken.is_some() || self.cancelled.load(Ordering::Relaxed) == self.job
    }
}
