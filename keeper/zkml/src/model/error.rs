use super::{MAX_LAYERS, MAX_OPERATIONS, MAX_SHIFT, MAX_TENSOR, MAX_WEIGHTS, Shape};

/// Why a model is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A tensor holds nothing or too much.
    #[error("the {at} has the shape {shape:?}: a tensor holds 1 to {MAX_TENSOR} values")]
    Tensor {
        /// Which tensor.
        at: String,
        /// Its shape.
        shape: Shape,
    },
    /// There are no layers or too many.
    #[error("the model has {count} layers: 1 to {MAX_LAYERS} are supported")]
    Layers {
        /// How many.
        count: usize,
    },
    /// The weights and biases do not have the number of values that the shape asks for.
    #[error("layer {layer} ({name}) has {found} {what} where its input and bias ask for {expected}")]
    Count {
        /// The layer's position, from 0.
        layer: usize,
        /// The layer's operator.
        name: &'static str,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A window, stride or padding that the input cannot have.
    #[error(
        "layer {layer} ({name}): a window of {window:?} with steps of {stride:?} does not fit an input of \
         {shape:?}; windows and steps are at least 1, at most the padded input, and padding is less than the window"
    )]
    Window {
        /// The layer's position, from 0.
        layer: usize,
        /// The layer's operator.
        name: &'static str,
        /// Rows and columns of the window.
        window: [usize; 2],
        /// Rows and columns between windows.
        stride: [usize; 2],
        /// The shape before the layer.
        shape: Shape,
    },
    /// A shift beyond [`MAX_SHIFT`].
    #[error("layer {layer} divides by 2^{shift}: the most is 2^{MAX_SHIFT}")]
    Shift {
        /// The layer's position, from 0.
        layer: usize,
        /// The shift.
        shift: u8,
    },
    /// An argmax whose index would not fit a byte.
    #[error("layer {layer} (ArgMax) chooses among {count} values: at most 256 are supported")]
    Classes {
        /// The layer's position, from 0.
        layer: usize,
        /// How many values.
        count: usize,
    },
    /// Some input would make a value leave 32 bits.
    #[error(
        "layer {layer} ({name}) can reach {value} for some input, beyond 32 bits: use smaller weights or requantise \
         before it"
    )]
    Overflow {
        /// The layer's position, from 0.
        layer: usize,
        /// The layer's operator.
        name: &'static str,
        /// The value.
        value: i64,
    },
    /// More work or weights than a model may have.
    #[error(
        "the model has more than {MAX_WEIGHTS} weights or takes more than {MAX_OPERATIONS} multiplications a run: it \
         is too large to be proved"
    )]
    TooLarge,
    /// The file is not a model file.
    #[error("not a model file: {reason} at byte {at}")]
    File {
        /// What is wrong.
        reason: &'static str,
        /// Where.
        at: usize,
    },
}
