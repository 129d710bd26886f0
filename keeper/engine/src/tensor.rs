//! `tensor/1`: an integer model of `opg-zkml`, run by the reference that a proof is about: what is served is what is proved.

use std::io::Read;
use std::time::Instant;

use opg_zkml::{Model, reference};

use crate::local::Observer;
use crate::{
    Completion, EngineError, FinishReason, Limits, ModelManifest, Output, Profile, TensorInput, Timings,
    Trace, Usage, digest,
};

/// An integer model.
#[derive(Debug)]
pub(crate) struct TensorModel {
    model: Model,
    limits: Limits,
    profile: Profile,
}

impl TensorModel {
    /// Verifies the file and reads the model from it.
    pub(crate) fn load(manifest: &ModelManifest) -> Result<Self, EngineError> {
        let refused = |reason: String| EngineError::model_file(&manifest.weights, reason);
        let mut bytes = Vec::new();
        digest::open_verified(&manifest.weights, &manifest.weights_digest)?
            .take(opg_zkml::import::MAX_FILE as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| refused(format!("cannot be read: {error}")))?;
        let model = Model::from_bytes(&bytes)
            .map_err(|error| refused(format!("not a model of `opg model import`: {error}")))?;
        let profile = Profile::tensor(manifest);
        Ok(Self { model, limits: manifest.limits, profile })
    }

    /// The input's values, which are charged as tokens, if they are as many as the model takes.
    pub(crate) fn prompt(&self, input: &TensorInput) -> Result<Vec<u32>, EngineError> {
        let (found, expected) = (input.values.len(), self.model.input().len());
        if found != expected {
            let reason = format!("{found} values where the model takes {expected}, one byte each");
            return Err(crate::InputError::field("values", reason).into());
        }
        let limit = self.limits.max_input_tokens as usize;
        if found > limit {
            return Err(EngineError::InputTooLong { tokens: found, limit });
        }
        Ok(input.values.iter().copied().map(u32::from).collect())
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Runs the model.
    pub(crate) fn run(
        &self,
        input: &TensorInput,
        observer: &mut dyn Observer,
    ) -> Result<Completion, EngineError> {
        let started = Instant::now();
        let tokens = self.prompt(input)?;
        if observer.cancelled() {
            return Err(EngineError::Cancelled);
        }
        let values = reference::run(&self.model, &input.values)
            .map_err(|error| EngineError::Inference { reason: error.to_string() })?;
        Ok(Completion {
            output: Output::Tensor(reference::encode_output(&self.model, &values)),
            usage: Usage { input_tokens: tokens.len() as u32, output_tokens: 0 },
            trace: Trace {
                engine: engine(),
                profile: digest::hex(&self.profile.digest()),
                input_tokens: tokens,
                output_tokens: Vec::new(),
                sampling: None,
                constraint: None,
                checkpoints: Vec::new(),
            },
            finish_reason: FinishReason::Stop,
            timings: Timings { prefill: started.elapsed(), ..Timings::default() },
        })
    }
}

/// Integers are the same on every device.
fn engine() -> String {
    concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned()
}
