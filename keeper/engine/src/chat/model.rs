use std::path::Path;
use std::sync::OnceLock;

use candle_core::Device;

use super::batch::{Batch, BatchLimits, Progress};
use super::guide::TokenOrder;
use super::prompt;
use super::template::{self, Template};
use super::tokenizer::Tokenizer;
use crate::gguf::Gguf;
use crate::local::{Observer, engine_name};
use crate::network::{Lockstep, Network};
use crate::trace::{Arithmetic, Profile};
use crate::{ChatInput, Completion, EngineError, Limits, ModelManifest, Pinned, digest};

/// A language model with its tokenizer and template, ready to answer.
#[derive(Debug)]
pub(crate) struct ChatModel {
    network: Network,
    tokenizer: Tokenizer,
    order: OnceLock<TokenOrder>,
    template: Template,
    limits: Limits,
    device: Device,
    profile: Profile,
}

impl ChatModel {
    /// Verifies the weights file and loads all of the model from it.
    pub(crate) fn load(manifest: &ModelManifest, device: &Device) -> Result<Self, EngineError> {
        for (path, what) in [(&manifest.tokenizer, "tokenizer"), (&manifest.config, "config")] {
            if let Some(path) = path {
                let reason = format!("a chat model carries its {what} in the GGUF file; remove this entry");
                return Err(EngineError::model_file(path, reason));
            }
        }
        let file = digest::open_verified(&manifest.weights, &manifest.weights_digest)?;
        Self::from_gguf(&manifest.weights, file, manifest, device)
    }

    fn from_gguf(
        path: &Path,
        file: Pinned,
        manifest: &ModelManifest,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let mut gguf = Gguf::read(path, file)?;
        let tokenizer = Tokenizer::load(&gguf)?;
        let (bos, eos) = tokenizer.bos_and_eos_text();
        let source = template::source(&gguf)?;
        let template = Template::new(source, bos, eos)
            .map_err(|error| gguf.error(format!("its chat template is malformed: {error}")))?;
        let profile = Profile::chat(manifest, Arithmetic::on(device), source);
        let network = Network::load(&mut gguf, device)?;
        if network.config().vocab != tokenizer.len() {
            let reason =
                format!("{} embeddings for a vocabulary of {}", network.config().vocab, tokenizer.len());
            return Err(gguf.error(reason));
        }
        Ok(ChatModel {
            network,
            tokenizer,
            order: OnceLock::new(),
            template,
            limits: manifest.limits,
            device: device.clone(),
            profile,
        })
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Its tokens as constraints look them up.
    pub(super) fn order(&self) -> &TokenOrder {
        self.order.get_or_init(|| TokenOrder::new(&self.tokenizer))
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(super) fn engine_name(&self) -> String {
        engine_name(&self.device)
    }

    /// Token ids of the rendered prompt, if it fits.
    pub(crate) fn prompt(&self, input: &ChatInput) -> Result<Vec<u32>, EngineError> {
        let tokens = prompt::encode(&self.template, &self.tokenizer, input)?;
        // One position must be left for the answer.
        let limit = (self.limits.max_input_tokens as usize).min(self.network.config().context - 1);
        if tokens.is_empty() || tokens.len() > limit {
            return Err(EngineError::InputTooLong { tokens: tokens.len(), limit });
        }
        Ok(tokens)
    }

    /// Token ids of a text that is not a chat.
    pub(crate) fn encode_text(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        self.tokenizer.encode_text(text)
    }

    /// Most tokens of the answer to a request.
    pub(super) fn output_limit(&self, input: &ChatInput, prompt: usize) -> usize {
        let allowed = self.limits.output(input.max_tokens) as usize;
        allowed.min(self.network.config().context.saturating_sub(prompt))
    }

    /// Answers a request by itself, reporting text to `observer` as it becomes certain.
    pub(crate) fn run(
        &self,
        input: &ChatInput,
        observer: &mut dyn Observer,
    ) -> Result<Completion, EngineError> {
        let mut batch = Batch::new(BatchLimits { prefix_bytes: 0, ..BatchLimits::default() });
        batch.add(self, 0, input)?;
        while !batch.is_empty() {
            if observer.cancelled() {
                return Err(EngineError::Cancelled);
            }
            for (_, progress) in batch.step(self) {
                match progress {
                    Progress::Text(text) => observer.text(&text),
                    Progress::Done(result) => return result.map(|completion| *completion),
                }
            }
        }
        Err(EngineError::Inference { reason: "the answer ended without an end".to_owned() })
    }

    /// Sequences that advance together.
    pub(crate) fn lockstep(&self, sequences: usize, positions: usize) -> Result<Lockstep<'_>, EngineError> {
        Lockstep::new(&self.network, sequences, positions)
    }
}
