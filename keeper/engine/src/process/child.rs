use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command as Program};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::ProcessConfig;
use super::stderr::{LastWords, follow};
use crate::message::Event;
use crate::{EngineError, frame};

/// Tells glibc to hand blocks of a mebibyte and more back to the system when they are freed. Left alone it learns from the
/// first that is freed to keep them, and keys and values of ended answers stay resident.
const MMAP_THRESHOLD: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "1048576");

/// What the worker may see of our environment: enough to find its libraries and devices, no secrets.
const ENVIRONMENT: [&str; 9] = [
    "CUDA_HOME",
    "CUDA_VISIBLE_DEVICES",
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "PATH",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "TMPDIR",
];

/// Events that may wait between the pipe and the job; when full, the worker has to wait.
const EVENTS: usize = 16;

/// How long to wait for what a dead process leaves behind.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running worker process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    stdin: ChildStdin,
    events: mpsc::Receiver<Event>,
    words: LastWords,
    stderr: JoinHandle<()>,
}

impl Worker {
    /// Starts the process, hands it its setup, and waits until it is ready.
    pub(super) async fn start(config: &ProcessConfig, setup: &[u8]) -> Result<Self, EngineError> {
        let program = config.program.display();
        let unavailable = |reason: String| EngineError::WorkerUnavailable { reason };
        let mut child = command(config)
            .spawn()
            .map_err(|error| unavailable(format!("{program} cannot be executed: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(unavailable(format!("{program} has no pipes")));
        };
        let words = LastWords::default();
        let stderr = tokio::spawn(follow(stderr, words.clone()));
        let (sender, events) = mpsc::channel(EVENTS);
        tokio::spawn(relay(BufReader::new(stdout), sender));
        let mut worker = Worker { child, stdin, events, words, stderr };

        let greeting = async {
            worker.stdin.write_all(setup).await.ok()?;
            worker.events.recv().await
        };
        match timeout(config.start_timeout, greeting).await {
            Ok(Some(Event::Ready)) => Ok(worker),
            Ok(_) => {
                let detail = worker.obituary().await;
                Err(unavailable(format!("{program} is not a working engine worker: {detail}")))
            }
            Err(_) => Err(unavailable(format!("{program} was not ready within {:?}", config.start_timeout))),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// Whether the process has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends an encoded command; false when the process no longer listens.
    pub(super) async fn send(&mut self, command: &[u8]) -> bool {
        self.stdin.write_all(command).await.is_ok()
    }

    /// The next event; `None` when the process is gone or talks nonsense.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Makes sure that the process is gone and says how it ended, with its last words.
    pub(super) async fn obituary(mut self) -> String {
        let status = match timeout(FAREWELL, self.child.wait()).await {
            Ok(Ok(status)) => describe(status),
            _ => {
                // Still alive with a closed or garbled output: not usable either way.
                let _ = self.child.kill().await;
                "its output ended or was not understood, so it was killed".to_owned()
            }
        };
        let _ = timeout(FAREWELL, self.stderr).await;
        match self.words.text() {
            words if words.is_empty() => status,
            words => format!("{status}; its last words: {words}"),
        }
    }

    /// Ends the process: by closing its input, or by force if that does not help in time.
    pub(super) async fn stop(self, grace: Duration) {
        let Worker { mut child, stdin, .. } = self;
        drop(stdin);
        if timeout(grace, child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
    }
}

fn command(config: &ProcessConfig) -> Program {
    let mut command = Program::new(&config.program);
    command
        .args(&config.args)
        .env_clear()
        .envs(ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
        .env(MMAP_THRESHOLD.0, MMAP_THRESHOLD.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        // Its own group: Ctrl-C in a terminal is for the keeper, which finishes its jobs first.
        .process_group(0);
    if let Some(threads) = config.threads {
        command.env("RAYON_NUM_THREADS", threads.to_string());
    }
    command
}

async fn relay(mut source: BufReader<ChildStdout>, events: mpsc::Sender<Event>) {
    loop {
        match frame::read_async(&mut source).await {
            Ok(Some(event)) => {
                if events.send(event).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "the worker's output is not understood");
                return;
            }
        }
    }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(9)) => "killed by signal 9, perhaps because the machine ran out of memory".to_owned(),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worker_sees_what_it_needs_and_gives_memory_back() {
        let command = command(&ProcessConfig::new("worker"));
        let names: Vec<_> = command.as_std().get_envs().map(|(name, _)| name.to_os_string()).collect();
        assert!(names.iter().any(|name| name == MMAP_THRESHOLD.0));
        let known = |name: &&std::ffi::OsString| {
            **name != *MMAP_THRESHOLD.0 && !ENVIRONMENT.iter().any(|known| **name == **known)
        };
        assert_eq!(names.iter().find(known), None, "nothing else of our environment is shown");
    }
}
