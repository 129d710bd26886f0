//! The shape after each layer, and whether a layer's parameters fit its input.

use super::{Layer, MAX_LAYERS, MAX_OPERATIONS, MAX_SHIFT, MAX_TENSOR, MAX_WEIGHTS, ModelError, Shape};

pub(super) fn derive(input: Shape, layers: &[Layer]) -> Result<Vec<Shape>, ModelError> {
    if layers.is_empty() || layers.len() > MAX_LAYERS {
        return Err(ModelError::Layers { count: layers.len() });
    }
    let mut shape = tensor(input, || "input".into())?;
    let mut work = Work::default();
    let mut shapes = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let next = after(index, layer, shape)?;
        shape = tensor(next, || format!("output of layer {index} ({})", layer.name()))?;
        work.add(layer, shape)?;
        shapes.push(shape);
    }
    Ok(shapes)
}

fn tensor(shape: Shape, at: impl Fn() -> String) -> Result<Shape, ModelError> {
    match shape.checked_len() {
        Some(1..=MAX_TENSOR) => Ok(shape),
        _ => Err(ModelError::Tensor { at: at(), shape }),
    }
}

fn after(index: usize, layer: &Layer, shape: Shape) -> Result<Shape, ModelError> {
    let count = |what, found: usize, expected: Option<usize>| match expected {
        Some(expected) if expected == found => Ok(()),
        other => Err(ModelError::Count {
            layer: index,
            name: layer.name(),
            what,
            found,
            expected: other.unwrap_or(usize::MAX),
        }),
    };
    let windows = |window: [usize; 2], stride: [usize; 2], padding: [usize; 4]| {
        let rows = steps(shape.rows, [padding[0], padding[2]], window[0], stride[0]);
        let columns = steps(shape.columns, [padding[1], padding[3]], window[1], stride[1]);
        rows.zip(columns).ok_or(ModelError::Window {
            layer: index,
            name: layer.name(),
            window,
            stride,
            shape,
        })
    };
    match layer {
        Layer::Gemm(gemm) => {
            count("weights", gemm.weights.len(), gemm.bias.len().checked_mul(shape.len()))?;
            Ok(Shape::vector(gemm.bias.len()))
        }
        Layer::Conv(conv) => {
            let (rows, columns) = windows(conv.kernel, conv.stride, conv.padding)?;
            let taps = conv.kernel[0].checked_mul(conv.kernel[1]).and_then(|k| k.checked_mul(shape.channels));
            count("weights", conv.weights.len(), taps.and_then(|taps| taps.checked_mul(conv.bias.len())))?;
            Ok(Shape::image(conv.bias.len(), rows, columns))
        }
        Layer::MaxPool(pool) | Layer::SumPool(pool) => {
            let (rows, columns) = windows(pool.window, pool.stride, [0; 4])?;
            Ok(Shape::image(shape.channels, rows, columns))
        }
        Layer::Requantise { shift } if *shift > MAX_SHIFT => {
            Err(ModelError::Shift { layer: index, shift: *shift })
        }
        Layer::Requantise { .. } => Ok(shape),
        Layer::ArgMax if shape.len() > 256 => Err(ModelError::Classes { layer: index, count: shape.len() }),
        Layer::ArgMax => Ok(Shape::vector(1)),
    }
}

/// How many windows fit along one side. A padding as wide as the window would make windows of nothing but zeros.
pub(crate) fn steps(side: usize, padding: [usize; 2], window: usize, stride: usize) -> Option<usize> {
    if window == 0 || stride == 0 || padding.iter().any(|padding| *padding >= window) {
        return None;
    }
    let side = side.checked_add(padding[0])?.checked_add(padding[1])?;
    Some(side.checked_sub(window)? / stride + 1)
}

#[derive(Default)]
struct Work {
    weights: usize,
    operations: usize,
}

impl Work {
    fn add(&mut self, layer: &Layer, output: Shape) -> Result<(), ModelError> {
        let (weights, each) = match layer {
            Layer::Gemm(gemm) => (gemm.weights.len(), gemm.weights.len() / gemm.bias.len().max(1)),
            Layer::Conv(conv) => (conv.weights.len(), conv.weights.len() / conv.bias.len().max(1)),
            Layer::MaxPool(pool) | Layer::SumPool(pool) => (0, pool.window[0].saturating_mul(pool.window[1])),
            Layer::Requantise { .. } | Layer::ArgMax => (0, 1),
        };
        self.weights = self.weights.saturating_add(weights);
        self.operations = self.operations.saturating_add(each.saturating_mul(output.len()));
        if self.weights > MAX_WEIGHTS || self.operations > MAX_OPERATIONS {
            return Err(ModelError::TooLarge);
        }
        Ok(())
    }
}
