//! The quantised model: int8 weights, uint8 activations, 32-bit accumulators, and power-of-two requantisation.

mod bounds;
mod codec;
mod error;
mod layer;
mod shape;
mod shapes;

pub use bounds::Interval;
pub(crate) use bounds::rounding;
pub use error::ModelError;
pub use layer::{Conv, Gemm, Layer, MAX_SHIFT, Pool};
pub use shape::Shape;
pub(crate) use shapes::steps;

use alloy_primitives::{B256, keccak256};

/// The most values that a tensor may hold.
pub const MAX_TENSOR: usize = 1 << 20;
/// The most layers that a model may have.
pub const MAX_LAYERS: usize = 256;
/// The most weights that a model may have.
pub const MAX_WEIGHTS: usize = 1 << 24;
/// The most multiplications that one run of a model may take.
pub const MAX_OPERATIONS: usize = 1 << 26;

/// A quantised model whose shapes fit together and none of whose values can leave 32 bits, whatever the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    input: Shape,
    layers: Vec<Layer>,
    /// The shape after each layer.
    shapes: Vec<Shape>,
    /// Whether each output is one byte, or else four.
    narrow: bool,
}

impl Model {
    /// Checks `layers` for inputs of the shape `input`.
    ///
    /// # Errors
    /// Names the first layer that does not fit, and why.
    pub fn new(input: Shape, layers: Vec<Layer>) -> Result<Self, ModelError> {
        let shapes = shapes::derive(input, &layers)?;
        let mut model = Self { input, layers, shapes, narrow: false };
        let bounds = bounds::derive(&model)?;
        model.narrow = bounds.last().is_some_and(|last| last.iter().all(Interval::is_byte));
        Ok(model)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// Refuses what [`Model::to_bytes`] does not write, and models that [`Model::new`] refuses.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let (input, layers) = codec::decode(bytes)?;
        Self::new(input, layers)
    }

    /// The model file: one encoding for one model.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self.input, &self.layers)
    }

    /// Keccak-256 of the model file: the identity of the model.
    pub fn digest(&self) -> B256 {
        keccak256(self.to_bytes())
    }

    /// The shape of an input: one byte per value.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The shape of the output.
    pub fn output(&self) -> Shape {
        self.shapes.last().copied().unwrap_or(self.input)
    }

    /// How many bytes an output value takes: 1 where all of them are always 0 to 255, else 4.
    pub fn output_width(&self) -> usize {
        if self.narrow { 1 } else { 4 }
    }

    /// How many bytes the output takes.
    pub fn output_bytes(&self) -> usize {
        self.output().len() * self.output_width()
    }

    /// The range of every value: of the input first, then of each layer's output.
    pub(crate) fn bounds(&self) -> Result<Vec<Vec<Interval>>, ModelError> {
        bounds::derive(self)
    }

    /// The layers with the shapes before and after them.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&Layer, Shape, Shape)> {
        let before = std::iter::once(self.input).chain(self.shapes.iter().copied());
        self.layers.iter().zip(before.zip(&self.shapes)).map(|(layer, (from, to))| (layer, from, *to))
    }
}
