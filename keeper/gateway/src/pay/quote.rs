//! What a request costs, and how that is told.

use axum::{
    body::Body,
    http::{HeaderValue, Response},
    response::IntoResponse,
};
use opg_chain::x402::{self, EXACT, Required, Requirements, Resource, VERSION};
use serde_json::{Map, Value, json};

use super::channels::{self, code};
use crate::{ApiError, api::Prepared, config::Payments, context::Context};

/// OPG wei asked per compute unit.
pub(crate) fn unit_price(context: &Context) -> u128 {
    context.unit_price.asked(context.config.unit_price)
}

/// The flat price in OPG wei: the whole output that may be asked for, and the input as its length lets expect.
pub(crate) fn price(context: &Context, prepared: &Prepared) -> u128 {
    let model = &prepared.model;
    let input = model.assumed_input(prepared.text_bytes, prepared.messages, prepared.inputs.len());
    let output = u32::try_from(prepared.inputs.len()).unwrap_or(u32::MAX).saturating_mul(prepared.max_output);
    model.coefficients.fee(input, output, unit_price(context), u128::MAX)
}

/// The ways to pay for `prepared`, the flat price first; none where nobody pays.
pub(crate) fn offers(context: &Context, prepared: &Prepared) -> Vec<Requirements> {
    let receiver = prepared.model.pay_to;
    let by_voucher = channels::offer::requirements(context, receiver, price(context, prepared));
    exact(context, prepared).into_iter().chain(by_voucher).collect()
}

/// What has to be paid for `prepared` at a flat price; `None` where nobody pays.
pub(crate) fn exact(context: &Context, prepared: &Prepared) -> Option<Requirements> {
    let Payments::X402 { asset, max_timeout, .. } = context.config.payments else { return None };
    let token = context.token.as_ref()?;
    let mut extra = Map::new();
    extra.insert("name".to_owned(), json!(token.name));
    extra.insert("version".to_owned(), json!(token.version));
    Some(Requirements {
        scheme: EXACT.to_owned(),
        network: network(context),
        asset,
        amount: price(context, prepared).to_string(),
        pay_to: prepared.model.pay_to,
        max_timeout_seconds: max_timeout,
        extra,
    })
}

/// The chain by its name in x402.
pub(crate) fn network(context: &Context) -> String {
    x402::network(context.config.chain_id)
}

/// The answer to a request that is not, or not properly, paid: the reason and what would be a proper payment.
pub(crate) fn ask(url: String, model: &str, offers: Vec<Requirements>, error: &ApiError) -> Response<Body> {
    let by_name = error.code().starts_with(code::PREFIX);
    let required = Required {
        x402_version: VERSION,
        error: Some(if by_name { error.code() } else { error.message() }.to_owned()),
        resource: Resource {
            url,
            description: format!("inference by model {model}"),
            mime_type: "application/json".to_owned(),
        },
        accepts: offers,
    };
    let mut body = error.to_json();
    body["x402"] = serde_json::to_value(&required).unwrap_or(Value::Null);
    let mut response = error.clone().into_response();
    *response.body_mut() = Body::from(body.to_string());
    if let Ok(value) = HeaderValue::from_str(&x402::encode(&required)) {
        response.headers_mut().insert(x402::REQUIRED, value);
    }
    response
}
