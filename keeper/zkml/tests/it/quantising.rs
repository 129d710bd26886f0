//! From float models to integer models.

use opg_zkml::dataset::{Dataset, DatasetError};
use opg_zkml::float::{FloatConv, FloatGemm, FloatLayer, FloatModel};
use opg_zkml::model::{Layer, Pool, Shape};
use opg_zkml::quantise::{Options, QuantiseError, measure, quantise};
use opg_zkml::{Circuit, ModelError, reference};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::examples::{self, OPTIONS};

/// What docs/zkml.md states.
#[test]
fn the_example_classifiers_keep_their_stated_accuracy() {
    let (images, labels) = (examples::images("test"), examples::labels("test"));
    for (name, stated, agree, constraints) in
        [("digits-mlp", [346, 346], 360, 1_289), ("digits-cnn", [353, 353], 360, 15_823)]
    {
        let quantised = examples::quantised(name, &OPTIONS);
        let float = examples::float(name).model;
        let accuracy =
            measure(&float, &quantised.model, &OPTIONS, &images, Some(&labels), |_| {}).expect("they fit");
        let circuit = Circuit::compile(quantised.model).expect("it compiles");
        println!("{name}: {accuracy:?}, {} constraints", circuit.constraints().constraints());
        assert_eq!((accuracy.right, accuracy.agree), (Some(stated), agree), "{name}");
        assert_eq!(circuit.constraints().constraints(), constraints, "{name}");
    }
}

/// The published shape, trained on real images. The figures for all 2,000 images that were kept back are in docs/zkml.md.
#[test]
fn lenet_loses_nothing_by_quantisation() {
    let data = |name: &str| Dataset::from_idx(&examples::file(name)).expect("images");
    let options = Options { scale: 1.0 / 255.0, offset: 0.0, classify: false };
    let float = examples::float("mnist-lenet").model;
    let quantised = quantise(&float, &data("mnist-train-images.idx"), &options, |_, _| {}).expect("it fits");
    let (images, labels) = (data("mnist-test-images.idx"), data("mnist-test-labels.idx"));
    let accuracy =
        measure(&float, &quantised.model, &options, &images, Some(&labels), |_| {}).expect("they fit");
    println!("mnist-lenet: {accuracy:?}");
    assert_eq!(accuracy.samples, 256);
    let right = accuracy.right.expect("there are labels");
    assert!(right[0] >= 248 && right[1] + 1 >= right[0] && accuracy.agree >= 254, "{accuracy:?}");
}

fn random(rng: &mut StdRng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn gemm(rng: &mut StdRng, inputs: usize, outputs: usize) -> FloatLayer {
    FloatLayer::Gemm(FloatGemm { weights: random(rng, inputs * outputs), bias: random(rng, outputs) })
}

fn conv(rng: &mut StdRng, channels: usize, filters: usize) -> FloatLayer {
    let (weights, bias) = (random(rng, filters * channels * 9), random(rng, filters));
    FloatLayer::Conv(FloatConv { weights, bias, kernel: [3, 3], stride: [1, 1], padding: [1; 4] })
}

fn data(rng: &mut StdRng, size: usize, count: usize) -> Dataset {
    Dataset::new(size, (0..size * count).map(|_| rng.random()).collect()).expect("whole samples")
}

/// The outputs in real units, next to the float model's, relative to the largest.
fn error(float: &FloatModel, data: &Dataset, options: &Options) -> f64 {
    let quantised = quantise(float, data, options, |_, _| {}).expect("it is quantised");
    let unit = quantised.output_unit.expect("outputs are numbers");
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    for sample in data.samples() {
        let integers = reference::run(&quantised.model, sample).expect("it fits");
        for (integer, float) in integers.iter().zip(float.run(&options.values(sample))) {
            worst = worst.max((*integer as f64 * unit - f64::from(float)).abs());
            largest = largest.max(f64::from(float).abs());
        }
    }
    worst / largest
}

#[test]
fn integer_outputs_stand_for_the_float_ones() {
    let pool = Pool { window: [2, 2], stride: [2, 2] };
    for seed in 0..6 {
        println!("seed {seed}");
        let rng = &mut StdRng::seed_from_u64(seed);
        let image = Shape::image(2, 8, 8);
        let models = [
            (Shape::vector(20), vec![gemm(rng, 20, 5)]),
            (Shape::vector(20), vec![gemm(rng, 20, 16), FloatLayer::Relu, gemm(rng, 16, 4)]),
            (image, vec![conv(rng, 2, 4), FloatLayer::Relu, FloatLayer::MaxPool(pool), gemm(rng, 64, 3)]),
            (image, vec![conv(rng, 2, 4), FloatLayer::Relu, FloatLayer::AveragePool(pool), gemm(rng, 64, 3)]),
            (image, vec![conv(rng, 2, 4), FloatLayer::AveragePool(pool), FloatLayer::Relu, gemm(rng, 64, 3)]),
            (
                image,
                vec![FloatLayer::AveragePool(pool), FloatLayer::Relu, gemm(rng, 32, 3), FloatLayer::Relu],
            ),
        ];
        for (at, (shape, layers)) in models.into_iter().enumerate() {
            let model = FloatModel::new(shape, layers).expect("it fits");
            let error = error(&model, &data(rng, shape.len(), 40), &Options::default());
            assert!(error < 0.04, "model {at}: off by {error} of the largest output");
        }
    }
}

#[test]
fn an_offset_of_the_input_goes_into_the_first_bias() {
    let rng = &mut StdRng::seed_from_u64(1);
    let options = Options { scale: 0.02, offset: -1.5, classify: false };
    let model = FloatModel::new(Shape::vector(20), vec![gemm(rng, 20, 5)]).expect("it fits");
    assert!(error(&model, &data(rng, 20, 40), &options) < 0.02);
    let padded = FloatModel::new(Shape::image(1, 4, 4), vec![conv(rng, 1, 2)]).expect("it fits");
    let refused = quantise(&padded, &data(rng, 16, 4), &options, |_, _| {});
    assert_eq!(refused, Err(QuantiseError::Offset));
}

#[test]
fn relus_move_behind_max_pools_and_classes_are_put_out_on_request() {
    let options = Options { classify: true, ..OPTIONS };
    let quantised = examples::quantised("digits-cnn", &options);
    let names: Vec<_> = quantised.model.layers().iter().map(Layer::name).collect();
    let block = ["Conv", "MaxPool", "Requantise"];
    let expected = [&block[..], &block, &["Gemm", "Requantise", "Gemm", "ArgMax"]].concat();
    assert_eq!(names, expected);
    assert_eq!((quantised.output_unit, quantised.model.output_bytes()), (None, 1));
}

#[test]
fn the_same_data_yield_the_same_file() {
    let first = examples::quantised("digits-mlp", &OPTIONS).model;
    assert_eq!(first.digest(), examples::quantised("digits-mlp", &OPTIONS).model.digest());
}

#[test]
fn what_cannot_be_quantised_is_refused() {
    let rng = &mut StdRng::seed_from_u64(2);
    let samples = data(rng, 4, 3);
    let with =
        |layer: FloatGemm| FloatModel::new(Shape::vector(4), vec![FloatLayer::Gemm(layer)]).expect("it fits");
    let plain = with(FloatGemm { weights: vec![1.0; 4], bias: vec![0.0] });
    let run = |model: &FloatModel, options| quantise(model, &samples, &options, |_, _| {});
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let refused = run(&plain, Options { scale, ..Options::default() });
        assert!(matches!(refused, Err(QuantiseError::Input { .. })), "{refused:?}");
    }
    let huge = with(FloatGemm { weights: vec![3e38; 4], bias: vec![0.0] });
    let refused = run(&huge, Options { scale: 100.0, ..Options::default() });
    assert!(matches!(refused, Err(QuantiseError::NotFinite { layer: 0, .. })), "{refused:?}");
    let biased = with(FloatGemm { weights: vec![1e-9; 4], bias: vec![1e9] });
    assert!(matches!(run(&biased, Options::default()), Err(QuantiseError::Bias { layer: 0, .. })));
    let denormal = with(FloatGemm { weights: vec![1e-45; 4], bias: vec![1.0] });
    assert!(matches!(
        run(&denormal, Options { scale: 1e-30, ..Options::default() }),
        Err(QuantiseError::Bias { .. })
    ));
    let others = quantise(&plain, &data(rng, 5, 3), &Options::default(), |_, _| {});
    assert_eq!(others, Err(QuantiseError::Data(DatasetError::Size { found: 5, expected: 4 })));

    // Sums of sums without a ReLU leave 32 bits.
    let ones = || FloatLayer::Gemm(FloatGemm { weights: vec![1.0; 16], bias: vec![0.0; 4] });
    let layers = (0..4).map(|_| ones()).collect();
    let deep = FloatModel::new(Shape::vector(4), layers).expect("it fits");
    let refused = run(&deep, Options::default());
    assert!(matches!(refused, Err(QuantiseError::Model(ModelError::Overflow { .. }))), "{refused:?}");
}

#[test]
fn data_that_are_no_idx_file_of_bytes_are_refused() {
    let idx = |rank: u8, dims: &[u32], count: usize| {
        let dims: Vec<u8> = dims.iter().flat_map(|dim| dim.to_be_bytes()).collect();
        [vec![0, 0, 8, rank], dims, vec![1; count]].concat()
    };
    assert_eq!(Dataset::from_idx(&idx(3, &[2, 3, 3], 18)).expect("it is one").size(), 9);
    for broken in [
        vec![],
        idx(3, &[2, 3, 3], 17),
        idx(3, &[2, 3, 3], 19),
        idx(3, &[u32::MAX, u32::MAX, u32::MAX], 1),
        idx(4, &[0, u32::MAX, u32::MAX, u32::MAX], 0),
        idx(2, &[0, 4], 0),
        idx(2, &[4, 0], 0),
        idx(9, &[1], 1),
        vec![0, 0, 0x0d, 1, 0, 0, 0, 1, 0, 0, 0, 0],
    ] {
        assert!(matches!(Dataset::from_idx(&broken), Err(DatasetError::Format { .. })), "{broken:?}");
    }
    let images = Dataset::new(4, vec![0; 8]).expect("two samples");
    let labels = Dataset::new(1, vec![0; 3]).expect("three labels");
    assert_eq!(labels.labels(&images), Err(DatasetError::Labels { labels: 3, samples: 2 }));
}
