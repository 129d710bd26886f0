//! The meaning of a model, in integers. What a proof states is that this module, given the input, yields the output.

use crate::model::{Conv, Gemm, Layer, Model, Pool, Shape};

/// An input that does not fit the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the input has {found} bytes where the model takes {expected}: one byte per value, channel by channel"
)]
pub struct InputError {
    /// How many bytes were given.
    pub found: usize,
    /// How many the model takes.
    pub expected: usize,
}

/// Runs the model: one byte per input value, in channel, row, column order.
///
/// # Errors
/// When the input has another length than the model's input shape.
pub fn run(model: &Model, input: &[u8]) -> Result<Vec<i64>, InputError> {
    if input.len() != model.input().len() {
        return Err(InputError { found: input.len(), expected: model.input().len() });
    }
    let start = input.iter().map(|byte| i64::from(*byte)).collect();
    Ok(model.steps().fold(start, |values: Vec<i64>, (layer, from, to)| apply(layer, &values, from, to)))
}

/// What a layer makes of values of the shape `from`.
pub(crate) fn apply(layer: &Layer, values: &[i64], from: Shape, to: Shape) -> Vec<i64> {
    match layer {
        Layer::Gemm(layer) => gemm(layer, values),
        Layer::Conv(layer) => conv(layer, values, from, to),
        Layer::MaxPool(pool) => windows(pool, values, from, to, i64::MIN, i64::max),
        Layer::SumPool(pool) => windows(pool, values, from, to, 0, |sum, value| sum + value),
        Layer::Requantise { shift } => values.iter().map(|value| requantise(*value, *shift)).collect(),
        Layer::ArgMax => vec![argmax(values)],
    }
}

/// The bytes of an output: one per value where the model's values always fit one, else four, big-endian, with 2^31
/// added, so that the order of the bytes is the order of the values.
pub fn encode_output(model: &Model, values: &[i64]) -> Vec<u8> {
    match model.output_width() {
        1 => values.iter().map(|value| value.to_le_bytes()[0]).collect(),
        _ => values.iter().flat_map(|value| ((value + (1 << 31)) as u32).to_be_bytes()).collect(),
    }
}

/// `clamp(floor((value + 2^(shift-1)) / 2^shift), 0, 255)`: halves round up, negatives become 0.
pub fn requantise(value: i64, shift: u8) -> i64 {
    let half = if shift == 0 { 0 } else { 1 << (shift - 1) };
    (value + half).div_euclid(1 << shift).clamp(0, 255)
}

/// The index of the largest value, the lowest of several equal ones.
pub fn argmax(values: &[i64]) -> i64 {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best as i64
}

fn gemm(layer: &Gemm, input: &[i64]) -> Vec<i64> {
    let rows = layer.weights.chunks_exact(input.len());
    rows.zip(&layer.bias)
        .map(|(row, bias)| {
            i64::from(*bias) + row.iter().zip(input).map(|(w, x)| i64::from(*w) * x).sum::<i64>()
        })
        .collect()
}

fn conv(layer: &Conv, input: &[i64], from: Shape, to: Shape) -> Vec<i64> {
    let mut output = Vec::with_capacity(to.len());
    let [kernel_rows, kernel_columns] = layer.kernel;
    for filter in 0..to.channels {
        for row in 0..to.rows {
            for column in 0..to.columns {
                let mut sum = i64::from(layer.bias[filter]);
                for channel in 0..from.channels {
                    for y in 0..kernel_rows {
                        for x in 0..kernel_columns {
                            let weight =
                                ((filter * from.channels + channel) * kernel_rows + y) * kernel_columns + x;
                            let above = row * layer.stride[0] + y;
                            let left = column * layer.stride[1] + x;
                            // Outside the image there are zeros.
                            if above >= layer.padding[0]
                                && left >= layer.padding[1]
                                && above - layer.padding[0] < from.rows
                                && left - layer.padding[1] < from.columns
                            {
                                let at = (channel * from.rows + above - layer.padding[0]) * from.columns
                                    + left
                                    - layer.padding[1];
                                sum += i64::from(layer.weights[weight]) * input[at];
                            }
                        }
                    }
                }
                output.push(sum);
            }
        }
    }
    output
}

fn windows(
    pool: &Pool,
    input: &[i64],
    from: Shape,
    to: Shape,
    start: i64,
    join: impl Fn(i64, i64) -> i64,
) -> Vec<i64> {
    let mut output = Vec::with_capacity(to.len());
    for channel in 0..to.channels {
        for row in 0..to.rows {
            for column in 0..to.columns {
                let mut value = start;
                for y in 0..pool.window[0] {
                    for x in 0..pool.window[1] {
                        let (y, x) = (row * pool.stride[0] + y, column * pool.stride[1] + x);
                        value = join(value, input[(channel * from.rows + y) * from.columns + x]);
                    }
                }
                output.push(value);
            }
        }
    }
    output
}
