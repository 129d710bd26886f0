//! One process for each proof.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use super::{
    Parts, ProofTask, Prover, ProverError,
    message::{Order, Report},
};

/// What the process may see of our environment: enough to find its libraries, no secrets.
const ENVIRONMENT: [&str; 5] = ["LANG", "LD_LIBRARY_PATH", "PATH", "RUST_BACKTRACE", "TMPDIR"];

/// What Rust's allocator writes before it aborts the process.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// Bytes that are kept of what the process says to people.
const LAST_WORDS: u64 = 4_096;

/// How long to wait for what a dead process leaves behind.
const FAREWELL: Duration = Duration::from_secs(2);

/// The longest line of a report, a proof in hexadecimal or a reason.
const LONGEST_REPORT: u64 = 1 << 16;

/// How proving processes are run.
#[derive(Debug, Clone)]
pub struct ProverConfig {
    /// Program that calls [`worker::main`](super::worker::main).
    pub program: PathBuf,
    /// Arguments that make it do so.
    pub args: Vec<OsString>,
    /// Threads that compute; all cores when absent.
    pub threads: Option<usize>,
    /// Most bytes of private memory; unlimited when absent.
    pub memory_limit: Option<u64>,
}

/// Proves in processes of their own.
#[derive(Debug, Clone)]
pub struct ProcessProver {
    config: ProverConfig,
}

impl ProcessProver {
    /// A prover that starts its processes like this.
    #[must_use]
    pub fn new(config: ProverConfig) -> Self {
        Self { config }
    }

    fn order(&self, task: &ProofTask) -> Result<Vec<u8>, ProverError> {
        let order = Order {
            model: task.files.model.clone(),
            key: task.files.key.clone(),
            input: task.input.clone(),
            statement: task.statement,
            memory_limit: self.config.memory_limit,
        };
        let mut line =
            serde_json::to_vec(&order).map_err(|error| ProverError::Impossible(error.to_string()))?;
        line.push(b'\n');
        Ok(line)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.config.program);
        command
            .args(&self.config.args)
            .env_clear()
            .envs(ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // Its own group: Ctrl-C in a terminal is for the keeper, which decides what becomes of the proof.
            .process_group(0);
        if let Some(threads) = self.config.threads {
            command.env("RAYON_NUM_THREADS", threads.to_string());
        }
        command
    }
}

#[async_trait]
impl Prover for ProcessProver {
    async fn prove(
        &self,
        task: &ProofTask,
        progress: mpsc::Sender<Parts>,
        cancel: CancellationToken,
    ) -> Result<Vec<u8>, ProverError> {
        let order = self.order(task)?;
        let mut process = Process::start(self.command())?;
        let proving = process.prove(&order, &progress);
        // Whichever comes first: dropping the process kills it.
        tokio::select! {
            () = cancel.cancelled() => Err(ProverError::Cancelled),
            ended = tokio::time::timeout(task.time_limit, proving) => match ended {
                Ok(Some(result)) => result,
                Ok(None) => Err(process.obituary().await),
                Err(_) => Err(ProverError::TooSlow(task.time_limit)),
            },
        }
    }
}

struct Process {
    child: Child,
    /// Open as long as the proof is wanted: the process ends when it closes.
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    fn start(mut command: Command) -> Result<Self, ProverError> {
        let mut child = command.spawn().map_err(|error| ProverError::Unavailable(error.to_string()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => Ok(Self { child, stdin, stdout: BufReader::new(stdout) }),
            _ => Err(ProverError::Unavailable("it has no pipes".to_owned())),
        }
    }

    /// `None` where the process ended or said what is not understood.
    async fn prove(
        &mut self,
        order: &[u8],
        progress: &mpsc::Sender<Parts>,
    ) -> Option<Result<Vec<u8>, ProverError>> {
        self.stdin.write_all(order).await.ok()?;
        self.stdin.flush().await.ok()?;
        loop {
            let mut line = String::new();
            (&mut self.stdout).take(LONGEST_REPORT).read_line(&mut line).await.ok()?;
            match serde_json::from_str(&line).ok()? {
                // A full channel is no loss: the next part says more.
                Report::Parts(done, of) => drop(progress.try_send((done, of))),
                Report::Proof(bytes) => return Some(Ok(bytes.into())),
                Report::Impossible(reason) => return Some(Err(ProverError::Impossible(reason))),
            }
        }
    }

    /// Makes sure that the process is gone and says how it ended, with its last words.
    async fn obituary(&mut self) -> ProverError {
        // It may be alive and talking nonsense.
        let _ = self.child.start_kill();
        let status = self.child.wait().await.map_or_else(|error| error.to_string(), describe);
        let mut words = Vec::new();
        if let Some(stderr) = self.child.stderr.take() {
            // What cannot be read is only a comment, and somebody else may hold the other end of a dead process's pipe.
            let _ = tokio::time::timeout(FAREWELL, stderr.take(LAST_WORDS).read_to_end(&mut words)).await;
        }
        let words = String::from_utf8_lossy(&words);
        if words.contains(OUT_OF_MEMORY) {
            return ProverError::Impossible(
                "the proof needs more memory than it may have: raise `proving.memory_limit`".to_owned(),
            );
        }
        match words.trim() {
            "" => ProverError::Died(status),
            words => ProverError::Died(format!("{status}; its last words: {words}")),
        }
    }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(9)) => "killed by signal 9, perhaps because the machine ran out of memory".to_owned(),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
