//! The Llama family of language models on quantised weights: rotary positions, grouped-query attention,
//! RMS norm, SwiGLU, output head tied to the embeddings where the file has none of its own.
//!
//! A [`Llama`] is immutable; what a conversation adds to it lives in a [`KvCache`], so requests cannot see
//! each other.

mod attention;
mod cache;
mod config;
mod family;
mod linear;
mod rope;

use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{Device, IndexOp, Tensor};

pub(crate) use cache::KvCache;
pub(crate) use config::Config;

use crate::EngineError;
use crate::gguf::Gguf;
use attention::Attention;
use linear::Linear;
use rope::Rope;

#[derive(Debug)]
pub(crate) struct Llama {
    config: Config,
    device: Device,
    embeddings: Arc<QTensor>,
    layers: Vec<Layer>,
    norm: RmsNorm,
    head: Linear,
    rope: Rope,
}

#[derive(Debug)]
struct Layer {
    attention_norm: RmsNorm,
    attention: Attention,
    mlp_norm: RmsNorm,
    mlp: Mlp,
}

impl Llama {
    pub(crate) fn load(gguf: &mut Gguf, device: &Device) -> Result<Self, EngineError> {
        let config = Config::read(gguf)?;
        if !config.is_plain() {
            return Err(gguf.error("on a GPU only the architecture `llama` is computed; use the processor"));
        }
        let embed = config.embed;
        let embeddings = Arc::new(gguf.tensor("token_embd.weight", &[config.vocab, embed], device)?);
        let head = if gguf.has_tensor("output.weight") {
            Linear::new(gguf.tensor("output.weight", &[config.vocab, embed], device)?, device)?
        } else {
            Linear::tied(&embeddings, device)?
        };
        let mut layers = Vec::new();
        for index in 0..config.layers {
            layers.push(Layer::load(gguf, &config, index, device)?);
        }
        let norm = RmsNorm::load(gguf, "output_norm.weight", &config, device)?;
        let rope = Rope::new(config.head_dim, config.context, config.rope_base, device)?;
        Ok(Llama { config, device: device.clone(), embeddings, layers, norm, head, rope })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// A cache for `sequences` of at most `positions` tokens each.
    pub(crate) fn cache(&self, sequences: usize, positions: usize) -> Result<KvCache, EngineError> {
        KvCache::new(&self.config, sequences, positions, &self.device)
    }

    /// Runs the tokens that follow what `cache` holds, equally many for each of its sequences and one sequence after
    /// the other, adds them to it, and returns the logits after the last of each, of shape (sequences, vocabulary).
    ///
    /// The caller keeps the sequences within the cache's positions.
    pub(crate) fn forward(&self, tokens: &[u32], cache: &mut KvCache) -> Result<Tensor, EngineError> {
        if let Some(token) = tokens.iter().find(|token| **token as usize >= self.config.vocab) {
            let reason = format!("token {token} is outside the vocabulary of {}", self.config.vocab);
            return Err(EngineError::Inference { reason });
        }
        let count = tokens.len() / cache.sequences();
        let ids = Tensor::new(tokens, &self.device)?;
        let start = cache.len();
        let mut hidden = self.embeddings.embedding(&ids)?.reshape((cache.sequences(), count, ()))?;
        let mask = attention::causal_mask(count, start, &self.device)?;
        for (layer, memory) in self.layers.iter().zip(cache.layers_mut()) {
            let attended = layer.attention.forward(
                &layer.attention_norm.forward(&hidden)?,
                start,
                &self.rope,
                mask.as_ref(),
                memory,
            )?;
            hidden = (hidden + attended)?;
            hidden = (&hidden + layer.mlp.forward(&layer.mlp_norm.forward(&hidden)?)?)?;
        }
        cache.advance(count);
        let last = hidden.i((.., count - 1, ..))?.contiguous()?;
        Ok(self.head.forward(&self.norm.forward(&last)?)?)
    }

    /// As [`Llama::forward`] with a cache of one sequence: the logits as numbers.
    pub(crate) fn logits(&self, tokens: &[u32], cache: &mut KvCache) -> Result<Vec<f32>, EngineError> {
        Ok(self.forward(tokens, cache)?.i(0)?.to_vec1()?)
    }
}

impl Layer {
    fn load(gguf: &mut Gguf, config: &Config, index: usize, device: &Device) -> Result<Self, EngineError> {
        let name = |part: &str| format!("blk.{index}.{part}.weight");
        Ok(Layer {
            attention_norm: RmsNorm::load(gguf, &name("attn_norm"), config, device)?,
            attention: Attention::load(gguf, config, &name, device)?,
            mlp_norm: RmsNorm::load(gguf, &name("ffn_norm"), config, device)?,
            mlp: Mlp {
                gate: matrix(gguf, &name("ffn_gate"), config.ffn, config.embed, device)?,
                up: matrix(gguf, &name("ffn_up"), config.ffn, config.embed, device)?,
                down: matrix(gguf, &name("ffn_down"), config.embed, config.ffn, device)?,
            },
        })
    }
}

#[derive(Debug)]
struct RmsNorm {
    weight: Tensor,
    epsilon: f32,
}

impl RmsNorm {
    fn load(gguf: &mut Gguf, name: &str, config: &Config, device: &Device) -> Result<Self, EngineError> {
        let weight = gguf.tensor(name, &[config.embed], device)?.dequantize(device)?;
        Ok(RmsNorm { weight, epsilon: config.epsilon })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        candle_nn::ops::rms_norm(x, &self.weight, self.epsilon)
    }
}

#[derive(Debug)]
struct Mlp {
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl Mlp {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let gate = candle_nn::ops::silu(&self.gate.forward(x)?)?;
        self.down.forward(&(gate * self.up.forward(x)?)?)
    }
}

fn matrix(
    gguf: &mut Gguf,
    name: &str,
    rows: usize,
    columns: usize,
    device: &Device,
) -> Result<Linear, EngineError> {
    Ok(Linear::new(gguf.tensor(name, &[rows, columns], device)?, device)?)
}
