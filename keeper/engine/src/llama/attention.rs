use candle_core::{Device, Tensor};

use super::cache::LayerCache;
use super::linear::Linear;
use super::rope::Rope;
use super::{Config, matrix};
use crate::EngineError;
use crate::gguf::Gguf;

#[derive(Debug)]
pub(super) struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
}

impl Attention {
    pub(super) fn load(
        gguf: &mut Gguf,
        config: &Config,
        name: &dyn Fn(&str) -> String,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let (query_width, kv_width) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
        Ok(Attention {
            query: matrix(gguf, &name("attn_q"), query_width, config.embed, device)?,
            key: matrix(gguf, &name("attn_k"), kv_width, config.embed, device)?,
            value: matrix(gguf, &name("attn_v"), kv_width, config.embed, device)?,
            output: matrix(gguf, &name("attn_output"), config.embed, query_width, device)?,
            heads: config.heads,
            kv_heads: config.kv_heads,
            head_dim: config.head_dim,
        })
    }

    /// Attends from `x` of shape (sequences, positions, embed), whose first position is `start`, to everything before.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        start: usize,
        rope: &Rope,
        mask: Option<&Tensor>,
        memory: &mut LayerCache,
    ) -> candle_core::Result<Tensor> {
        let (sequences, count, _) = x.dims3()?;
        let query = rope.rotate(&self.split(&self.query.forward(x)?, self.heads)?, start)?;
        let key = rope.rotate(&self.split(&self.key.forward(x)?, self.kv_heads)?, start)?;
        let value = self.split(&self.value.forward(x)?, self.kv_heads)?;
        let (keys, values) = memory.append(&key, &value, start)?;

        // The query heads that share a key-value head are stacked as further rows of one matrix product, so
        // that keys and values need not be repeated.
        let grouped = (sequences, self.kv_heads, self.heads / self.kv_heads * count, self.head_dim);
        let query = (query * (self.head_dim as f64).sqrt().recip())?.reshape(grouped)?;
        let scores = query.matmul(&keys.t()?)?;
        let weights = match mask {
            None => candle_nn::ops::softmax_last_dim(&scores)?,
            Some(mask) => {
                let shape = scores.shape().clone();
                let scores = scores.reshape((sequences, self.heads, count, start + count))?;
                candle_nn::ops::softmax_last_dim(&scores.broadcast_add(mask)?)?.reshape(shape)?
            }
        };
        let attended = weights.matmul(&values)?.reshape((sequences, self.heads, count, self.head_dim))?;
        let joined = attended.transpose(1, 2)?.reshape((sequences, count, self.heads * self.head_dim))?;
        self.output.forward(&joined)
    }

    /// (sequences, positions, heads × dim) to (sequences, heads, positions, dim).
    fn split(&self, x: &Tensor, heads: usize) -> candle_core::Result<Tensor> {
        let (sequences, count, _) = x.dims3()?;
        x.reshape((sequences, count, heads, self.head_dim))?.transpose(1, 2)?.contiguous()
    }
}

/// 0 where a position may look and −∞ where it may not; a single position may look at all there is.
pub(super) fn causal_mask(
    count: usize,
    start: usize,
    device: &Device,
) -> candle_core::Result<Option<Tensor>> {
    if count == 1 {
        return Ok(None);
    }
    let width = start + count;
    let values: Vec<f32> = (0..count)
        .flat_map(|row| {
            (0..width).map(move |column| if column <= start + row { 0.0 } else { f32::NEG_INFINITY })
        })
        .collect();
    Tensor::from_vec(values, (count, width), device).map(Some)
}
