//! The model file, and models that are refused.

use opg_zkml::model::{Conv, Gemm, Layer, MAX_TENSOR, Pool, Shape};
use opg_zkml::{Model, ModelError, reference};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::support::random_model;

fn gemm(inputs: usize, outputs: usize, weight: i8) -> Layer {
    Layer::Gemm(Gemm { weights: vec![weight; inputs * outputs], bias: vec![0; outputs] })
}

#[test]
fn a_model_file_yields_the_model_and_its_digest() {
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..50 {
        let model = random_model(&mut rng);
        let read = Model::from_bytes(&model.to_bytes()).expect("its own file");
        assert_eq!(read, model);
        assert_eq!(read.digest(), model.digest());
    }
}

#[test]
fn every_file_that_is_read_is_the_one_encoding_of_its_model() {
    let file = random_model(&mut StdRng::seed_from_u64(4)).to_bytes();
    for length in 0..file.len() {
        assert!(Model::from_bytes(&file[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(Model::from_bytes(&[file.as_slice(), &[0]].concat()).is_err(), "one byte longer");
    for at in 0..file.len() {
        let mut other = file.clone();
        other[at] ^= 1;
        if let Ok(model) = Model::from_bytes(&other) {
            assert_eq!(model.to_bytes(), other, "byte {at}");
        }
    }
}

#[test]
fn a_model_that_could_overflow_is_refused() {
    // 70,000 · 127 · 255 = 2,266,950,000: beyond 32 bits for an input of white pixels only.
    let error = Model::new(Shape::vector(70_000), vec![gemm(70_000, 1, 127)]).expect_err("it overflows");
    assert_eq!(error, ModelError::Overflow { layer: 0, name: "Gemm", value: 2_266_950_000 });
    Model::new(Shape::vector(60_000), vec![gemm(60_000, 1, 127)]).expect("it does not");
}

#[test]
fn shapes_that_do_not_fit_are_refused_with_the_layer() {
    let window = Layer::MaxPool(Pool { window: [3, 3], stride: [1, 1] });
    let wide = Layer::Conv(Conv {
        weights: vec![1],
        bias: vec![0],
        kernel: [1, 1],
        stride: [1, 1],
        padding: [1, 0, 0, 0],
    });
    let shape = Shape::image(1, 2, 2);
    let cases = [
        (shape, vec![], "0 layers"),
        (Shape::image(0, 2, 2), vec![window.clone()], "the input"),
        (Shape::image(usize::MAX, 2, 2), vec![window.clone()], "the input"),
        (Shape::vector(MAX_TENSOR + 1), vec![Layer::ArgMax], "the input"),
        (shape, vec![window], "layer 0 (MaxPool)"),
        (shape, vec![wide], "layer 0 (Conv)"),
        (shape, vec![gemm(4, 2, 1), gemm(3, 2, 1)], "layer 1 (Gemm) has 6 weights"),
        (shape, vec![gemm(4, 0, 1)], "output of layer 0"),
        (shape, vec![Layer::Requantise { shift: 25 }], "2^25"),
        (Shape::vector(257), vec![Layer::ArgMax], "257"),
    ];
    for (shape, layers, expected) in cases {
        let error = Model::new(shape, layers).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn halves_round_up_and_values_saturate() {
    for (value, shift, expected) in [
        (5, 1, 3),
        (-1, 1, 0),
        (-3, 1, 0),
        (7, 3, 1),
        (4, 3, 1),
        (3, 3, 0),
        (511, 1, 255),
        (300, 0, 255),
        (-7, 0, 0),
    ] {
        assert_eq!(reference::requantise(value, shift), expected, "{value} by 2^{shift}");
    }
}

#[test]
fn an_input_of_another_length_is_refused() {
    let model = Model::new(Shape::vector(4), vec![gemm(4, 2, 1)]).expect("it fits");
    let error = reference::run(&model, &[0; 5]).expect_err("five bytes").to_string();
    assert!(error.contains("5 bytes where the model takes 4"), "{error}");
}

#[test]
fn an_argmax_prefers_the_first_of_equals() {
    assert_eq!(reference::argmax(&[3, 7, 7, 1]), 1);
}
