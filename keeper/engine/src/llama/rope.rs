use candle_core::{Device, Tensor};

/// Rotary position embedding in the pairing that GGUF files of this family use: neighbours (2i, 2i+1).
#[derive(Debug)]
pub(super) struct Rope {
    cos: Tensor,
    sin: Tensor,
}

impl Rope {
    pub(super) fn new(dim: usize, positions: usize, base: f32, device: &Device) -> candle_core::Result<Self> {
        // In f64: at thousands of positions an angle in f32 is already off by 1e-4.
        let frequencies: Vec<f64> =
            (0..dim / 2).map(|pair| f64::from(base).powf(-((2 * pair) as f64) / dim as f64)).collect();
        let angles = || (0..positions).flat_map(|at| frequencies.iter().map(move |f| at as f64 * f));
        let table = |values: Vec<f32>| Tensor::from_vec(values, (positions, dim / 2), device);
        Ok(Rope {
            cos: table(angles().map(|angle| angle.cos() as f32).collect())?,
            sin: table(angles().map(|angle| angle.sin() as f32).collect())?,
        })
    }

    /// Rotates `x` of shape (sequences, heads, positions, dim) whose first position is `start`.
    pub(super) fn rotate(&self, x: &Tensor, start: usize) -> candle_core::Result<Tensor> {
        let count = x.dim(2)?;
        let cos = self.cos.narrow(0, start, count)?;
        let sin = self.sin.narrow(0, start, count)?;
        candle_nn::rotary_emb::rope_i(x, &cos, &sin)
    }
}
