//! What the keeper and its worker say to each other.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::local::Accelerator;
use crate::{Completion, EngineError, Input, ModelManifest, Trace, Verdict};

/// The first message to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) models: Vec<ModelManifest>,
    pub(crate) accelerator: Accelerator,
    /// Most bytes of private memory.
    pub(crate) memory_limit: Option<u64>,
    /// Execution profiles that models must have.
    pub(crate) profiles: HashMap<String, [u8; 32]>,
    /// Most bytes of model files that stay loaded.
    pub(crate) model_memory: Option<u64>,
    /// Answers made at once.
    pub(crate) slots: usize,
}

/// Any later message to a worker.
#[derive(Debug, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "read and taken apart one at a time")]
pub(crate) enum Command {
    /// Do this; answer with events that carry the same number.
    Job { job: u64, model: String, work: Work },
    /// Give that job up as soon as possible; ignored when it is done.
    Cancel { job: u64 },
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Verify and load the model.
    Load,
    /// Count the tokens of an input.
    Count(Input),
    /// Run an input, sending text on the way if asked to.
    Run { input: Input, stream: bool },
    /// Check a trace again.
    Verify { input: Input, trace: Box<Trace> },
}

/// A message from a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The setup is accepted.
    Ready,
    /// The job has begun.
    Taken { job: u64 },
    /// The next piece of the answer.
    Text { job: u64, text: String },
    /// The job has ended.
    End { job: u64, result: Result<Outcome, EngineError> },
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Loaded,
    Counted(u32),
    Completed(Box<Completion>),
    Verified(Verdict),
}
