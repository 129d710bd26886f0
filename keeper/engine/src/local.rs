//! A model in the calling process: what the worker runs, and what tools and benchmarks measure.
//!
//! A keeper uses [`ProcessEngine`](crate::ProcessEngine) instead, so that a crash here costs one request.

use std::path::Path;
use std::time::Instant;

use candle_core::Device;
use serde::{Deserialize, Serialize};

use crate::chat::{ChatModel, Tokenizer};
use crate::embedding::EmbeddingModel;
pub use crate::exact::Level;
use crate::gguf::Gguf;
pub use crate::network::Lockstep;
use crate::tensor::TensorModel;
use crate::{Completion, EngineError, Gaps, Input, InputError, ModelManifest, Profile, Task, Trace, Verdict};

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
    Tensor(Box<TensorModel>),
}

impl LocalModel {
    /// Verifies a model's files against their digests and loads them.
    pub fn load(manifest: &ModelManifest, accelerator: Accelerator) -> Result<Self, EngineError> {
        let device = accelerator.device()?;
        let started = Instant::now();
        let kind = match manifest.task {
            Task::Chat => Kind::Chat(Box::new(ChatModel::load(manifest, &device)?)),
            Task::Embedding => Kind::Embedding(Box::new(EmbeddingModel::load(manifest, &device)?)),
            Task::Tensor => Kind::Tensor(Box::new(TensorModel::load(manifest)?)),
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
            (Kind::Tensor(model), Input::Tensor(input)) => model.prompt(input),
            _ => Err(self.wrong_task(input)),
        }
    }

    /// Token ids of a text by itself, without template; control tokens never come out.
    pub fn encode_text(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        match &self.0 {
            Kind::Chat(model) => model.encode_text(text),
            Kind::Embedding(model) => model.encode_text(text),
            Kind::Tensor(_) => Ok(Vec::new()),
        }
    }

    /// Runs a request to its end.
    pub fn run(&self, input: &Input, observer: &mut dyn Observer) -> Result<Completion, EngineError> {
        input.validate()?;
        match (&self.0, input) {
            (Kind::Chat(model), Input::Chat(input)) => model.run(input, observer),
            (Kind::Embedding(model), Input::Embedding(input)) => model.run(input, observer),
            (Kind::Tensor(model), Input::Tensor(input)) => model.run(input, observer),
            _ => Err(self.wrong_task(input)),
        }
    }

    /// Embeds texts that are token ids already, computed together; each vector is what the text alone would have.
    pub fn embed_tokens(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EngineError> {
        match &self.0 {
            Kind::Embedding(model) => model.embed(texts),
            Kind::Chat(_) | Kind::Tensor(_) => {
                Err(EngineError::Inference { reason: "only encoders embed".to_owned() })
            }
        }
    }

    /// The token that this build picks at each output position of a request's trace, given all tokens before it: equal to
    /// the trace's output where the two engines agree. Of the request only constraint and limit are followed, the rest is the
    /// trace's; one that was made under another constraint is refused. Only chat traces have output tokens.
    pub fn replay(&self, input: &Input, trace: &Trace) -> Result<Vec<u32>, EngineError> {
        match (&self.0, input) {
            (Kind::Chat(model), Input::Chat(input)) => model.replay(input, trace),
            (Kind::Embedding(_), Input::Embedding(_)) | (Kind::Tensor(_), Input::Tensor(_)) => Ok(Vec::new()),
            _ => Err(self.wrong_task(input)),
        }
    }

    /// Whether a trace is what this model computes for a request.
    pub fn verify(&self, input: &Input, trace: &Trace) -> Result<Verdict, EngineError> {
        input.validate()?;
        match (&self.0, input) {
            (Kind::Chat(model), Input::Chat(input)) => model.verify(input, trace),
            (Kind::Embedding(_), Input::Embedding(_)) | (Kind::Tensor(_), Input::Tensor(_)) => {
                let reason = "an answer without tokens is checked by computing it again".to_owned();
                Err(EngineError::Inference { reason })
            }
            _ => Err(self.wrong_task(input)),
        }
    }

    /// How far the tokens of a request's trace are from what this model would pick, whatever the profile in which it was
    /// made. The request is followed as by [`LocalModel::replay`].
    pub fn compare(&self, input: &Input, trace: &Trace) -> Result<Gaps, EngineError> {
        match (&self.0, input) {
            (Kind::Chat(model), Input::Chat(input)) => model.compare(input, trace),
            (Kind::Embedding(_), Input::Embedding(_)) | (Kind::Tensor(_), Input::Tensor(_)) => {
                Ok(Gaps::default())
            }
            _ => Err(self.wrong_task(input)),
        }
    }

    /// What decides its answers beside the request.
    pub fn profile(&self) -> &Profile {
        match &self.0 {
            Kind::Chat(model) => model.profile(),
            Kind::Embedding(model) => model.profile(),
            Kind::Tensor(model) => model.profile(),
        }
    }

    pub(crate) fn chat(&self) -> Option<&ChatModel> {
        match &self.0 {
            Kind::Chat(model) => Some(model),
            Kind::Embedding(_) | Kind::Tensor(_) => None,
        }
    }

    /// Sequences of a chat model that advance together, each of at most `positions` tokens.
    pub fn lockstep(&self, sequences: usize, positions: usize) -> Result<Lockstep<'_>, EngineError> {
        match &self.0 {
            Kind::Chat(model) => model.lockstep(sequences, positions),
            Kind::Embedding(_) | Kind::Tensor(_) => {
                Err(EngineError::Inference { reason: "only chat models generate tokens".to_owned() })
            }
        }
    }

    fn wrong_task(&self, input: &Input) -> EngineError {
        let expected = match &self.0 {
            Kind::Chat(_) => Task::Chat,
            Kind::Embedding(_) => Task::Embedding,
            Kind::Tensor(_) => Task::Tensor,
        };
        InputError::WrongTask { expected: expected.to_string(), found: input.task().to_string() }.into()
    }
}

/// The tokenizer of a GGUF file by itself, for checks of files that hold nothing else.
#[derive(Debug)]
pub struct TokenIds(Tokenizer);

impl TokenIds {
    /// Reads the tokenizer that a file carries.
    pub fn load(path: &Path) -> Result<Self, EngineError> {
        Tokenizer::load(&Gguf::open_unchecked(path)?).map(TokenIds)
    }

    /// Token ids of a text; control tokens never come out.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        self.0.encode_text(text)
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
