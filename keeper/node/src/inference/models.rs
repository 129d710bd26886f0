//! The models that the role serves, checked against the registry.

use std::collections::HashMap;

use alloy::primitives::{B256, Bytes};
use opg_chain::bindings::ModelSpec;
use opg_engine::{Engine, ModelManifest, Task};
use opg_receipts::{MODE_OPERATOR_SIGNED, MODE_ZERO_KNOWLEDGE};
use opg_zkml::VerifyingKey;

use super::{Coefficients, RoleConfig, ServedModel, pace::Pace};
use crate::{Ledger, ServiceError, proving::ProvingFiles};

/// A model as it is served here.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) engine_model: String,
    pub(super) task: Task,
    pub(super) coefficients: Coefficients,
    pub(super) max_output_tokens: u32,
    pub(super) default_output_tokens: u32,
    /// What its answers are proved with, where requests may ask for a proof.
    pub(super) provable: Option<Provable>,
    /// Bit set of the verification modes that the version offers.
    modes: u8,
    pub(super) pace: Pace,
}

/// What the answers of a model are proved with.
#[derive(Debug)]
pub(super) struct Provable {
    pub(super) files: ProvingFiles,
    /// The registered key, which the proving key belongs to.
    pub(super) key: VerifyingKey,
}

impl Model {
    /// Whether this keeper can answer in `mode`: the version offers it, and an operator's signature is enough for it or
    /// there is a proving key.
    pub(super) fn serves_mode(&self, mode: u8) -> bool {
        match mode {
            MODE_OPERATOR_SIGNED => offers(self.modes, mode),
            MODE_ZERO_KNOWLEDGE => offers(self.modes, mode) && self.provable.is_some(),
            _ => false,
        }
    }
}

/// Whether a version offers a mode.
fn offers(modes: u8, mode: u8) -> bool {
    modes >> mode & 1 == 1
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
        let mut model = match_model(served, &spec, engine, config.assumed_rates)
            .map_err(|reason| mismatch(served, reason))?;
        model.provable = provable(served, &spec, ledger).await?;
        models.insert(served.version, model);
    }
    Ok(models)
}

/// Compares the proving key of a model with the registered one.
async fn provable(
    served: &ServedModel,
    spec: &ModelSpec,
    ledger: &dyn Ledger,
) -> Result<Option<Provable>, ServiceError> {
    let Some(files) = served.proving.clone() else { return Ok(None) };
    if !offers(spec.modes, MODE_ZERO_KNOWLEDGE) {
        let reason = "it has a proving key here, but the version does not offer mode 2; remove `proving_key`";
        return Err(mismatch(served, reason.to_owned()));
    }
    let registered = ledger.zk_key(spec).await?;
    let checked = tokio::task::spawn_blocking(move || {
        files.check(registered.as_ref().map(Bytes::as_ref)).map(|key| (files, key))
    });
    match checked.await {
        Ok(Ok((files, key))) => Ok(Some(Provable { files, key })),
        Ok(Err(error)) => Err(mismatch(served, error.to_string())),
        Err(error) => Err(ServiceError::Recoverable(format!("the proving key was not read: {error}"))),
    }
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
    let can = offers(spec.modes, MODE_OPERATOR_SIGNED)
        || served.proving.is_some() && offers(spec.modes, MODE_ZERO_KNOWLEDGE);
    if !can {
        return Err("the version offers neither mode 0 nor, with a proving key here, mode 2".to_owned());
    }
    Ok(Model {
        engine_model: served.engine_model.clone(),
        task: manifest.task,
        coefficients: spec.into(),
        max_output_tokens: manifest.limits.max_output_tokens,
        default_output_tokens: manifest.limits.default_output_tokens,
        provable: None,
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
