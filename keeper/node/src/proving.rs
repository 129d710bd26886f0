//! Making proofs of execution, out of the keeper's way: a process of its own for each, which can be bounded and killed, holds a
//! key of hundreds of megabytes no longer than it proves, and takes nothing down with it.

mod files;
mod message;
mod process;
pub mod worker;

use std::{fmt, path::PathBuf, time::Duration};

use alloy::primitives::{B256, Bytes};
use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use files::{KeyFileError, ProvingFiles};
pub use process::{ProcessProver, ProverConfig};

/// What is to be proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofTask {
    /// Integer model and proving key.
    pub files: ProvingFiles,
    /// The model's input.
    pub input: Bytes,
    /// Digest of the statement that the proof is for.
    pub statement: B256,
    /// After how long the attempt is stopped.
    pub time_limit: Duration,
}

/// How far a proof is: parts done, and of how many.
pub type Parts = (u32, u32);

/// Makes proofs.
#[async_trait]
pub trait Prover: Send + Sync + fmt::Debug {
    /// Proves what the model makes of the input. The result is the 256 bytes that the chain takes, or what claims to be: it is
    /// for the caller to check them. Reports each part as it is done.
    async fn prove(
        &self,
        task: &ProofTask,
        progress: mpsc::Sender<Parts>,
        cancel: CancellationToken,
    ) -> Result<Vec<u8>, ProverError>;
}

/// Why there is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProverError {
    /// The proving process cannot be started.
    #[error("the proving process cannot be started: {0}; the system may be short of memory or processes")]
    Unavailable(String),
    /// The proving process ended without a proof.
    #[error("the proving process died: {0}")]
    Died(String),
    /// It took too long.
    #[error("no proof within {} s; raise `proving.time_limit`, or give it more threads", .0.as_secs())]
    TooSlow(Duration),
    /// These files and this input yield no proof, however often it is tried.
    #[error("{0}")]
    Impossible(String),
    /// Nobody wants it any more.
    #[error("the proof was cancelled")]
    Cancelled,
}

impl ProverError {
    /// Whether another attempt may succeed without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Died(_) | Self::TooSlow(_))
    }
}

impl ProvingFiles {
    /// Files at these paths.
    #[must_use]
    pub fn new(model: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { model: model.into(), key: key.into() }
    }
}
