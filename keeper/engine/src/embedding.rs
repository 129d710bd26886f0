//! `embedding/1`: a BERT encoder over safetensors, mean of the token states, scaled to length 1.

use std::io::Read;
use std::path::Path;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use tokenizers::Tokenizer;

use crate::exact::{Bert, Level};
use crate::local::{Observer, engine_name};
use crate::trace::Arithmetic;
use crate::{
    Completion, EmbeddingInput, EngineError, FinishReason, Limits, ModelManifest, Output, Profile, Timings,
    Trace, Usage, digest,
};

const MAX_WIDTH: usize = 1 << 14;
const MAX_LAYERS: usize = 128;
const MAX_VOCAB: usize = 1 << 20;

/// An encoder with its tokenizer.
pub(crate) struct EmbeddingModel {
    encoder: Encoder,
    device: Device,
    tokenizer: Tokenizer,
    limits: Limits,
    positions: usize,
    profile: Profile,
}

enum Encoder {
    /// On the processor, with the same bits in every run.
    Exact(Box<Bert>),
    /// On a GPU.
    Tensors(Box<BertModel>),
}

impl std::fmt::Debug for EmbeddingModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddingModel").field("positions", &self.positions).finish_non_exhaustive()
    }
}

impl EmbeddingModel {
    /// Verifies the three files and loads the model from them.
    pub(crate) fn load(manifest: &ModelManifest, device: &Device) -> Result<Self, EngineError> {
        let (config_path, config) =
            required(manifest, "config", manifest.config.as_deref(), manifest.config_digest.as_ref())?;
        let config: Config = serde_json::from_slice(&config).map_err(|error| {
            EngineError::model_file(config_path, format!("not a BERT configuration: {error}"))
        })?;
        check(&config).map_err(|reason| EngineError::model_file(config_path, reason))?;

        let (tokenizer_path, tokenizer) = required(
            manifest,
            "tokenizer",
            manifest.tokenizer.as_deref(),
            manifest.tokenizer_digest.as_ref(),
        )?;
        let tokenizer = tokenizer_from(&tokenizer, config.vocab_size).map_err(|reason| {
            EngineError::model_file(tokenizer_path, format!("not a usable tokenizer: {reason}"))
        })?;

        let weights = read_verified(&manifest.weights, &manifest.weights_digest)?;
        let encoder = Encoder::load(weights, &config, device).map_err(|reason| {
            EngineError::model_file(&manifest.weights, format!("not usable safetensors: {reason}"))
        })?;
        let positions = config.max_position_embeddings;
        let profile = Profile::encoder(manifest, Arithmetic::on(device));
        let (device, limits) = (device.clone(), manifest.limits);
        Ok(EmbeddingModel { encoder, device, tokenizer, limits, positions, profile })
    }

    /// Token ids of a text by itself, without the tokens that frame an input.
    pub(crate) fn encode_text(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        self.encode(text, false)
    }

    fn encode(&self, text: &str, framed: bool) -> Result<Vec<u32>, EngineError> {
        let encoding = self.tokenizer.encode_fast(text, framed).map_err(|error| EngineError::Inference {
            reason: format!("text cannot be tokenised: {error}"),
        })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Token ids of an input, if they fit.
    pub(crate) fn prompt(&self, input: &EmbeddingInput) -> Result<Vec<u32>, EngineError> {
        let tokens = self.encode(&input.input, true)?;
        let limit = self.positions.min(self.limits.max_input_tokens as usize);
        // Cutting the text off would charge for an answer to another question.
        if tokens.is_empty() || tokens.len() > limit {
            return Err(EngineError::InputTooLong { tokens: tokens.len(), limit });
        }
        Ok(tokens)
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Embeds a text.
    pub(crate) fn run(
        &self,
        input: &EmbeddingInput,
        observer: &mut dyn Observer,
    ) -> Result<Completion, EngineError> {
        let started = Instant::now();
        let tokens = self.prompt(input)?;
        if observer.cancelled() {
            return Err(EngineError::Cancelled);
        }
        let vector = self.embed(std::slice::from_ref(&tokens))?.remove(0);
        Ok(Completion {
            output: Output::Embedding(vector),
            usage: Usage { input_tokens: tokens.len() as u32, output_tokens: 0 },
            trace: Trace {
                engine: engine_name(&self.device),
                profile: digest::hex(&self.profile.digest()),
                input_tokens: tokens,
                output_tokens: Vec::new(),
                sampling: None,
                constraint: None,
                checkpoints: Vec::new(),
            },
            finish_reason: FinishReason::Stop,
            timings: Timings { prefill: started.elapsed(), ..Timings::default() },
        })
    }

    /// Vectors of texts that are token ids already.
    pub(crate) fn embed(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, EngineError> {
        let means = match &self.encoder {
            Encoder::Exact(bert) => {
                bert.forward(texts).map_err(|reason| EngineError::Inference { reason })?
            }
            Encoder::Tensors(bert) => {
                let each = texts.iter().map(|text| {
                    let ids = Tensor::new(text.as_slice(), &self.device)?.unsqueeze(0)?;
                    // One text at a time and no padding: every position takes part in attention and in the mean.
                    bert.forward(&ids, &ids.zeros_like()?, None)?.mean(1)?.squeeze(0)?.to_vec1()
                });
                each.collect::<candle_core::Result<_>>()?
            }
        };
        means.into_iter().map(unit).collect()
    }
}

impl Encoder {
    fn load(weights: Vec<u8>, config: &Config, device: &Device) -> Result<Self, String> {
        if device.is_cpu() {
            return Bert::load(&weights, config, Level::best()).map(|bert| Encoder::Exact(Box::new(bert)));
        }
        VarBuilder::from_buffered_safetensors(weights, DType::F32, device)
            .and_then(|weights| BertModel::load(weights, config))
            .map(|bert| Encoder::Tensors(Box::new(bert)))
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }
}

/// The vector of length 1 in the same direction.
fn unit(vector: Vec<f32>) -> Result<Vec<f32>, EngineError> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if !(length.is_finite() && length > 0.0) {
        return Err(EngineError::Inference { reason: format!("the vector has length {length}") });
    }
    Ok(vector.into_iter().map(|x| (f64::from(x) / length) as f32).collect())
}

fn required<'a>(
    manifest: &'a ModelManifest,
    what: &str,
    path: Option<&'a Path>,
    digest: Option<&[u8; 32]>,
) -> Result<(&'a Path, Vec<u8>), EngineError> {
    let (Some(path), Some(digest)) = (path, digest) else {
        let reason = format!("an embedding model needs a {what} file and its digest as well");
        return Err(EngineError::model_file(&manifest.weights, reason));
    };
    Ok((path, read_verified(path, digest)?))
}

fn read_verified(path: &Path, digest: &[u8; 32]) -> Result<Vec<u8>, EngineError> {
    let mut bytes = Vec::new();
    digest::open_verified(path, digest)?
        .read_to_end(&mut bytes)
        .map_err(|error| EngineError::model_file(path, format!("cannot be read: {error}")))?;
    Ok(bytes)
}

fn check(config: &Config) -> Result<(), String> {
    let sizes = [
        ("vocab_size", config.vocab_size, MAX_VOCAB),
        ("hidden_size", config.hidden_size, MAX_WIDTH),
        ("num_hidden_layers", config.num_hidden_layers, MAX_LAYERS),
        ("num_attention_heads", config.num_attention_heads, MAX_WIDTH),
        ("intermediate_size", config.intermediate_size, MAX_WIDTH),
        ("max_position_embeddings", config.max_position_embeddings, MAX_WIDTH),
        ("type_vocab_size", config.type_vocab_size, MAX_WIDTH),
    ];
    for (name, value, limit) in sizes {
        if !(1..=limit).contains(&value) {
            return Err(format!("{name} is {value}, outside 1 to {limit}"));
        }
    }
    if !config.hidden_size.is_multiple_of(config.num_attention_heads) {
        let (width, heads) = (config.hidden_size, config.num_attention_heads);
        return Err(format!("hidden_size {width} cannot be split over {heads} heads"));
    }
    if !(config.layer_norm_eps.is_finite() && config.layer_norm_eps >= 0.0) {
        return Err(format!("layer_norm_eps {} is not a number from 0 up", config.layer_norm_eps));
    }
    Ok(())
}

fn tokenizer_from(bytes: &[u8], vocabulary: usize) -> Result<Tokenizer, String> {
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|error| error.to_string())?;
    let size = tokenizer.get_vocab_size(true);
    if size > vocabulary {
        return Err(format!("{size} tokens for a model of {vocabulary}"));
    }
    // Both are ours to decide: no padding for a single text, and an error rather than silent truncation.
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
    // Text that looks like [CLS] or [SEP] stays text.
    tokenizer.set_encode_special_tokens(true);
    Ok(tokenizer)
}
