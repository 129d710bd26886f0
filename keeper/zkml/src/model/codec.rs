//! The model file: a magic and a version, the input shape, then the layers. Numbers are little-endian and of fixed
//! width, counts stand before what they count, and nothing may follow: one model has one encoding.

use super::{Conv, Gemm, Layer, MAX_LAYERS, MAX_WEIGHTS, ModelError, Pool, Shape};

const MAGIC: &[u8; 8] = b"OPG-ZKM\x01";

pub(super) fn encode(input: Shape, layers: &[Layer]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    sizes(&mut out, &[input.channels, input.rows, input.columns, layers.len()]);
    for layer in layers {
        match layer {
            Layer::Gemm(gemm) => {
                out.push(0);
                parameters(&mut out, &gemm.weights, &gemm.bias);
            }
            Layer::Conv(conv) => {
                out.push(1);
                sizes(&mut out, &conv.kernel);
                sizes(&mut out, &conv.stride);
                sizes(&mut out, &conv.padding);
                parameters(&mut out, &conv.weights, &conv.bias);
            }
            Layer::MaxPool(pool) | Layer::SumPool(pool) => {
                out.push(if matches!(layer, Layer::MaxPool(_)) { 2 } else { 3 });
                sizes(&mut out, &pool.window);
                sizes(&mut out, &pool.stride);
            }
            Layer::Requantise { shift } => out.extend([4, *shift]),
            Layer::ArgMax => out.push(5),
        }
    }
    out
}

/// A model's sizes fit 32 bits: tensors and weights are bounded far below.
fn sizes(out: &mut Vec<u8>, values: &[usize]) {
    for value in values {
        out.extend((*value as u32).to_le_bytes());
    }
}

fn parameters(out: &mut Vec<u8>, weights: &[i8], bias: &[i32]) {
    sizes(out, &[weights.len(), bias.len()]);
    out.extend(weights.iter().map(|weight| weight.to_le_bytes()[0]));
    out.extend(bias.iter().flat_map(|bias| bias.to_le_bytes()));
}

pub(super) fn decode(bytes: &[u8]) -> Result<(Shape, Vec<Layer>), ModelError> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(ModelError::File { reason: "another format or version", at: 0 });
    }
    let [channels, rows, columns, count] = reader.sizes()?;
    if count > MAX_LAYERS {
        return Err(ModelError::Layers { count });
    }
    let layers = (0..count).map(|_| reader.layer()).collect::<Result<_, _>>()?;
    if reader.at != bytes.len() {
        return Err(reader.error("something follows the last layer"));
    }
    Ok((Shape { channels, rows, columns }, layers))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, reason: &'static str) -> ModelError {
        ModelError::File { reason, at: self.at }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ModelError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.error("it ends too early"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn sizes<const N: usize>(&mut self) -> Result<[usize; N], ModelError> {
        let mut out = [0; N];
        for (value, word) in out.iter_mut().zip(self.take(4 * N)?.chunks_exact(4)) {
            *value = word.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte));
        }
        Ok(out)
    }

    /// Nothing is allocated for a count before its bytes are there.
    fn parameters(&mut self) -> Result<(Vec<i8>, Vec<i32>), ModelError> {
        let [weights, bias] = self.sizes()?;
        if weights > MAX_WEIGHTS || bias > MAX_WEIGHTS {
            return Err(ModelError::TooLarge);
        }
        let weights = self.take(weights)?.iter().map(|byte| i8::from_le_bytes([*byte])).collect();
        let words = self.take(4 * bias)?.chunks_exact(4);
        Ok((weights, words.map(|word| i32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()))
    }

    fn layer(&mut self) -> Result<Layer, ModelError> {
        Ok(match self.take(1)?[0] {
            0 => {
                let (weights, bias) = self.parameters()?;
                Layer::Gemm(Gemm { weights, bias })
            }
            1 => {
                let (kernel, stride, padding) = (self.sizes()?, self.sizes()?, self.sizes()?);
                let (weights, bias) = self.parameters()?;
                Layer::Conv(Conv { weights, bias, kernel, stride, padding })
            }
            kind @ (2 | 3) => {
                let pool = Pool { window: self.sizes()?, stride: self.sizes()? };
                if kind == 2 { Layer::MaxPool(pool) } else { Layer::SumPool(pool) }
            }
            4 => Layer::Requantise { shift: self.take(1)?[0] },
            5 => Layer::ArgMax,
            _ => return Err(self.error("an unknown layer")),
        })
    }
}
