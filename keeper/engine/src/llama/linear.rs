use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{Device, Module, Tensor};

/// Rows that a product has on a GPU, filled up with zeros.
const FIXED_ROWS: usize = 64;

/// A matrix of weights.
#[derive(Debug)]
pub(super) enum Linear {
    Quantised(QMatMul),
    /// Dequantised and transposed, multiplied by the same number of rows every time. Libraries for GPUs choose another
    /// kernel, and with it another order of sums, for another number of rows; with one shape there is one order,
    /// whatever is computed together.
    Fixed(Tensor),
}

impl Linear {
    pub(super) fn new(weights: QTensor, device: &Device) -> candle_core::Result<Self> {
        if device.is_cpu() {
            return QMatMul::from_qtensor(weights).map(Linear::Quantised);
        }
        Self::fixed(&weights, device)
    }

    /// The embeddings as output head.
    pub(super) fn tied(embeddings: &Arc<QTensor>, device: &Device) -> candle_core::Result<Self> {
        if device.is_cpu() {
            return QMatMul::from_arc(embeddings.clone()).map(Linear::Quantised);
        }
        Self::fixed(embeddings, device)
    }

    fn fixed(weights: &QTensor, device: &Device) -> candle_core::Result<Self> {
        Ok(Linear::Fixed(weights.dequantize(device)?.t()?.contiguous()?))
    }

    pub(super) fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let weights = match self {
            Linear::Quantised(matrix) => return matrix.forward(x),
            Linear::Fixed(weights) => weights,
        };
        let (_, columns) = weights.dims2()?;
        let mut shape = x.dims().to_vec();
        let width = shape.pop().unwrap_or_default();
        let count: usize = shape.iter().product();
        shape.push(columns);
        let rows = x.reshape((count, width))?.contiguous()?;
        let rows = rows.pad_with_zeros(0, 0, count.next_multiple_of(FIXED_ROWS) - count)?;
        let mut products = Vec::new();
        for from in (0..count).step_by(FIXED_ROWS) {
            products.push(rows.narrow(0, from, FIXED_ROWS)?.matmul(weights)?);
        }
        Tensor::cat(&products, 0)?.narrow(0, 0, count)?.reshape(shape)
    }
}
