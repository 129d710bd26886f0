//! What the importer and its float arithmetic make of ONNX files, against onnxruntime: see `training/vectors.py`.

use opg_zkml::import::{self, ImportError};
use serde_json::Value;

use crate::onnx::{floats, int, integers, ints, model, node};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../data/onnxruntime.json")).expect("the vectors are JSON")
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().expect("an array").iter().map(|x| x.as_f64().expect("a number") as f32).collect()
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 2e-5 * expected.abs().max(1.0), "{what}: {found} and {expected}");
    }
}

#[test]
fn every_supported_form_computes_what_onnxruntime_does() {
    for form in vectors()["forms"].as_array().expect("forms") {
        let name = form["name"].as_str().expect("a name");
        let file =
            alloy_primitives::hex::decode(form["model"].as_str().expect("hexadecimal")).expect("hexadecimal");
        let model = import::read(&file).unwrap_or_else(|error| panic!("{name}: {error}")).model;
        let pairs = form["inputs"]
            .as_array()
            .expect("inputs")
            .iter()
            .zip(form["outputs"].as_array().expect("outputs"));
        for (input, output) in pairs {
            assert_close(&model.run(&numbers(input)), &numbers(output), name);
        }
    }
}

#[test]
fn the_example_classifiers_compute_what_onnxruntime_does() {
    for file in vectors()["files"].as_array().expect("files") {
        let name = file["name"].as_str().expect("a name");
        let imported = crate::examples::float(name);
        assert_eq!(imported.notes.len(), 1, "the softmax is left out with a note: {:?}", imported.notes);
        let images = crate::examples::images("test");
        for (image, output) in images.samples().zip(file["outputs"].as_array().expect("outputs")) {
            let input: Vec<f32> = image.iter().map(|byte| f32::from(*byte) / 16.0).collect();
            assert_close(&imported.model.run(&input), &numbers(output), name);
        }
    }
}

fn refused(file: &[u8]) -> ImportError {
    import::read(file).expect_err("it is refused")
}

#[test]
fn an_unsupported_operator_is_named_with_its_node_and_what_is_supported() {
    let error = refused(&model(&[4], &[node("LSTM", &["x"], "y", &[])], &[]));
    let expected = ImportError::Operator { node: "`the LSTM`".into(), operator: "`LSTM`".into() };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("AveragePool"), "{error}");
}

/// What a file may ask for and does not get; nothing is taken for something else.
#[test]
fn what_would_change_the_meaning_is_refused_with_the_node() {
    let image = [2, 6, 6];
    let weights = [floats("w", &[3, 2, 3, 3], &[0.5; 54]), integers("s", &[1, 7])];
    let window = || ints("kernel_shape", &[2, 2]);
    let cases = [
        (node("Conv", &["x", "w"], "y", &[int("group", 2)]), "group is 2"),
        (node("Conv", &["x", "w"], "y", &[ints("dilations", &[2, 2])]), "dilations"),
        (node("Conv", &["x", "w"], "y", &[ints("pads", &[1, 1])]), "pads is not 4 numbers"),
        (node("Conv", &["x", "w"], "y", &[ints("pads", &[0, -1, 0, 0])]), "pads is not 4 numbers"),
        (node("Conv", &["x", "w"], "y", &[ints("pads", &[3, 0, 0, 0])]), "does not fit data"),
        (node("Conv", &["x", "w"], "y", &[ints("strides", &[0, 1])]), "does not fit data"),
        (node("Conv", &["x", "w"], "y", &[ints("kernel_shape", &[2, 2])]), "not that of the weights"),
        (node("Conv", &["x", "w"], "y", &[int("surprise", 1)]), "attribute `surprise`"),
        (node("Conv", &["x", "x"], "y", &[]), "used more than once"),
        (node("Conv", &["w", "x"], "y", &[]), "first input"),
        (node("MaxPool", &["x"], "y", &[]), "kernel_shape is missing"),
        (node("MaxPool", &["x"], "y", &[window(), int("ceil_mode", 1)]), "ceil_mode"),
        (node("AveragePool", &["x"], "y", &[window(), ints("pads", &[1, 1, 1, 1])]), "padding"),
        (node("MaxPool", &["x"], "y", &[ints("kernel_shape", &[7, 1])]), "does not fit data"),
        (node("Flatten", &["x"], "y", &[int("axis", 2)]), "axis is 2"),
        (node("Reshape", &["x", "s"], "y", &[]), "72 values"),
        (node("Gemm", &["x", "w"], "y", &[]), "flatten"),
        (node("Softmax", &["x"], "y", &[]), "row of numbers"),
        (node("ArgMax", &["x"], "y", &[int("axis", 1)]), "row of numbers"),
        (node("Dropout", &["x", "", "w"], "y", &[]), "training mode"),
    ];
    for (node, expected) in cases {
        let error = refused(&model(&image, &[node], &weights)).to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn only_an_argmax_may_follow_a_softmax() {
    let weights = [floats("w", &[4, 3], &[1.0; 12])];
    let nodes = |last: &str, attributes: &[crate::onnx::Message]| {
        [
            node("Gemm", &["x", "w"], "a", &[]),
            node("Softmax", &["a"], "b", &[]),
            node(last, &["b"], "y", attributes),
        ]
    };
    let kept =
        import::read(&model(&[4], &nodes("ArgMax", &[int("axis", 1)]), &weights)).expect("it is supported");
    assert_eq!(kept.model.layers().len(), 2);
    let error = refused(&model(&[4], &nodes("Relu", &[]), &weights)).to_string();
    assert!(error.contains("only an ArgMax may"), "{error}");
}
