//! A product, the pools after it and the ReLU that ends them: what is quantised together.

use rayon::prelude::*;

use super::{LayerReport, Options, QuantiseError};
use crate::dataset::Dataset;
use crate::float::{FloatLayer, FloatModel, apply as apply_float};
use crate::model::{Conv, Gemm, Layer, MAX_SHIFT, Shape};
use crate::reference;

/// The most samples that calibration looks at.
const MAX_SAMPLES: usize = 512;
/// The most values of a layer that are kept, over all samples: 128 MiB of floats and 256 MiB of integers.
const MAX_VALUES: usize = 1 << 25;
/// The most multiplications that calibration spends on running the float model once over all samples.
const MAX_WORK: usize = 1 << 32;
/// Where activations may be clipped, as shares of the largest one seen; of equally good ones the first is taken.
const CLIPS: [f64; 8] = [1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5];

/// What flows through both models for the samples of the calibration, as far as it has been quantised.
pub(super) struct Samples {
    numbers: Vec<usize>,
    floats: Vec<Vec<f32>>,
    integers: Vec<Vec<i64>>,
}

impl Samples {
    /// Evenly spread over the data, so that data sorted by class are covered as well.
    pub(super) fn choose(float: &FloatModel, data: &Dataset, options: &Options) -> Self {
        let most = (MAX_VALUES / float.widest()).min(MAX_WORK / float.operations().max(1));
        let count = most.clamp(1, MAX_SAMPLES).min(data.len());
        let all: Vec<&[u8]> = data.samples().collect();
        let numbers: Vec<usize> = (0..count).map(|index| index * data.len() / count).collect();
        Self {
            floats: numbers.iter().map(|number| options.values(all[*number])).collect(),
            integers: numbers
                .iter()
                .map(|number| all[*number].iter().map(|byte| i64::from(*byte)).collect())
                .collect(),
            numbers,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    fn check(&self, layer: usize, name: &'static str) -> Result<(), QuantiseError> {
        let broken = self.floats.iter().position(|values| values.iter().any(|value| !value.is_finite()));
        broken.map_or(Ok(()), |index| {
            Err(QuantiseError::NotFinite { layer, name, sample: self.numbers[index] })
        })
    }
}

type Step<'a> = (&'a FloatLayer, Shape, Shape);

pub(super) struct Segment<'a> {
    steps: &'a [Step<'a>],
    start: usize,
}

/// A quantised segment.
pub(super) struct Fitted {
    pub(super) layers: Vec<Layer>,
    pub(super) unit: f64,
    pub(super) report: Option<LayerReport>,
}

fn is_product(layer: &FloatLayer) -> bool {
    matches!(layer, FloatLayer::Gemm(_) | FloatLayer::Conv(_))
}

impl<'a> Segment<'a> {
    /// From `start` through the next ReLU, or to before the next product or argmax.
    pub(super) fn starting(steps: &'a [Step<'a>], start: usize) -> Self {
        let mut end = start + 1;
        while end < steps.len()
            && *steps[end - 1].0 != FloatLayer::Relu
            && !is_product(steps[end].0)
            && *steps[end].0 != FloatLayer::ArgMax
        {
            end += 1;
        }
        Self { steps: &steps[start..end], start }
    }

    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    fn relu(&self) -> bool {
        self.steps.last().is_some_and(|step| *step.0 == FloatLayer::Relu)
    }

    /// How many values the means of the segment are taken over, all together.
    fn divisor(&self) -> f64 {
        let size = |step: &Step<'_>| match step.0 {
            FloatLayer::AveragePool(pool) => (pool.window[0] * pool.window[1]) as f64,
            _ => 1.0,
        };
        self.steps.iter().map(size).product()
    }

    /// Chooses units and shift, and moves the samples to behind the segment.
    pub(super) fn fit(&self, unit: f64, samples: &mut Samples) -> Result<Fitted, QuantiseError> {
        for (index, (layer, from, to)) in self.steps.iter().enumerate() {
            samples.floats.par_iter_mut().for_each(|values| *values = apply_float(layer, *from, *to, values));
            samples.check(self.start + index, layer.name())?;
        }
        let candidates = self.candidates(unit, samples)?;
        let mut best: Option<(f64, Fitted, Vec<Vec<i64>>)> = None;
        for candidate in candidates {
            let after = self.run(&candidate.layers, &samples.integers);
            let error = distance(&after, &samples.floats, candidate.unit);
            if best.as_ref().is_none_or(|(least, _, _)| error < *least) {
                best = Some((error, candidate, after));
            }
        }
        match best {
            Some((_, fitted, integers)) => {
                samples.integers = integers;
                Ok(fitted)
            }
            // There is always a first candidate; without samples nothing would be compared.
            None => Ok(Fitted { layers: Vec::new(), unit, report: None }),
        }
    }

    fn candidates(&self, unit: f64, samples: &Samples) -> Result<Vec<Fitted>, QuantiseError> {
        let Some((first, _, shape)) = self.steps.first().copied() else { return Ok(Vec::new()) };
        let Some(weights) = weights(first) else {
            return Ok(vec![self.without_product(unit, samples)]);
        };
        let divisor = self.divisor();
        let largest = weights.iter().fold(0.0_f64, |max, weight| max.max(f64::from(weight.abs())));
        // The finest unit in which all weights fit.
        let finest = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        let report = |weight_unit, shift, clip| {
            let (name, weights) = (first.name(), weights.len());
            Some(LayerReport { name, shape, weights, weight_unit, shift, clip })
        };
        if !self.relu() {
            let layers = self.layers(finest, unit, None)?;
            return Ok(vec![Fitted {
                layers,
                unit: unit * finest / divisor,
                report: report(finest, None, None),
            }]);
        }
        let seen = samples.floats.iter().flatten().fold(0.0_f64, |max, value| max.max(f64::from(*value)));
        let seen = if seen > 0.0 { seen } else { 1.0 };
        CLIPS
            .iter()
            .map(|share| {
                // 255 · unit · weight_unit · 2^shift / divisor = clip, with the largest shift that lets all weights fit.
                let room = seen * share * divisor / (255.0 * unit);
                let mut shift = 0;
                while shift < MAX_SHIFT && room / f64::from(2_u32 << shift) >= finest {
                    shift += 1;
                }
                let weight_unit = (room / f64::from(1_u32 << shift)).max(finest);
                let after = unit * weight_unit / divisor * f64::from(1_u32 << shift);
                Ok(Fitted {
                    layers: self.layers(weight_unit, unit, Some(shift))?,
                    unit: after,
                    report: report(weight_unit, Some(shift), Some(255.0 * after)),
                })
            })
            .collect()
    }

    /// Pools, a ReLU or an argmax, whose unit is given. A ReLU gets the least shift at which nothing seen saturates.
    fn without_product(&self, unit: f64, samples: &Samples) -> Fitted {
        let unit = unit / self.divisor();
        let layers: Vec<Layer> = self.steps.iter().filter_map(|step| pooled(step.0)).collect();
        if !self.relu() {
            return Fitted { layers, unit, report: None };
        }
        let after = self.run(&layers, &samples.integers);
        let largest = after.into_iter().flatten().max().unwrap_or(0);
        let shift =
            (0..MAX_SHIFT).find(|shift| (largest + rounding(*shift)) >> shift <= 255).unwrap_or(MAX_SHIFT);
        let layers = layers.into_iter().chain([Layer::Requantise { shift }]).collect();
        Fitted { layers, unit: unit * f64::from(1_u32 << shift), report: None }
    }

    fn layers(&self, weight_unit: f64, unit: f64, shift: Option<u8>) -> Result<Vec<Layer>, QuantiseError> {
        let mut layers = Vec::with_capacity(self.steps.len());
        for (index, (layer, _, _)) in self.steps.iter().enumerate() {
            let numbers = |weights: &[f32], bias: &[f32]| {
                let weights =
                    weights.iter().map(|weight| round(*weight, weight_unit).clamp(-127.0, 127.0) as i8);
                let bias = bias.iter().map(|bias| {
                    let rounded = round(*bias, unit * weight_unit);
                    // Not a number either is refused.
                    if rounded.abs() <= f64::from(i32::MAX) {
                        return Ok(rounded as i32);
                    }
                    let (layer, name) = (self.start + index, layer.name());
                    Err(QuantiseError::Bias { layer, name, bias: *bias, unit: unit * weight_unit })
                });
                Ok::<_, QuantiseError>((weights.collect(), bias.collect::<Result<Vec<i32>, _>>()?))
            };
            match layer {
                FloatLayer::Gemm(gemm) => {
                    let (weights, bias) = numbers(&gemm.weights, &gemm.bias)?;
                    layers.push(Layer::Gemm(Gemm { weights, bias }));
                }
                FloatLayer::Conv(conv) => {
                    let (weights, bias) = numbers(&conv.weights, &conv.bias)?;
                    let (kernel, stride, padding) = (conv.kernel, conv.stride, conv.padding);
                    layers.push(Layer::Conv(Conv { weights, bias, kernel, stride, padding }));
                }
                other => layers.extend(pooled(other)),
            }
        }
        layers.extend(shift.map(|shift| Layer::Requantise { shift }));
        Ok(layers)
    }

    /// The integers after the segment; a requantisation stands where the ReLU does.
    fn run(&self, layers: &[Layer], before: &[Vec<i64>]) -> Vec<Vec<i64>> {
        let shapes = self.steps.iter().map(|(_, from, to)| (*from, *to));
        let steps: Vec<_> = layers.iter().zip(shapes).collect();
        before
            .par_iter()
            .map(|values| {
                steps.iter().fold(values.clone(), |values, (layer, (from, to))| {
                    reference::apply(layer, &values, *from, *to)
                })
            })
            .collect()
    }
}

fn weights(layer: &FloatLayer) -> Option<&[f32]> {
    match layer {
        FloatLayer::Gemm(gemm) => Some(&gemm.weights),
        FloatLayer::Conv(conv) => Some(&conv.weights),
        _ => None,
    }
}

fn pooled(layer: &FloatLayer) -> Option<Layer> {
    match layer {
        FloatLayer::MaxPool(pool) => Some(Layer::MaxPool(*pool)),
        FloatLayer::AveragePool(pool) => Some(Layer::SumPool(*pool)),
        FloatLayer::ArgMax => Some(Layer::ArgMax),
        FloatLayer::Relu | FloatLayer::Gemm(_) | FloatLayer::Conv(_) => None,
    }
}

/// The nearest integer, halves away from zero.
fn round(value: f32, unit: f64) -> f64 {
    (f64::from(value) / unit).round()
}

fn rounding(shift: u8) -> i64 {
    crate::model::rounding(shift)
}

/// The sum of squared differences between what integers stand for and the floats.
fn distance(integers: &[Vec<i64>], floats: &[Vec<f32>], unit: f64) -> f64 {
    let pairs = integers.iter().flatten().zip(floats.iter().flatten());
    pairs.map(|(integer, float)| (*integer as f64 * unit - f64::from(*float)).powi(2)).sum()
}
