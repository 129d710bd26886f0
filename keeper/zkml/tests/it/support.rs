use opg_zkml::Model;
use opg_zkml::model::{Conv, Gemm, Layer, Pool, Shape};
use rand::Rng;
use rand::rngs::StdRng;

/// A small model of random layers, shapes and weights.
pub(crate) fn random_model(rng: &mut StdRng) -> Model {
    loop {
        let input = Shape::image(rng.random_range(1..=3), rng.random_range(1..=7), rng.random_range(1..=7));
        if let Some(model) = attempt(rng, input) {
            return model;
        }
    }
}

/// An input of random bytes, or of extreme ones.
pub(crate) fn random_input(rng: &mut StdRng, model: &Model) -> Vec<u8> {
    let extreme = rng.random_bool(0.3);
    (0..model.input().len())
        .map(|_| if extreme { if rng.random() { 255 } else { 0 } } else { rng.random() })
        .collect()
}

fn attempt(rng: &mut StdRng, input: Shape) -> Option<Model> {
    let mut layers = Vec::new();
    let mut shape = input;
    for _ in 0..rng.random_range(1..=3) {
        for layer in block(rng, shape) {
            layers.push(layer);
            shape = Model::new(input, layers.clone()).ok()?.output();
        }
    }
    if rng.random_bool(0.4) {
        layers.push(Layer::ArgMax);
    }
    Model::new(input, layers).ok()
}

fn block(rng: &mut StdRng, shape: Shape) -> Vec<Layer> {
    let mut layers = Vec::new();
    match rng.random_range(0..4) {
        0 => layers.push(gemm(rng, shape)),
        1 | 2 => layers.push(conv(rng, shape)),
        _ => {}
    }
    if rng.random_bool(0.5) {
        let pool = Pool {
            window: [rng.random_range(1..=3), rng.random_range(1..=3)],
            stride: [rng.random_range(1..=2), rng.random_range(1..=2)],
        };
        layers.push(if rng.random() { Layer::MaxPool(pool) } else { Layer::SumPool(pool) });
    }
    if rng.random_bool(0.8) || layers.is_empty() {
        layers.push(Layer::Requantise { shift: rng.random_range(0..=12) });
    }
    layers
}

fn gemm(rng: &mut StdRng, shape: Shape) -> Layer {
    let outputs = rng.random_range(1..=6);
    Layer::Gemm(Gemm { weights: weights(rng, outputs * shape.len()), bias: biases(rng, outputs) })
}

fn conv(rng: &mut StdRng, shape: Shape) -> Layer {
    let (filters, kernel) = (rng.random_range(1..=3), [rng.random_range(1..=3), rng.random_range(1..=3)]);
    Layer::Conv(Conv {
        weights: weights(rng, filters * shape.channels * kernel[0] * kernel[1]),
        bias: biases(rng, filters),
        kernel,
        stride: [rng.random_range(1..=2), rng.random_range(1..=2)],
        padding: std::array::from_fn(|_| rng.random_range(0..=1)),
    })
}

fn weights(rng: &mut StdRng, count: usize) -> Vec<i8> {
    let bound: i8 = if rng.random() { 127 } else { 3 };
    (0..count).map(|_| rng.random_range(-bound..=bound)).collect()
}

fn biases(rng: &mut StdRng, count: usize) -> Vec<i32> {
    let bound = if rng.random() { 100_000 } else { 300 };
    (0..count).map(|_| rng.random_range(-bound..=bound)).collect()
}
