use candle_core::{DType, Device, Tensor};

use super::Config;
use crate::EngineError;

/// Keys and values of the positions computed so far of sequences of equal length, in memory set aside once.
#[derive(Debug)]
pub(crate) struct KvCache {
    sequences: usize,
    layers: Vec<LayerCache>,
    len: usize,
}

impl KvCache {
    pub(super) fn new(
        config: &Config,
        sequences: usize,
        positions: usize,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let shape = (sequences, config.kv_heads, positions, config.head_dim);
        let mut layers = Vec::new();
        for _ in 0..config.layers {
            layers.push(LayerCache {
                keys: Tensor::zeros(shape, DType::F32, device)?,
                values: Tensor::zeros(shape, DType::F32, device)?,
            });
        }
        Ok(KvCache { sequences, layers, len: 0 })
    }

    /// Sequences held.
    pub(super) fn sequences(&self) -> usize {
        self.sequences
    }

    /// Positions held.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn layers_mut(&mut self) -> impl Iterator<Item = &mut LayerCache> {
        self.layers.iter_mut()
    }

    pub(super) fn advance(&mut self, positions: usize) {
        self.len += positions;
    }
}

#[derive(Debug)]
pub(super) struct LayerCache {
    keys: Tensor,
    values: Tensor,
}

impl LayerCache {
    /// Stores keys and values of shape (sequences, kv heads, positions, dim) from position `start` on, and returns all up
    /// to their end.
    pub(super) fn append(
        &mut self,
        keys: &Tensor,
        values: &Tensor,
        start: usize,
    ) -> candle_core::Result<(Tensor, Tensor)> {
        self.keys.slice_set(keys, 2, start)?;
        self.values.slice_set(values, 2, start)?;
        let end = start + keys.dim(2)?;
        Ok((self.keys.narrow(2, 0, end)?, self.values.narrow(2, 0, end)?))
    }
}
