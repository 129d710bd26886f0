//! The models that the role serves, checked against the registry.

use std::collections::HashMap;

use alloy::primitives::B256;
use opg_chain::bindings::ModelSpec;
use opg_engine::{Engine, ModelManifest, Task};
use opg_receipts::MODE_OPERATOR_SIGNED;

use super::{Coefficients, RoleConfig, ServedModel, pace::Pace};
use crate::{Ledger, ServiceError};

/// A model as it is served here.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) engine_model: String,
    pub(super) task: Task,
    pub(super) coefficients: Coefficients,
    pub(super) max_output_tokens: u32,
    pub(super) default_output_tokens: u32,
    /// Bit set of the verification modes that the version offers.
    modes: u8,
    pub(super) pace: Pace,
}

impl Model {
    /// Whether this keeper can answer in `mode`: the version offers it and an operator's signature is enough for it.
    pub(super) fn serves_mode(&self, mode: u8) -> bool {
        mode == MODE_OPERATOR_SIGNED && self.modes & 1 == 1
    }
}

/// How a local model differs from the registered version that it is to serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model {engine_model:?} cannot serve version {version}: {reason}")]
pub struct ModelMismatch {
    /// The registered version.
    pub version: B256,
    /// The engine's name for the local files.
    pub engine_model: String,
    /// What differs, and the remedy.
    pub reason: String,
}

/// Reads the specification of each served version and compares it with the engine's files.
pub(super) async fn prepare(
    config: &RoleConfig,
    ledger: &dyn Ledger,
    engine: &dyn Engine,
) -> Result<HashMap<B256, Model>, ServiceError> {
    let mut models = HashMap::new();
    for served in &config.models {
        let spec = ledger.model_spec(served.version).await?;
        let model = match_model(served, &spec, engine, config.assumed_rates)
            .map_err(|reason| mismatch(served, reason))?;
        models.insert(served.version, model);
    }
    Ok(models)
}

fn mismatch(served: &ServedModel, reason: String) -> ServiceError {
    let mismatch =
        ModelMismatch { version: served.version, engine_model: served.engine_model.clone(), reason };
    ServiceError::Fatal(mismatch.to_string())
}

fn match_model(
    served: &ServedModel,
    spec: &ModelSpec,
    engine: &dyn Engine,
    assumed_rates: (f64, f64),
) -> Result<Model, String> {
    let manifest = engine
        .models()
        .iter()
        .find(|manifest| manifest.name == served.engine_model)
        .ok_or("the engine has no model of that name; add it with `opg model add`")?;
    let task = spec.task_name();
    if Task::parse_name(&task) != Some(manifest.task) {
        return Err(format!("its task is {}, but the version's is {task:?}", manifest.task));
    }
    check_digests(manifest, spec)?;
    if spec.modes & 1 == 0 {
        return Err("the version does not offer mode 0, the only one that this keeper serves".to_owned());
    }
    Ok(Model {
        engine_model: served.engine_model.clone(),
        task: manifest.task,
        coefficients: spec.into(),
        max_output_tokens: manifest.limits.max_output_tokens,
        default_output_tokens: manifest.limits.default_output_tokens,
        modes: spec.modes,
        pace: Pace::assumed(assumed_rates),
    })
}

/// The engine checks its files against the manifest's digests, so it is enough that these are the registered ones.
fn check_digests(manifest: &ModelManifest, spec: &ModelSpec) -> Result<(), String> {
    let pairs = [
        ("weights", Some(manifest.weights_digest), spec.weightsDigest),
        ("tokenizer", manifest.tokenizer_digest, spec.tokenizerDigest),
        ("config", manifest.config_digest, spec.configDigest),
    ];
    for (file, ours, registered) in pairs {
        let ours = ours.map_or(B256::ZERO, B256::from);
        if ours != registered {
            return Err(format!(
                "the sha256 of its {file} is {ours}, but the registry says {registered}; fetch the registered file"
            ));
        }
    }
    Ok(())
}
