//! The models whose figures are published: shapes of well-known classifiers, weights drawn at random.

use opg_zkml::model::{Conv, Gemm, Layer, Pool, Shape};
use opg_zkml::{Model, reference};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// (a): a perceptron 4-16-16-3.
pub(crate) fn tiny() -> Model {
    perceptron(&[4, 16, 16, 3])
}

/// (b): a perceptron 784-128-10.
pub(crate) fn digits() -> Model {
    perceptron(&[784, 128, 10])
}

/// (c): LeNet-5 for 28×28 pixels with max-pooling, 61,706 parameters.
pub(crate) fn lenet() -> Model {
    let rng = &mut StdRng::seed_from_u64(5);
    let pool = || Layer::MaxPool(Pool { window: [2, 2], stride: [2, 2] });
    let requantise = || Layer::Requantise { shift: 0 };
    calibrated(
        Shape::image(1, 28, 28),
        vec![
            conv(rng, 1, 6, 2),
            pool(),
            requantise(),
            conv(rng, 6, 16, 0),
            pool(),
            requantise(),
            gemm(rng, 400, 120),
            requantise(),
            gemm(rng, 120, 84),
            requantise(),
            gemm(rng, 84, 10),
        ],
    )
}

/// An input like a photograph's: every byte occurs.
pub(crate) fn input(model: &Model, seed: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..model.input().len()).map(|_| rng.random()).collect()
}

/// A perceptron with ReLU between its layers.
pub(crate) fn perceptron(widths: &[usize]) -> Model {
    let rng = &mut StdRng::seed_from_u64(widths.len() as u64);
    let mut layers = Vec::new();
    for pair in widths.windows(2) {
        layers.push(gemm(rng, pair[0], pair[1]));
        layers.push(Layer::Requantise { shift: 0 });
    }
    layers.pop();
    calibrated(Shape::vector(widths[0]), layers)
}

fn gemm(rng: &mut StdRng, inputs: usize, outputs: usize) -> Layer {
    Layer::Gemm(Gemm { weights: weights(rng, inputs * outputs), bias: biases(rng, outputs) })
}

fn conv(rng: &mut StdRng, channels: usize, filters: usize, padding: usize) -> Layer {
    Layer::Conv(Conv {
        weights: weights(rng, filters * channels * 25),
        bias: biases(rng, filters),
        kernel: [5, 5],
        stride: [1, 1],
        padding: [padding; 4],
    })
}

/// Bell-shaped, as trained weights are, over the whole of int8.
fn weights(rng: &mut StdRng, count: usize) -> Vec<i8> {
    (0..count)
        .map(|_| ((0..4).map(|_| rng.random_range(-127..=127)).sum::<i32>() * 2 / 5).clamp(-127, 127) as i8)
        .collect()
}

fn biases(rng: &mut StdRng, count: usize) -> Vec<i32> {
    (0..count).map(|_| rng.random_range(-2000..=2000)).collect()
}

/// Gives each requantisation the least shift at which eight sample inputs saturate nothing.
fn calibrated(shape: Shape, mut layers: Vec<Layer>) -> Model {
    for index in 0..layers.len() {
        if !matches!(layers[index], Layer::Requantise { .. }) {
            continue;
        }
        let before = Model::new(shape, layers[..index].to_vec()).expect("the layers so far fit");
        let greatest = (0..8)
            .flat_map(|seed| reference::run(&before, &input(&before, seed)).expect("the input fits"))
            .max()
            .expect("an output");
        let shift = (0..24).find(|shift| reference::requantise(greatest, *shift) < 255);
        layers[index] = Layer::Requantise { shift: shift.expect("a 32-bit value") };
    }
    Model::new(shape, layers).expect("the layers fit")
}

/// One architecture over images of any size, for figures of growth.
#[allow(dead_code, reason = "of the users of this file, only one plots growth")]
pub(crate) fn growing(side: usize) -> Model {
    let rng = &mut StdRng::seed_from_u64(side as u64);
    let requantise = || Layer::Requantise { shift: 0 };
    let filters = |rng: &mut StdRng, channels: usize| {
        let (weights, bias) = (weights(rng, 8 * channels * 9), biases(rng, 8));
        Layer::Conv(Conv { weights, bias, kernel: [3, 3], stride: [1, 1], padding: [1; 4] })
    };
    let halved = side / 2;
    calibrated(
        Shape::image(1, side, side),
        vec![
            filters(rng, 1),
            requantise(),
            filters(rng, 8),
            Layer::MaxPool(Pool { window: [2, 2], stride: [2, 2] }),
            requantise(),
            gemm(rng, 8 * halved * halved, 10),
        ],
    )
}
