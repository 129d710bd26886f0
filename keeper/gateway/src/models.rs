//! The models that the gateway serves, checked against the registry.

use std::{collections::BTreeMap, sync::Arc};

use opg_chain::x402;
use opg_engine::{Engine, Task};
use opg_node::{ServiceError, is_forwarded};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    ApiError,
    config::{GatewayConfig, Payments},
    ledger::GatewayLedger,
    model::Model,
};

/// Models by the name that requests use.
#[derive(Debug)]
pub(crate) struct Models(BTreeMap<String, Arc<Model>>);

impl Models {
    /// Joins what is configured with what the engine has and the registry says.
    pub(crate) async fn open(
        config: &GatewayConfig,
        engine: &dyn Engine,
        ledger: &dyn GatewayLedger,
    ) -> Result<Self, ServiceError> {
        let vaults = match config.payments {
            Payments::X402 { fee_router: Some(router), .. } => {
                Some((router, ledger.vault_code_hash(router).await?))
            }
            _ => None,
        };
        let mut models = BTreeMap::new();
        for served in &config.models {
            let fault = |reason: &str| {
                ServiceError::Fatal(format!("model {:?} cannot be served: {reason}", served.name))
            };
            let spec = ledger.model_spec(served.version).await?;
            let manifest =
                engine.models().iter().find(|manifest| manifest.name == served.name).ok_or_else(|| {
                    fault("the engine has no model of that name; add it with `opg model add`")
                })?;
            if Task::parse_name(&spec.task_name()) != Some(manifest.task) {
                return Err(fault(&format!(
                    "its task is {}, but the version's is {:?}",
                    manifest.task,
                    spec.task_name()
                )));
            }
            if manifest.weights_digest != spec.weightsDigest {
                return Err(fault("its weights are not the registered ones; fetch the registered file"));
            }
            if spec.modes & 1 == 0 {
                return Err(fault("the version does not offer operator-signed answers"));
            }
            let model = Model {
                name: served.name.clone(),
                version: served.version,
                pay_to: match vaults {
                    Some((router, code_hash)) => {
                        x402::vault(router, code_hash, config.operator, served.version)
                    }
                    None => config.operator,
                },
                task: manifest.task,
                coefficients: (&spec).into(),
                max_input_tokens: manifest.limits.max_input_tokens,
                max_output_tokens: manifest.limits.max_output_tokens,
                default_output_tokens: manifest.limits.default_output_tokens,
                forwarded: is_forwarded(&spec),
                tools: OnceCell::new(),
            };
            models.insert(served.name.clone(), Arc::new(model));
        }
        Ok(Self(models))
    }

    /// The model of that name, which may also be its version.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Model>, ApiError> {
        let by_version = || self.0.values().find(|model| model.version.to_string() == name);
        self.0.get(name).or_else(by_version).cloned().ok_or_else(|| {
            let known: Vec<_> = self.0.keys().map(String::as_str).collect();
            let message = format!("there is no model `{name}` here; there are {}", known.join(", "));
            ApiError::not_found("model_not_found", message)
        })
    }

    /// What `/v1/models` answers.
    pub(crate) fn list(&self, operator: &str, unit_price: u128) -> Value {
        let data: Vec<_> = self.0.values().map(|model| describe(model, operator, unit_price)).collect();
        json!({ "object": "list", "data": data })
    }

    /// What `/v1/models/{model}` answers.
    pub(crate) fn one(&self, name: &str, operator: &str, unit_price: u128) -> Result<Value, ApiError> {
        self.find(name).map(|model| describe(&model, operator, unit_price))
    }

    /// Names of all.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn describe(model: &Model, operator: &str, unit_price: u128) -> Value {
    json!({
        "id": model.name,
        "object": "model",
        "created": 0,
        "owned_by": operator,
        "opg": {
            "modelVersion": model.version,
            "task": model.task.name(),
            "forwarded": model.forwarded,
            "unitsPerRequest": model.coefficients.per_request.to_string(),
            "unitsPerInputToken": model.coefficients.per_input_token.to_string(),
            "unitsPerOutputToken": model.coefficients.per_output_token.to_string(),
            "unitPrice": unit_price.to_string(),
            "maxInputTokens": model.max_input_tokens,
            "maxOutputTokens": model.max_output_tokens,
            "defaultOutputTokens": model.default_output_tokens,
        },
    })
}
