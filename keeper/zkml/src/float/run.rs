use super::{FloatConv, FloatGemm, FloatLayer, FloatModel};
use crate::model::{Pool, Shape};

impl FloatModel {
    /// Runs the model in single precision, sums in the order of the inputs. Other runtimes sum in other orders, so results
    /// agree up to rounding.
    pub fn run(&self, input: &[f32]) -> Vec<f32> {
        self.steps().fold(input.to_vec(), |values, (layer, from, to)| apply(layer, from, to, &values))
    }

    /// The index of the class that the model sees in the input: the argmax of what it puts out.
    pub fn classify(&self, input: &[f32]) -> usize {
        let output = self.run(input);
        match self.layers.last() {
            Some(FloatLayer::ArgMax) => output.first().map_or(0, |index| *index as usize),
            _ => argmax(&output),
        }
    }
}

pub(crate) fn apply(layer: &FloatLayer, from: Shape, to: Shape, input: &[f32]) -> Vec<f32> {
    match layer {
        FloatLayer::Gemm(layer) => gemm(layer, input),
        FloatLayer::Conv(layer) => conv(layer, input, from, to),
        FloatLayer::Relu => input.iter().map(|value| value.max(0.0)).collect(),
        FloatLayer::MaxPool(pool) => {
            pooled(pool, input, from, to, |window| window.fold(f32::NEG_INFINITY, f32::max))
        }
        FloatLayer::AveragePool(pool) => pooled(pool, input, from, to, |window| {
            window.sum::<f32>() / (pool.window[0] * pool.window[1]) as f32
        }),
        FloatLayer::ArgMax => vec![argmax(input) as f32],
    }
}

fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

fn gemm(layer: &FloatGemm, input: &[f32]) -> Vec<f32> {
    let rows = layer.weights.chunks_exact(input.len());
    rows.zip(&layer.bias)
        .map(|(row, bias)| row.iter().zip(input).map(|(w, x)| w * x).sum::<f32>() + bias)
        .collect()
}

fn conv(layer: &FloatConv, input: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    let kernel = Shape::image(from.channels, layer.kernel[0], layer.kernel[1]);
    (0..to.len())
        .map(|index| {
            let (filter, row, column) = to.position(index);
            let weights = &layer.weights[filter * kernel.len()..(filter + 1) * kernel.len()];
            let terms = weights.iter().enumerate().filter_map(|(tap, weight)| {
                let (channel, y, x) = kernel.position(tap);
                let y = (row * layer.stride[0] + y).checked_sub(layer.padding[0])?;
                let x = (column * layer.stride[1] + x).checked_sub(layer.padding[1])?;
                (y < from.rows && x < from.columns).then(|| weight * input[from.at(channel, y, x)])
            });
            terms.sum::<f32>() + layer.bias[filter]
        })
        .collect()
}

fn pooled(
    pool: &Pool,
    input: &[f32],
    from: Shape,
    to: Shape,
    join: impl Fn(&mut dyn Iterator<Item = f32>) -> f32,
) -> Vec<f32> {
    (0..to.len())
        .map(|at| join(&mut pool.window(from, to, at).into_iter().map(|index| input[index])))
        .collect()
}
