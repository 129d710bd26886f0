//! Addresses that tell something and run nothing.

use alloy::primitives::B256;
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use opg_chain::journal;
use opg_engine::Task;
use opg_receipts::MODE_OPERATOR_SIGNED;
use opg_store::{StoreError, batches, channels, fees, http};
use serde_json::{Value, json};

use super::batches::{expired_receipt, place};
use crate::{
    ApiError, api::infer, channel_metrics, context::Context, fee_metrics, metrics, pay::quote,
    receipt::Extension,
};

/// A JSON answer.
pub(crate) fn json(value: &Value) -> Response<Body> {
    json_text(value.to_string())
}

/// An answer of JSON that is written already.
pub(crate) fn json_text(json: String) -> Response<Body> {
    text("application/json", json)
}

fn text(kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// `/healthz`: the process answers.
pub(super) fn health() -> Response<Body> {
    json(&json!({ "status": "ok" }))
}

/// `/readyz`: whether requests would be answered, and if not, why.
pub(super) fn ready(context: &Context) -> Response<Body> {
    let mut reasons = Vec::new();
    if context.draining.is_cancelled() {
        reasons.push("the node is shutting down".to_owned());
    }
    if !context.engine.capacity().ready {
        reasons.push("the model's process is not up".to_owned());
    }
    reasons.extend(context.standing.reason());
    reasons.extend(context.storage.reason());
    match context.store.read(|tx| journal::alert(tx, context.signer.address())) {
        Ok(Some((alert, _))) if context.token.is_some() => reasons.push(format!("payments: {alert}")),
        Ok(_) => {}
        Err::<_, StoreError>(error) => reasons.push(format!("storage: {error}")),
    }
    let mut response = json(&json!({ "ready": reasons.is_empty(), "reasons": reasons }));
    if !reasons.is_empty() {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

/// `/metrics`: counts for Prometheus.
pub(super) fn metrics(context: &Context) -> Response<Body> {
    let (running, waiting) = context.schedule.load();
    let mut all = context.metrics.render(running, waiting);
    // Counts of a database that cannot be read are left out rather than guessed.
    if let Ok(summary) = context.store.read(batches::summary) {
        metrics::render_batches(&summary, context.batches.as_deref(), &mut all);
    }
    if let Ok(ledger) = context.store.read(channels::ledger) {
        channel_metrics::render(&ledger, context.claims.as_deref(), &mut all);
    }
    if let Ok(report) = context.store.read(|tx| fees::report(tx, context.config.operator)) {
        fee_metrics::render(report.as_ref(), context.fees.as_deref(), &mut all);
    }
    text("text/plain; version=0.0.4", all)
}

/// `/v1/models`
pub(super) fn models(context: &Context) -> Response<Body> {
    json(&context.models.list(&context.config.operator.to_string(), quote::unit_price(context)))
}

/// `/v1/models/{model}`
pub(super) fn model(context: &Context, name: &str) -> Result<Response<Body>, ApiError> {
    let operator = context.config.operator.to_string();
    Ok(json(&context.models.one(name, &operator, quote::unit_price(context))?))
}

/// `/v2`: what serves the Open Inference Protocol.
pub(super) fn server() -> Response<Body> {
    json(&json!({ "name": "opg", "version": env!("CARGO_PKG_VERSION"), "extensions": [] }))
}

/// `/v2/models/{model}`: the tensors of an integer model. How long its input is, is the model's to say.
pub(super) fn tensors(context: &Context, name: &str) -> Result<Response<Body>, ApiError> {
    let model = context.models.find(name)?;
    model.needs(Task::Tensor)?;
    let tensor = |name: &str| json!([{ "name": name, "datatype": infer::TYPE, "shape": [-1] }]);
    Ok(json(&json!({
        "name": model.name,
        "versions": [model.version],
        "platform": Task::Tensor.to_string(),
        "inputs": tensor(infer::INPUT),
        "outputs": tensor(infer::OUTPUT),
    })))
}

/// `/v2/models/{model}/ready`
pub(super) fn model_ready(context: &Context, name: &str) -> Result<Response<Body>, ApiError> {
    let model = context.models.find(name)?;
    let mut response = ready(context);
    let status = response.status();
    if status.is_success() {
        response = json(&json!({ "name": model.name, "ready": true }));
    }
    Ok(response)
}

/// `/v1/receipts/{requestId}`: the receipt of an answer that was paid. The answer itself stays between its parties.
pub(super) fn receipt(context: &Context, id: &str) -> Result<Response<Body>, ApiError> {
    let id: B256 = id.parse().map_err(|_| {
        ApiError::invalid("requestId", "invalid_value", "a request id is 0x and 64 hexadecimal digits")
    })?;
    if let Some(expired) = expired_receipt(context, id)? {
        return Ok(expired);
    }
    let answer = context.store.read(|tx| http::released(tx, id))?.ok_or_else(|| {
        let message = "there is no receipt for this request: it was never answered here, or never paid";
        ApiError::not_found("receipt_not_found", message)
    })?;
    let mut value =
        serde_json::to_value(Extension::of(context, &answer.signed)).map_err(ApiError::internal)?;
    value["usage"] = json!({
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
    });
    let found = context.store.read(|tx| batches::place_of(tx, id))?;
    value["batch"] = match &found {
        Some(found) => place(context, found)?,
        None => Value::Null,
    };
    // No enclave signs receipts yet.
    value["attestation"] = Value::Null;
    Ok(json(&value))
}

/// `/v1/attestation`: what this node can attest about itself. No enclave runs here, so nobody but the operator vouches for it;
/// the key can be compared with the one that the chain has for the operator.
pub(super) fn attestation(context: &Context) -> Response<Body> {
    json(&json!({
        "mode": MODE_OPERATOR_SIGNED,
        "enclave": null,
        "operator": context.config.operator,
        "signer": context.signer.address(),
        "chainId": context.config.chain_id,
        "proofRegistry": context.config.proof_registry,
        "tlsKeyHash": context.tls_key_hash,
    }))
}
