//! The devnet's classifier of handwritten digits, whose answers are proved: imported, with a key for development.

use std::path::Path;

use opg_zkml::{
    Circuit, Model,
    dataset::Dataset,
    development_setup, evm, import,
    quantise::{Options, quantise},
};

use crate::{
    args::{DryRun, ModelAddArgs, ModelProofArgs, ModelUpstreamArgs},
    error::{CliError, CliResult, Code},
    files,
};

/// Where the example and its data are in the repository.
const EXAMPLES: &str = "keeper/zkml/models";
/// What the float model takes for a pixel of 1: they go from 0 to 16.
const SCALE: f32 = 0.0625;

/// An image that the classifier has not seen, and what it shows.
#[derive(Clone, Debug)]
pub(crate) struct Digit {
    pub(crate) pixels: Vec<u8>,
    pub(crate) label: u8,
}

/// The classifier as `opg model add` takes it, and an image to ask about.
#[derive(Debug)]
pub(super) struct Digits {
    pub(super) files: ModelAddArgs,
    pub(super) sample: Digit,
}

impl Digits {
    /// Makes model and keys from the example in the repository at `root`.
    pub(super) fn prepare(root: &Path, folder: &Path) -> CliResult<Self> {
        let examples = root.join(EXAMPLES);
        let data = |name: &str| {
            let path = examples.join(name);
            let bytes = std::fs::read(&path).map_err(|error| CliError::file(&path, &error))?;
            Dataset::from_idx(&bytes).map_err(|error| fault(&path, error))
        };
        let model = integer_model(&examples.join("digits-cnn.onnx"), &data("digits-train-images.idx")?)?;
        let (images, labels) = (data("digits-test-images.idx")?, data("digits-test-labels.idx")?);
        let sample = match (images.samples().next(), labels.samples().next()) {
            (Some(pixels), Some([label])) => Digit { pixels: pixels.to_vec(), label: *label },
            _ => return Err(fault(&examples, "its data hold no sample")),
        };

        let place = |ending: &str| folder.join(format!("digits.{ending}"));
        files::write_new(&place("zkm"), &model.to_bytes())?;
        let circuit = Circuit::compile(model).map_err(|error| fault(&examples, error))?;
        let key = development_setup(&circuit, &mut rand::rng()).map_err(|error| fault(&examples, error))?;
        let mut bytes = Vec::new();
        key.write(&mut bytes).map_err(|error| fault(&examples, error))?;
        files::write_new(&place("pk"), &bytes)?;
        files::write_new(&place("vk"), &evm::encode_key(key.verifying_key()))?;
        let files = ModelAddArgs {
            name: "digits".to_owned(),
            task: "tensor/1".to_owned(),
            weights: place("zkm"),
            tokenizer: None,
            model_config: None,
            proof: ModelProofArgs {
                proving_key: Some(place("pk")),
                verifying_key: Some(place("vk")),
                transcript: None,
            },
            upstream: ModelUpstreamArgs::default(),
            units_per_request: 100,
            units_per_input_token: 1,
            units_per_output_token: 0,
            royalty_bps: 500,
            licence: "Apache-2.0".to_owned(),
            uri: "https://archive.ics.uci.edu/dataset/80".to_owned(),
            registered: None,
            dry_run: DryRun { dry_run: false },
        };
        Ok(Self { files, sample })
    }
}

fn integer_model(onnx: &Path, calibration: &Dataset) -> CliResult<Model> {
    let bytes = std::fs::read(onnx).map_err(|error| CliError::file(onnx, &error))?;
    let imported = import::read(&bytes).map_err(|error| fault(onnx, error))?;
    let options = Options { scale: SCALE, offset: 0.0, classify: true };
    quantise(&imported.model, calibration, &options, |_, _| {})
        .map(|quantised| quantised.model)
        .map_err(|error| fault(onnx, error))
}

fn fault(path: &Path, reason: impl std::fmt::Display) -> CliError {
    CliError::new(Code::Devnet, path.display(), reason, "compare keeper/zkml/models with the repository's")
}
