//! The least and the greatest value that each wire takes over all inputs, by interval arithmetic. The circuit sizes its
//! range checks with them, and a model that could overflow is refused.

use super::{Layer, Model, ModelError, Shape};

/// The least and the greatest value that a wire can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The least.
    pub low: i64,
    /// The greatest.
    pub high: i64,
}

impl Interval {
    /// The range of an input value.
    pub const BYTE: Self = Self { low: 0, high: 255 };

    /// Whether every value fits a byte.
    pub fn is_byte(&self) -> bool {
        self.low >= 0 && self.high <= 255
    }

    /// The range of the larger of two values.
    pub fn max(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    fn times(self, weight: i64) -> Self {
        let (a, b) = (self.low * weight, self.high * weight);
        Self { low: a.min(b), high: a.max(b) }
    }

    fn map(self, f: impl Fn(i64) -> i64) -> Self {
        Self { low: f(self.low), high: f(self.high) }
    }
}

/// What a requantisation adds before it divides, so that halves round up.
pub(crate) fn rounding(shift: u8) -> i64 {
    (1 << shift) >> 1
}

pub(super) fn derive(model: &Model) -> Result<Vec<Vec<Interval>>, ModelError> {
    let mut all = vec![vec![Interval::BYTE; model.input().len()]];
    for (index, (layer, from, to)) in model.steps().enumerate() {
        let next = match all.last() {
            Some(before) => after(layer, from, to, before),
            None => Vec::new(),
        };
        for interval in &next {
            // The rounding term is included, so that no intermediate value of the reference overflows either.
            let extra = if let Layer::Requantise { shift } = layer { rounding(*shift) } else { 0 };
            for value in [interval.low, interval.high + extra] {
                if i32::try_from(value).is_err() {
                    return Err(ModelError::Overflow { layer: index, name: layer.name(), value });
                }
            }
        }
        all.push(next);
    }
    Ok(all)
}

/// At most 2^24 terms of at most 2^39 each: far from the ends of 64 bits.
fn after(layer: &Layer, from: Shape, to: Shape, before: &[Interval]) -> Vec<Interval> {
    let sum = |start: i64, terms: &mut dyn Iterator<Item = (usize, i64)>| {
        terms
            .fold(Interval { low: start, high: start }, |sum, (at, weight)| sum.add(before[at].times(weight)))
    };
    match layer {
        Layer::Gemm(gemm) => (0..to.len()).map(|at| sum(gemm.bias[at].into(), &mut gemm.terms(at))).collect(),
        Layer::Conv(conv) => (0..to.len())
            .map(|at| sum(conv.bias[to.position(at).0].into(), &mut conv.terms(from, to, at)))
            .collect(),
        Layer::SumPool(pool) => (0..to.len())
            .map(|at| sum(0, &mut pool.window(from, to, at).into_iter().map(|index| (index, 1))))
            .collect(),
        Layer::MaxPool(pool) => (0..to.len())
            .map(|at| {
                let window = pool.window(from, to, at);
                window.iter().fold(before[window[0]], |max, index| max.max(before[*index]))
            })
            .collect(),
        Layer::Requantise { shift } => before
            .iter()
            .map(|interval| interval.map(|x| ((x + rounding(*shift)) >> shift).clamp(0, 255)))
            .collect(),
        Layer::ArgMax => vec![Interval { low: 0, high: from.len() as i64 - 1 }],
    }
}
