use super::Shape;

/// One step of a model. Values are exact integers; nothing rounds except [`Layer::Requantise`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// A matrix times the input (in channel, row, column order) plus a bias. Yields a vector.
    Gemm(Gemm),
    /// A two-dimensional convolution (cross-correlation, as in ONNX) plus a bias per filter; padding is zero.
    Conv(Conv),
    /// The largest value of each window.
    MaxPool(Pool),
    /// The sum of each window. Average pooling is this followed by a requantisation, whose shift and whose scale
    /// take the division.
    SumPool(Pool),
    /// ReLU and requantisation in one: `clamp(floor((x + 2^(shift-1)) / 2^shift), 0, 255)`, and `clamp(x, 0, 255)`
    /// for `shift` 0. Halves round up.
    Requantise {
        /// The power of two that a value is divided by, at most [`MAX_SHIFT`].
        shift: u8,
    },
    /// The index of the largest value of the whole tensor; the lowest index where several are equal.
    ArgMax,
}

/// The largest [`Layer::Requantise`] shift: more would leave nothing of a 32-bit value.
pub const MAX_SHIFT: u8 = 24;

/// The weights of a matrix product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gemm {
    /// `outputs × inputs`, row by row.
    pub weights: Vec<i8>,
    /// One per output.
    pub bias: Vec<i32>,
}

/// The weights and the geometry of a convolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conv {
    /// `filters × input channels × kernel rows × kernel columns`.
    pub weights: Vec<i8>,
    /// One per filter.
    pub bias: Vec<i32>,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps between windows, by rows and by columns.
    pub stride: [usize; 2],
    /// Zeros added at the top, left, bottom and right.
    pub padding: [usize; 4],
}

/// The windows of a pooling. There is no padding; what does not fill a window is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Rows and columns of a window.
    pub window: [usize; 2],
    /// Steps between windows, by rows and by columns.
    pub stride: [usize; 2],
}

impl Layer {
    /// The layer's name in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gemm(_) => "Gemm",
            Self::Conv(_) => "Conv",
            Self::MaxPool(_) => "MaxPool",
            Self::SumPool(_) => "SumPool",
            Self::Requantise { .. } => "Requantise",
            Self::ArgMax => "ArgMax",
        }
    }
}

/// The terms of the linear layers and the members of windows, as the bounds and the circuit need them. The integer
/// reference has loops of its own, so that a slip here does not go unnoticed.
impl Gemm {
    pub(crate) fn terms(&self, output: usize) -> impl Iterator<Item = (usize, i64)> + '_ {
        let inputs = self.weights.len() / self.bias.len();
        self.weights[output * inputs..(output + 1) * inputs].iter().map(|w| i64::from(*w)).enumerate()
    }
}

impl Conv {
    pub(crate) fn terms(
        &self,
        input: Shape,
        output: Shape,
        index: usize,
    ) -> impl Iterator<Item = (usize, i64)> + '_ {
        let (filter, row, column) = output.position(index);
        let [kernel_rows, kernel_columns] = self.kernel;
        let taps = input.channels * kernel_rows * kernel_columns;
        let weights = &self.weights[filter * taps..(filter + 1) * taps];
        let kernel = Shape::image(input.channels, kernel_rows, kernel_columns);
        weights.iter().enumerate().filter_map(move |(tap, weight)| {
            let (channel, kernel_row, kernel_column) = kernel.position(tap);
            let row = (row * self.stride[0] + kernel_row).checked_sub(self.padding[0])?;
            let column = (column * self.stride[1] + kernel_column).checked_sub(self.padding[1])?;
            (row < input.rows && column < input.columns)
                .then(|| (input.at(channel, row, column), i64::from(*weight)))
        })
    }
}

impl Pool {
    pub(crate) fn window(&self, input: Shape, output: Shape, index: usize) -> Vec<usize> {
        let (channel, row, column) = output.position(index);
        let (top, left) = (row * self.stride[0], column * self.stride[1]);
        let rows = top..top + self.window[0];
        rows.flat_map(|row| (left..left + self.window[1]).map(move |column| input.at(channel, row, column)))
            .collect()
    }
}
