use crate::dataset::DatasetError;
use crate::model::ModelError;

/// Why a float model cannot be turned into an integer model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantiseError {
    /// How input bytes become numbers is not well defined.
    #[error("the input scale {scale} and offset {offset} are not finite numbers with a scale above 0")]
    Input {
        /// What a byte is multiplied by.
        scale: f32,
        /// What is added then.
        offset: f32,
    },
    /// An input offset before a layer that cannot absorb it.
    #[error(
        "an input offset needs a first layer that absorbs it into its bias: a Gemm, or a Conv without padding; the first \
         layer here is another, so train on inputs that are a multiple of the byte"
    )]
    Offset,
    /// A layer yields something that is no number on a sample.
    #[error("layer {layer} ({name}) yields no finite number for sample {sample} of the calibration data")]
    NotFinite {
        /// The layer's position in the float model, from 0.
        layer: usize,
        /// The layer's operator.
        name: &'static str,
        /// The sample's position.
        sample: usize,
    },
    /// A bias that dwarfs the weights of its layer.
    #[error(
        "layer {layer} ({name}) has a bias of {bias}, which is beyond 32 bits in units of {unit}, its smallest step: put \
         a ReLU between it and the product before it, or train it with weights that are not so small"
    )]
    Bias {
        /// The layer's position in the float model, from 0.
        layer: usize,
        /// The layer's operator.
        name: &'static str,
        /// The bias.
        bias: f32,
        /// The unit it is counted in.
        unit: f64,
    },
    /// The calibration data.
    #[error("calibration: {0}")]
    Data(#[from] DatasetError),
    /// The integer model.
    #[error("the integer model is refused: {0}")]
    Model(#[from] ModelError),
}
