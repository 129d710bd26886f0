//! Post-training quantisation: from a float model and sample inputs to the integer model.
//!
//! Each tensor of the integer model has a unit: the real number that 1 stands for. An input byte b stands for
//! `scale · b + offset`. From a product to the next ReLU the unit is (unit of the input) · (unit of the weights), divided
//! by the size of each mean's window, since sums take the place of means; the requantisation multiplies it by 2^shift.
//! Shifts are whole, so the unit of the weights is chosen such that 255 times the unit after the ReLU is where the
//! activations are clipped; see [`segment`](self) for how far.

mod accuracy;
mod error;
mod segment;

pub use accuracy::{Accuracy, measure};
pub use error::QuantiseError;

use crate::dataset::Dataset;
use crate::float::{FloatLayer, FloatModel};
use crate::model::{Layer, Model, Shape};
use crate::reference;
use segment::{Samples, Segment};

/// How bytes stand for the numbers that the float model takes, and what to put out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// What a byte is multiplied by.
    pub scale: f32,
    /// What is added then.
    pub offset: f32,
    /// Whether to put out the index of the largest output instead of all outputs, where the model does not do so itself.
    pub classify: bool,
}

impl Default for Options {
    /// Bytes 0 to 255 stand for 0 to 1, and outputs are put out as they are.
    fn default() -> Self {
        Self { scale: 1.0 / 255.0, offset: 0.0, classify: false }
    }
}

impl Options {
    /// The number that a byte stands for.
    pub fn value(&self, byte: u8) -> f32 {
        self.scale * f32::from(byte) + self.offset
    }

    /// The numbers that a sample stands for.
    pub fn values(&self, sample: &[u8]) -> Vec<f32> {
        sample.iter().map(|byte| self.value(*byte)).collect()
    }
}

/// An integer model and how its numbers relate to those of the float model.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantised {
    /// The integer model.
    pub model: Model,
    /// The real number that 1 stands for in its output; no unit where that is a class.
    pub output_unit: Option<f64>,
    /// What became of each layer with weights.
    pub layers: Vec<LayerReport>,
    /// How many samples the calibration looked at.
    pub samples: usize,
}

/// What became of a layer with weights.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerReport {
    /// The layer's operator.
    pub name: &'static str,
    /// The shape after it.
    pub shape: Shape,
    /// How many weights it has.
    pub weights: usize,
    /// The real number that 1 stands for in its weights.
    pub weight_unit: f64,
    /// The shift of the requantisation that follows, if one does.
    pub shift: Option<u8>,
    /// Where the activations after it are clipped.
    pub clip: Option<f64>,
}

/// Quantises a model. The same model, data and options yield the same integer model on every machine: nothing but
/// additions, multiplications and divisions of IEEE 754 is used, in a fixed order. `progress` is told the layers done and
/// their number.
///
/// # Errors
/// When the data do not fit, a number is not finite, or the integer model could overflow 32 bits for some input.
pub fn quantise(
    float: &FloatModel,
    calibration: &Dataset,
    options: &Options,
    progress: impl Fn(usize, usize),
) -> Result<Quantised, QuantiseError> {
    let Options { scale, offset, .. } = *options;
    if !(scale > 0.0 && scale.is_finite() && offset.is_finite()) {
        return Err(QuantiseError::Input { scale, offset });
    }
    calibration.fits(float.input().len())?;
    let float = &prepare(float, offset)?;
    let mut samples = Samples::choose(float, calibration, options);
    let mut unit = f64::from(scale);
    let mut layers: Vec<Layer> = Vec::new();
    let mut reports = Vec::new();
    let steps: Vec<_> = float.steps().collect();
    let mut at = 0;
    while at < steps.len() {
        progress(at, steps.len());
        let segment = Segment::starting(&steps, at);
        let fitted = segment.fit(unit, &mut samples)?;
        unit = fitted.unit;
        layers.extend(fitted.layers);
        reports.extend(fitted.report);
        at += segment.len();
    }
    progress(steps.len(), steps.len());
    let mut ends = layers.last() == Some(&Layer::ArgMax);
    if options.classify && !ends {
        layers.push(Layer::ArgMax);
        ends = true;
    }
    // A model of nothing but reshapes and ReLUs of bytes computes nothing; `Model` refuses it.
    let model = Model::new(float.input(), layers)?;
    Ok(Quantised { model, output_unit: (!ends).then_some(unit), layers: reports, samples: samples.len() })
}

/// Moves ReLUs behind max-pools, which yields the same and is cheaper to prove, and the input's offset into the first bias.
fn prepare(float: &FloatModel, offset: f32) -> Result<FloatModel, QuantiseError> {
    let mut layers = float.layers().to_vec();
    let mut last = layers.len();
    while let Some(at) = (1..last)
        .rev()
        .find(|at| layers[at - 1] == FloatLayer::Relu && matches!(layers[*at], FloatLayer::MaxPool(_)))
    {
        layers.swap(at - 1, at);
        last = layers.len();
    }
    if offset != 0.0 {
        let (weights, bias) = match layers.first_mut() {
            Some(FloatLayer::Gemm(gemm)) => (&gemm.weights, &mut gemm.bias),
            Some(FloatLayer::Conv(conv)) if conv.padding == [0; 4] => (&conv.weights, &mut conv.bias),
            _ => return Err(QuantiseError::Offset),
        };
        let inputs = weights.len() / bias.len().max(1);
        for (bias, row) in bias.iter_mut().zip(weights.chunks_exact(inputs.max(1))) {
            *bias += offset * row.iter().sum::<f32>();
        }
    }
    Ok(FloatModel::new(float.input(), layers)?)
}

/// The class that the integer model sees in the input.
pub(crate) fn classify(model: &Model, sample: &[u8]) -> Result<usize, reference::InputError> {
    let output = reference::run(model, sample)?;
    Ok(match model.layers().last() {
        Some(Layer::ArgMax) => output.first().map_or(0, |index| *index as usize),
        _ => reference::argmax(&output) as usize,
    })
}
