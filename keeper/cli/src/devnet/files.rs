//! The models that the devnet serves.

use std::path::PathBuf;

use crate::{
    args::{DevnetArgs, DryRun, ModelAddArgs, ModelProofArgs, ModelUpstreamArgs},
    error::{CliError, CliResult, Code},
};

/// The demo models as `opg model add` takes them.
#[derive(Debug)]
pub(crate) struct Models {
    pub(crate) chat: ModelAddArgs,
    pub(crate) embedding: ModelAddArgs,
}

impl Models {
    /// Finds the files.
    pub(crate) fn locate(args: &DevnetArgs) -> CliResult<Self> {
        let folder = match &args.models {
            Some(folder) => folder.clone(),
            None => match std::env::var_os("OPG_CACHE") {
                Some(cache) => PathBuf::from(cache).join("models"),
                None => args.root.join(".cache/models"),
            },
        };
        let file = |name: &str| {
            let path = folder.join(name);
            if path.is_file() {
                return std::path::absolute(&path).map_err(|error| CliError::file(&path, &error));
            }
            Err(CliError::new(
                Code::ModelFile,
                path.display(),
                "is missing",
                "run script/fetch-models in the repository, or name another folder with --models",
            ))
        };
        let base = ModelAddArgs {
            name: "smollm2-135m-instruct".to_owned(),
            task: "chat/1".to_owned(),
            weights: file("smollm2-135m-instruct-q4_1.gguf")?,
            tokenizer: None,
            model_config: None,
            proof: ModelProofArgs::default(),
            upstream: ModelUpstreamArgs::default(),
            units_per_request: 100,
            units_per_input_token: 1,
            units_per_output_token: 4,
            royalty_bps: 500,
            licence: "Apache-2.0".to_owned(),
            uri: "https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct".to_owned(),
            registered: None,
            dry_run: DryRun { dry_run: false },
        };
        let embedding = ModelAddArgs {
            name: "all-minilm-l6-v2".to_owned(),
            task: "embedding/1".to_owned(),
            weights: file("all-minilm-l6-v2/model.safetensors")?,
            tokenizer: Some(file("all-minilm-l6-v2/tokenizer.json")?),
            model_config: Some(file("all-minilm-l6-v2/config.json")?),
            units_per_output_token: 0,
            uri: "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2".to_owned(),
            ..base.clone()
        };
        Ok(Self { chat: base, embedding })
    }
}
