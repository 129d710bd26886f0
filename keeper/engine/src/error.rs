//! What can go wrong, with a stable code and whether trying again can help.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A request that no engine could serve: the asker has to change it.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum InputError {
    /// More bytes than the task's encoding allows.
    #[error("input of {found} bytes is over the limit of {limit}; send less text")]
    TooLarge {
        /// Bytes given.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not the JSON that the task defines.
    #[error("input is not a valid {task} request: {reason}")]
    Malformed {
        /// Name of the task.
        task: String,
        /// What the decoder found, with its position.
        reason: String,
    },
    /// Well-formed, but a field's value is out of range.
    #[error("field `{field}` is refused: {reason}")]
    Field {
        /// Path of the field.
        field: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// An input of one task was given to a model of another.
    #[error("input is for task {found}, but the model's task is {expected}")]
    WrongTask {
        /// The model's task.
        expected: String,
        /// The input's task.
        found: String,
    },
}

impl InputError {
    pub(crate) fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        InputError::Field { field: field.into(), reason: reason.into() }
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum EngineError {
    /// No manifest of that name.
    #[error("unknown model `{model}`; known are: {known}")]
    UnknownModel {
        /// Name asked for.
        model: String,
        /// Names that exist.
        known: String,
    },
    /// The request itself is at fault.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The prompt does not fit.
    #[error("input of {tokens} tokens is over the model's limit of {limit}; shorten the input")]
    InputTooLong {
        /// Tokens of the rendered prompt.
        tokens: usize,
        /// Tokens allowed.
        limit: usize,
    },
    /// A file is not the registered one.
    #[error("{path} has sha256 {found}, but the model's registration says {expected}; fetch the file again")]
    DigestMismatch {
        /// The file.
        path: PathBuf,
        /// Hex digest registered.
        expected: String,
        /// Hex digest found.
        found: String,
    },
    /// A file is missing, unreadable, malformed, or describes a model that this build cannot run.
    #[error("model file {path}: {reason}")]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong and, where one exists, the remedy.
        reason: String,
    },
    /// This build or device computes in another execution profile than the one that is required.
    #[error(
        "the model has to be computed in execution profile {expected}, but this build computes it in {found}: {difference}; \
         run the build and the device that the profile stands for, or register a version for this one"
    )]
    Profile {
        /// Hex digest required.
        expected: String,
        /// Hex digest found.
        found: String,
        /// In what the two differ.
        difference: String,
    },
    /// The queue is full.
    #[error("the engine is busy: {queued} jobs wait and the limit is {limit}; try later")]
    Busy {
        /// Jobs waiting.
        queued: usize,
        /// Most that may wait.
        limit: usize,
    },
    /// The caller cancelled.
    #[error("cancelled by the caller")]
    Cancelled,
    /// The request took longer than its limit, waiting and loading included.
    #[error("no answer within {limit:?}")]
    DeadlineExceeded {
        /// The limit.
        limit: Duration,
    },
    /// The worker process ran into its memory limit while serving this request.
    #[error("the worker ran out of memory: {detail}; raise the memory limit or lower the input limit")]
    OutOfMemory {
        /// Last words of the worker.
        detail: String,
    },
    /// The worker process died while serving this request.
    #[error("the worker process died: {detail}")]
    WorkerCrashed {
        /// Exit status and last words of the worker.
        detail: String,
    },
    /// The worker process cannot be started.
    #[error("the worker cannot be started: {reason}")]
    WorkerUnavailable {
        /// Why.
        reason: String,
    },
    /// The server that the model is forwarded to did not answer as it should.
    #[error("the server that answers for the model: {reason}")]
    Upstream {
        /// What it did, without its address.
        reason: String,
        /// Whether the same request may succeed later.
        again: bool,
    },
    /// The computation failed: a fault of this program or of the device.
    #[error("inference failed: {reason}")]
    Inference {
        /// What the tensor library said.
        reason: String,
    },
}

impl EngineError {
    /// A code that stays the same when wording changes; listed in the README with cause and remedy.
    pub fn code(&self) -> &'static str {
        match self {
            EngineError::UnknownModel { .. } => "engine.unknown_model",
            EngineError::Input(_) => "engine.input",
            EngineError::InputTooLong { .. } => "engine.input_too_long",
            EngineError::DigestMismatch { .. } => "engine.digest_mismatch",
            EngineError::ModelFile { .. } => "engine.model_file",
            EngineError::Profile { .. } => "engine.profile",
            EngineError::Busy { .. } => "engine.busy",
            EngineError::Cancelled => "engine.cancelled",
            EngineError::DeadlineExceeded { .. } => "engine.deadline",
            EngineError::OutOfMemory { .. } => "engine.out_of_memory",
            EngineError::WorkerCrashed { .. } => "engine.worker_crashed",
            EngineError::WorkerUnavailable { .. } => "engine.worker_unavailable",
            EngineError::Upstream { .. } => "engine.upstream",
            EngineError::Inference { .. } => "engine.inference",
        }
    }

    /// Whether the same request may succeed later without anyone changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            EngineError::Busy { .. }
            | EngineError::DeadlineExceeded { .. }
            | EngineError::WorkerCrashed { .. }
            | EngineError::WorkerUnavailable { .. } => true,
            EngineError::Upstream { again, .. } => *again,
            EngineError::UnknownModel { .. }
            | EngineError::Input(_)
            | EngineError::InputTooLong { .. }
            | EngineError::DigestMismatch { .. }
            | EngineError::ModelFile { .. }
            | EngineError::Profile { .. }
            | EngineError::Cancelled
            | EngineError::OutOfMemory { .. }
            | EngineError::Inference { .. } => false,
        }
    }

    pub(crate) fn model_file(path: impl Into<PathBuf>, reason: impl std::fmt::Display) -> Self {
        EngineError::ModelFile { path: path.into(), reason: reason.to_string() }
    }
}

impl From<candle_core::Error> for EngineError {
    fn from(error: candle_core::Error) -> Self {
        // candle appends a backtrace to its Display form; the first line is the message.
        let text = error.to_string();
        let reason = text.lines().next().unwrap_or("unknown").to_owned();
        EngineError::Inference { reason }
    }
}
