//! The float model: what an ONNX file says, and what the integer model is calibrated and measured against.

mod run;

pub(crate) use run::apply;

use crate::model::{MAX_LAYERS, MAX_OPERATIONS, MAX_TENSOR, MAX_WEIGHTS, ModelError, Pool, Shape, steps};

/// One step of a float model.
#[derive(Debug, Clone, PartialEq)]
pub enum FloatLayer {
    /// A matrix times the input plus a bias.
    Gemm(FloatGemm),
    /// A convolution plus a bias per filter.
    Conv(FloatConv),
    /// Negative values become 0.
    Relu,
    /// The largest value of each window.
    MaxPool(Pool),
    /// The mean of each window.
    AveragePool(Pool),
    /// The index of the largest value, the lowest of equal ones.
    ArgMax,
}

/// The weights of a matrix product, as [`Gemm`](crate::model::Gemm) has them.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatGemm {
    /// `outputs × inputs`, row by row.
    pub weights: Vec<f32>,
    /// One per output.
    pub bias: Vec<f32>,
}

/// The weights and the geometry of a convolution, as [`Conv`](crate::model::Conv) has them.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatConv {
    /// `filters × input channels × kernel rows × kernel columns`.
    pub weights: Vec<f32>,
    /// One per filter.
    pub bias: Vec<f32>,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps between windows, by rows and by columns.
    pub stride: [usize; 2],
    /// Zeros added at the top, left, bottom and right.
    pub padding: [usize; 4],
}

impl FloatLayer {
    /// The layer's name in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gemm(_) => "Gemm",
            Self::Conv(_) => "Conv",
            Self::Relu => "Relu",
            Self::MaxPool(_) => "MaxPool",
            Self::AveragePool(_) => "AveragePool",
            Self::ArgMax => "ArgMax",
        }
    }

    /// The shape after the layer, or `None` where it does not fit.
    pub(crate) fn output(&self, from: Shape) -> Option<Shape> {
        let windows = |window: [usize; 2], stride: [usize; 2], padding: [usize; 4]| {
            let rows = steps(from.rows, [padding[0], padding[2]], window[0], stride[0])?;
            Some((rows, steps(from.columns, [padding[1], padding[3]], window[1], stride[1])?))
        };
        let to = match self {
            Self::Gemm(gemm) => {
                let expected = gemm.bias.len().checked_mul(from.len())?;
                (gemm.weights.len() == expected).then_some(Shape::vector(gemm.bias.len()))?
            }
            Self::Conv(conv) => {
                let (rows, columns) = windows(conv.kernel, conv.stride, conv.padding)?;
                let taps = conv.kernel[0].checked_mul(conv.kernel[1])?.checked_mul(from.channels)?;
                let expected = taps.checked_mul(conv.bias.len())?;
                (conv.weights.len() == expected).then_some(Shape::image(conv.bias.len(), rows, columns))?
            }
            Self::MaxPool(pool) | Self::AveragePool(pool) => {
                let (rows, columns) = windows(pool.window, pool.stride, [0; 4])?;
                Shape::image(from.channels, rows, columns)
            }
            Self::Relu => from,
            Self::ArgMax => Shape::vector(1),
        };
        to.checked_len().filter(|length| (1..=MAX_TENSOR).contains(length)).map(|_| to)
    }

    /// How many weights it has, and how many multiplications or comparisons an output takes.
    fn work(&self) -> (usize, usize) {
        match self {
            Self::Gemm(gemm) => (gemm.weights.len(), gemm.weights.len() / gemm.bias.len().max(1)),
            Self::Conv(conv) => (conv.weights.len(), conv.weights.len() / conv.bias.len().max(1)),
            Self::MaxPool(pool) | Self::AveragePool(pool) => {
                (0, pool.window[0].saturating_mul(pool.window[1]))
            }
            Self::Relu | Self::ArgMax => (0, 1),
        }
    }
}

/// A float model whose shapes fit together.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatModel {
    input: Shape,
    layers: Vec<FloatLayer>,
    shapes: Vec<Shape>,
    operations: usize,
}

impl FloatModel {
    /// Checks `layers` for inputs of the shape `input`.
    ///
    /// # Errors
    /// When there are no layers or too many, when one does not fit, and when the whole is too large.
    pub fn new(input: Shape, layers: Vec<FloatLayer>) -> Result<Self, ModelError> {
        if layers.is_empty() || layers.len() > MAX_LAYERS {
            return Err(ModelError::Layers { count: layers.len() });
        }
        if !input.checked_len().is_some_and(|length| (1..=MAX_TENSOR).contains(&length)) {
            return Err(ModelError::Tensor { at: "input".into(), shape: input });
        }
        let (mut shape, mut weights, mut operations) = (input, 0_usize, 0_usize);
        let mut shapes = Vec::with_capacity(layers.len());
        for (index, layer) in layers.iter().enumerate() {
            shape = layer.output(shape).ok_or_else(|| ModelError::Tensor {
                at: format!("output of layer {index} ({})", layer.name()),
                shape,
            })?;
            let (more, each) = layer.work();
            weights = weights.saturating_add(more);
            operations = operations.saturating_add(each.saturating_mul(shape.len()));
            shapes.push(shape);
        }
        if weights > MAX_WEIGHTS || operations > MAX_OPERATIONS {
            return Err(ModelError::TooLarge);
        }
        Ok(Self { input, layers, shapes, operations })
    }

    /// The shape of an input.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[FloatLayer] {
        &self.layers
    }

    /// How many weights and biases there are.
    pub fn parameters(&self) -> usize {
        let count = |layer: &FloatLayer| match layer {
            FloatLayer::Gemm(gemm) => gemm.weights.len() + gemm.bias.len(),
            FloatLayer::Conv(conv) => conv.weights.len() + conv.bias.len(),
            _ => 0,
        };
        self.layers.iter().map(count).sum()
    }

    /// How many multiplications and comparisons one run takes.
    pub(crate) fn operations(&self) -> usize {
        self.operations
    }

    /// How many values the largest tensor holds.
    pub(crate) fn widest(&self) -> usize {
        self.shapes.iter().map(Shape::len).max().unwrap_or(0).max(self.input.len())
    }

    /// The layers with the shapes before and after them.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&FloatLayer, Shape, Shape)> {
        let before = std::iter::once(self.input).chain(self.shapes.iter().copied());
        self.layers.iter().zip(before.zip(&self.shapes)).map(|(layer, (from, to))| (layer, from, *to))
    }
}
