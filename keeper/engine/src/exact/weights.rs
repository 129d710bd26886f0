use super::lanes::LANES;
use super::level::Level;
use super::model::Model;
use super::packed::{Packed, vector};
use crate::EngineError;
use crate::gguf::Gguf;
use crate::llama::Config;

/// Everything that is read from the file.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) embeddings: Packed,
    /// Absent where the embeddings serve as the output head too.
    separate_head: Option<Packed>,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Vec<f32>,
}

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Vec<f32>,
    pub(super) query: Packed,
    pub(super) key: Packed,
    pub(super) value: Packed,
    pub(super) output: Packed,
    pub(super) query_bias: Option<Vec<f32>>,
    pub(super) key_bias: Option<Vec<f32>>,
    pub(super) value_bias: Option<Vec<f32>>,
    pub(super) query_norm: Option<Vec<f32>>,
    pub(super) key_norm: Option<Vec<f32>>,
    pub(super) attention_post: Option<Vec<f32>>,
    pub(super) mlp_norm: Vec<f32>,
    pub(super) gate: Packed,
    pub(super) up: Packed,
    pub(super) down: Packed,
    pub(super) mlp_post: Option<Vec<f32>>,
}

impl Model {
    /// Reads a model whose computation is exact on every processor.
    pub(crate) fn load(gguf: &mut Gguf, level: Level) -> Result<Self, EngineError> {
        let config = Config::read(gguf)?;
        let embeddings = matrix(gguf, "token_embd.weight", config.vocab, config.embed)?;
        let separate_head = if gguf.has_tensor("output.weight") {
            Some(matrix(gguf, "output.weight", config.vocab, config.embed)?)
        } else {
            None
        };
        let layers: Result<Vec<Layer>, EngineError> =
            (0..config.layers).map(|index| Layer::load(gguf, &config, index)).collect();
        let norm = numbers(gguf, "output_norm.weight", config.embed)?;
        let weights = Weights { embeddings, separate_head, layers: layers?, norm };
        Ok(Model::new(config, weights, level))
    }
}

impl Weights {
    /// Weights whose embeddings are the output head too.
    #[cfg(test)]
    pub(super) fn tied(embeddings: Packed, layers: Vec<Layer>, norm: Vec<f32>) -> Self {
        Weights { embeddings, separate_head: None, layers, norm }
    }

    pub(super) fn head(&self) -> &Packed {
        self.separate_head.as_ref().unwrap_or(&self.embeddings)
    }
}

impl Layer {
    fn load(gguf: &mut Gguf, config: &Config, index: usize) -> Result<Self, EngineError> {
        let Config { embed, ffn, head_dim, .. } = *config;
        let (query_width, kv_width) = (config.heads * head_dim, config.kv_heads * head_dim);
        let name = |part: &str| format!("blk.{index}.{part}");
        Ok(Layer {
            attention_norm: numbers(gguf, &name("attn_norm.weight"), embed)?,
            query: matrix(gguf, &name("attn_q.weight"), query_width, embed)?,
            key: matrix(gguf, &name("attn_k.weight"), kv_width, embed)?,
            value: matrix(gguf, &name("attn_v.weight"), kv_width, embed)?,
            output: matrix(gguf, &name("attn_output.weight"), embed, query_width)?,
            query_bias: numbers_if(gguf, &name("attn_q.bias"), query_width, config.attention_bias)?,
            key_bias: numbers_if(gguf, &name("attn_k.bias"), kv_width, config.attention_bias)?,
            value_bias: numbers_if(gguf, &name("attn_v.bias"), kv_width, config.attention_bias)?,
            query_norm: numbers_if(gguf, &name("attn_q_norm.weight"), head_dim, config.head_norms)?,
            key_norm: numbers_if(gguf, &name("attn_k_norm.weight"), head_dim, config.head_norms)?,
            attention_post: numbers_if(gguf, &name("post_attention_norm.weight"), embed, config.post_norms)?,
            mlp_norm: numbers(gguf, &name("ffn_norm.weight"), embed)?,
            gate: matrix(gguf, &name("ffn_gate.weight"), ffn, embed)?,
            up: matrix(gguf, &name("ffn_up.weight"), ffn, embed)?,
            down: matrix(gguf, &name("ffn_down.weight"), embed, ffn)?,
            mlp_post: numbers_if(gguf, &name("post_ffw_norm.weight"), embed, config.post_norms)?,
        })
    }
}

fn matrix(gguf: &mut Gguf, name: &str, rows: usize, columns: usize) -> Result<Packed, EngineError> {
    let (dtype, bytes) = gguf.bytes(name, &[rows, columns])?;
    Packed::new(dtype, rows, columns, &bytes)
        .map_err(|reason| gguf.error(format!("tensor `{name}`: {reason}")))
}

/// A vector, with zeros up to a whole number of lanes.
fn numbers(gguf: &mut Gguf, name: &str, length: usize) -> Result<Vec<f32>, EngineError> {
    let (dtype, bytes) = gguf.bytes(name, &[length])?;
    let mut values = vector(dtype, &bytes, length).ok_or_else(|| {
        gguf.error(format!("tensor `{name}` of format {dtype:?} is not kept in floating point"))
    })?;
    values.resize(length.div_ceil(LANES) * LANES, 0.0);
    Ok(values)
}

fn numbers_if(
    gguf: &mut Gguf,
    name: &str,
    length: usize,
    wanted: bool,
) -> Result<Option<Vec<f32>>, EngineError> {
    if wanted { numbers(gguf, name, length).map(Some) } else { Ok(None) }
}
