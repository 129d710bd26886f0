//! `tensor/1`: integer models.

use std::path::Path;

use opg_engine::local::{Accelerator, LocalModel, Unobserved};
use opg_engine::{EngineError, Input, InputError, Limits, ModelManifest, Output, Task, TensorInput, digest};
use opg_zkml::model::{Gemm, Layer, Shape};
use opg_zkml::{Circuit, Model};

fn model() -> Model {
    let gemm = |weights: Vec<i8>, bias: Vec<i32>| Layer::Gemm(Gemm { weights, bias });
    let hidden = gemm(vec![3, -1, -2, 4, 5, 1], vec![10, 0, -7]);
    let layers = vec![hidden, Layer::Requantise { shift: 2 }, gemm(vec![1, -2, 3, -4, 5, -6], vec![0, 9])];
    Model::new(Shape::vector(2), layers).unwrap()
}

fn manifest(folder: &Path, file: &[u8]) -> ModelManifest {
    let weights = folder.join("model.zkm");
    std::fs::write(&weights, file).unwrap();
    let weights_digest = digest::sha256_file(&weights).unwrap();
    ModelManifest {
        name: "integers".into(),
        task: Task::Tensor,
        weights,
        tokenizer: None,
        config: None,
        weights_digest,
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits::default(),
    }
}

fn ask(model: &LocalModel, bytes: &[u8]) -> Result<opg_engine::Completion, EngineError> {
    let input = Task::Tensor.decode_input(bytes).map_err(EngineError::from)?;
    assert_eq!(input.encode(), bytes, "the request is the bytes themselves");
    model.run(&input, &mut Unobserved)
}

#[test]
fn what_is_served_is_what_is_proved() {
    let folder = tempfile::tempdir().unwrap();
    let served = LocalModel::load(&manifest(folder.path(), &model().to_bytes()), Accelerator::Cpu).unwrap();
    let circuit = Circuit::compile(model()).unwrap();
    for input in [[0, 0], [255, 255], [200, 17], [1, 254]] {
        let answer = ask(&served, &input).unwrap();
        let proved = circuit.execute(&input).unwrap().output;
        assert_eq!(answer.output.encode(), proved);
        assert_eq!(Task::Tensor.decode_output(&proved), Ok(Output::Tensor(proved)));
        assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (2, 0));
    }
}

#[test]
fn inputs_of_another_length_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let served = LocalModel::load(&manifest(folder.path(), &model().to_bytes()), Accelerator::Cpu).unwrap();
    let error = ask(&served, &[1, 2, 3]).unwrap_err().to_string();
    assert!(error.contains("3 values where the model takes 2"), "{error}");
    assert!(matches!(ask(&served, &[]), Err(EngineError::Input(InputError::Field { .. }))));
    let chat = Input::Tensor(TensorInput { values: vec![1, 2] });
    assert_eq!(chat.task(), Task::parse_name("tensor/1").unwrap());
}

#[test]
fn files_that_are_no_integer_model_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = model().to_bytes();
    file.pop();
    let error = LocalModel::load(&manifest(folder.path(), &file), Accelerator::Cpu).unwrap_err().to_string();
    assert!(error.contains("model.zkm") && error.contains("opg model import"), "{error}");
    let mut other = manifest(folder.path(), &model().to_bytes());
    other.weights_digest[0] ^= 1;
    assert!(LocalModel::load(&other, Accelerator::Cpu).is_err(), "another digest than the registered one");
}
