//! A model in the calling process: what the worker runs, and what tools and benchmarks measure.
//!
//! A keeper uses [`ProcessEngine`](crate::ProcessEngine) instead, so that a crash here costs one request.

use std::time::Instant;

use candle_core::Device;
use serde::{Deserialize, Serialize};

use crate::chat::ChatModel;
use crate::embedding::EmbeddingModel;
use crate::{Completion, EngineError, Input, InputError, ModelManifest, Task, Trace};

/// Where a model is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU by its number; needs a build with the feature `cuda`.
    Cuda(usize),
}

impl Default for Accelerator {
    /// The first GPU in a build with the feature `cuda`, else the processor.
    fn default() -> Self {
        if cfg!(feature = "cuda") { Accelerator::Cuda(0) } else { Accelerator::Cpu }
    }
}

impl Accelerator {
    /// Opens it and says what it is, for people. Fails where the build or the machine has none.
    pub fn describe(self) -> Result<String, EngineError> {
        self.device()?;
        Ok(match self {
            Accelerator::Cpu => "the processor".to_owned(),
            Accelerator::Cuda(ordinal) => format!("NVIDIA GPU {ordinal}"),
        })
    }

    fn device(self) -> Result<Device, EngineError> {
        match self {
            Accelerator::Cpu => Ok(Device::Cpu),
            Accelerator::Cuda(ordinal) => Ok(Device::new_cuda(ordinal)?),
        }
    }
}

/// What a running request reports to and asks of whoever waits for it.
pub trait Observer {
    /// Text that is certain; may be empty.
    fn text(&mut self, text: &str);

    /// Whether to give up; asked between steps.
    fn cancelled(&self) -> bool;
}

/// An observer that ignores the text and never gives up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn text(&mut self, _text: &str) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// A loaded model. Calls block until they are done.
#[derive(Debug)]
pub struct LocalModel(Kind);

#[derive(Debug)]
enum Kind {
    Chat(Box<ChatModel>),
    Embedding(Box<EmbeddingModel>),
}

impl LocalModel {
    /// Verifies a model's files against their digests and loads them.
    pub fn load(manifest: &ModelManifest, accelerator: Accelerator) -> Result<Self, EngineError> {
        let device = accelerator.device()?;
        let started = Instant::now();
        let kind = match manifest.task {
            Task::Chat => Kind::Chat(Box::new(ChatModel::load(manifest, &device)?)),
            Task::Embedding => Kind::Embedding(Box::new(EmbeddingModel::load(manifest, &device)?)),
        };
        tracing::info!(model = manifest.name, seconds = started.elapsed().as_secs_f64(), "model loaded");
        Ok(LocalModel(kind))
    }

    /// Token ids that a request will be charged as.
    pub fn prompt(&self, input: &Input) -> Result<Vec<u32>, EngineError> {
        input.validate()?;
        match (&self.0, input) {
            (Kind::Chat(model), Input::Chat(input)) => model.prompt(input),
            (Kind::Embedding(model), Input::Embedding(input)) => model.prompt(input),
            _ => Err(self.wrong_task(input)),
        }
    }

    /// Token ids of a text by itself, without template; control tokens never come out.
    pub fn encode_text(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        match &self.0 {
            Kind::Chat(model) => model.encode_text(text),
            Kind::Embedding(model) => model.encode_text(text),
        }
    }

    /// Runs a request to its end.
    pub fn run(&self, input: &Input, observer: &mut dyn Observer) -> Result<Completion, EngineError> {
        input.validate()?;
        match (&self.0, input) {
            (Kind::Chat(model), Input::Chat(input)) => model.run(input, observer),
            (Kind::Embedding(model), Input::Embedding(input)) => model.run(input, observer),
            _ => Err(self.wrong_task(input)),
        }
    }

    /// The token that this build picks at each output position of a trace, given all tokens before it: equal to
    /// the trace's output where the two engines agree. Only chat traces have output tokens.
    pub fn replay(&self, trace: &Trace) -> Result<Vec<u32>, EngineError> {
        match &self.0 {
            Kind::Chat(model) => model.replay(trace),
            Kind::Embedding(_) => Ok(Vec::new()),
        }
    }

    fn wrong_task(&self, input: &Input) -> EngineError {
        let expected = match &self.0 {
            Kind::Chat(_) => Task::Chat,
            Kind::Embedding(_) => Task::Embedding,
        };
        InputError::WrongTask { expected: expected.to_string(), found: input.task().to_string() }.into()
    }
}

/// What the trace says about who computed: name, version and kind of device.
pub(crate) fn engine_name(device: &Device) -> String {
    let kind = if device.is_cuda() { "cuda" } else { "cpu" };
    format!("{}/{} {kind}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_there_or_is_named_as_missing() {
        assert_eq!(Accelerator::Cpu.describe().unwrap(), "the processor");
        if !cfg!(feature = "cuda") {
            let error = Accelerator::Cuda(0).describe().unwrap_err();
            assert!(error.to_string().contains("cuda"), "{error}");
        }
    }
}
