//! The addresses that run a model.

use std::{net::IpAddr, sync::Arc, sync::atomic::Ordering::Relaxed, time::Instant};

use alloy::primitives::{Address, B256};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header},
    response::IntoResponse,
};
use opg_chain::x402::{self, Requirements, Settled};
use opg_receipts::http_request_id;
use serde_json::value::{RawValue, to_raw_value};

use super::{handlers::json_text, sse};
use crate::{
    ApiError,
    api::{Endpoint, Envelope, Prepared, prepare},
    config::Payments,
    context::{Caller, Context},
    pay::{
        Fee, Means, Settlement,
        channels::told,
        means::{self, correct},
        quote,
    },
    receipt::{self, Extension, Terms},
    run::{self, Done, Event, Order},
};

/// Header with the receipt.
pub(crate) const RECEIPT: &str = "opg-receipt";
/// Header with the identifier of the request, where OpenAI's clients look for it.
const REQUEST_ID: &str = "x-request-id";

/// Answers a request to `endpoint`, whose path may name the model.
pub(super) async fn infer(
    context: Arc<Context>,
    endpoint: Endpoint,
    named: Option<String>,
    peer: IpAddr,
    request: Request<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let prepared = match accept(&context, (endpoint, named), peer, &head.headers, body).await {
        Ok(prepared) => Arc::new(prepared),
        Err(error) => return error.into_response(),
    };
    let payment = match context.config.payments {
        Payments::Free => None,
        Payments::X402 { .. } => match means::read(&context, &head.headers, &prepared).await {
            Ok(paid) => Some(paid),
            Err(error) => return unpaid(&context, &prepared, &head.headers, &error),
        },
    };
    let order = order(&context, Arc::clone(&prepared), payment, peer);
    let error = match answer(&context, order).await {
        Ok(response) => return response,
        Err(error) => error,
    };
    unpaid(&context, &prepared, &head.headers, &error)
}

/// An error; one about payment says what a proper payment is.
fn unpaid(context: &Context, prepared: &Prepared, headers: &HeaderMap, error: &ApiError) -> Response<Body> {
    let offers = || quote::offers(context, prepared);
    ask(context, (&prepared.path(), &prepared.model.name), offers, headers, error)
}

/// An error of the address `path`; one about payment offers how to pay for `model`.
pub(super) fn ask(
    context: &Context,
    (path, model): (&str, &str),
    offers: impl FnOnce() -> Vec<Requirements>,
    headers: &HeaderMap,
    error: &ApiError,
) -> Response<Body> {
    if error.status().as_u16() != 402 {
        return error.clone().into_response();
    }
    if headers.contains_key(x402::PAYMENT) {
        context.metrics.refused_payments.fetch_add(1, Relaxed);
        tracing::debug!(code = error.code(), message = error.message(), "a payment was refused");
    }
    let scheme = if context.config.tls.is_some() { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let mut offers = offers();
    correct(context, &mut offers, headers, error);
    quote::ask(format!("{scheme}://{host}{path}"), model, offers, error)
}

/// Reads the request as far as it does not cost anything.
pub(crate) async fn accept(
    context: &Context,
    (endpoint, named): (Endpoint, Option<String>),
    peer: IpAddr,
    headers: &HeaderMap,
    body: Body,
) -> Result<Prepared, ApiError> {
    if context.draining.is_cancelled() {
        let message = "the node is shutting down; ask another one, or this one later";
        return Err(ApiError::unavailable("shutting_down", message, std::time::Duration::from_secs(10)));
    }
    throttle(context, Caller::peer(peer))?;
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::body(
            "unsupported_encoding",
            "compressed bodies are not taken; send it as it is",
        ));
    }
    let body = read(context, body).await?;
    let prepared = prepare(endpoint, &body, context.config.bounds.depth, &context.models, named)?;
    if prepared.needs_tools {
        prepared.model.needs_tools(&*context.engine).await?;
    }
    Ok(prepared)
}

pub(crate) fn throttle(context: &Context, caller: Caller) -> Result<(), ApiError> {
    context.rates.take(caller, Instant::now()).map_err(|wait| {
        context.metrics.throttled.fetch_add(1, Relaxed);
        ApiError::too_many("rate_limit_exceeded", "you ask more often than this node allows", wait)
    })
}

/// The whole body, if it is short and quick enough.
async fn read(context: &Context, body: Body) -> Result<Bytes, ApiError> {
    let bounds = &context.config.bounds;
    match tokio::time::timeout(bounds.body_time, axum::body::to_bytes(body, bounds.body)).await {
        Ok(Ok(body)) => Ok(body),
        Err(_) => Err(ApiError::slow_body(bounds.body_time)),
        Ok(Err(error)) => {
            let error = error.into_inner();
            if error.is::<http_body_util::LengthLimitError>() {
                Err(ApiError::too_large(bounds.body))
            } else {
                Err(ApiError::body("body_incomplete", format!("the body did not arrive completely: {error}")))
            }
        }
    }
}

fn order(context: &Context, prepared: Arc<Prepared>, payment: Option<Means>, peer: IpAddr) -> Order {
    let (payer, nonce, fee, caller) = match &payment {
        Some(means) => (means.payer(), means.nonce(), means.fee(), Caller::Payer(means.payer())),
        None => (Address::ZERO, B256::from(rand::random::<[u8; 32]>()), Fee::Flat(0), Caller::peer(peer)),
    };
    let request_id = http_request_id(payer, context.config.operator, nonce, prepared.input_hash);
    Order { prepared, terms: Terms { request_id, payer, fee }, payment, caller }
}

/// Works on `order` and answers.
async fn answer(context: &Arc<Context>, order: Order) -> Result<Response<Body>, ApiError> {
    let (prepared, terms) = (Arc::clone(&order.prepared), order.terms.clone());
    let under_way = context.begin(terms.request_id)?;
    let mut running = run::start(context, order, under_way);
    match running.events.recv().await {
        Some(Event::Done(done)) => whole(context, &prepared, &terms, &done),
        Some(Event::Started(settled)) => {
            let body = sse::body(Arc::clone(context), Arc::clone(&prepared), terms.clone(), running);
            let mut response = Response::new(body);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            describe(context, headers, &terms, settled.as_ref());
            Ok(response)
        }
        Some(Event::Failed(error)) => Err(error),
        Some(Event::Text(_)) | None => Err(ApiError::internal("an answer ended before it began")),
    }
}

/// An answer that is not streamed.
fn whole(
    context: &Context,
    prepared: &Prepared,
    terms: &Terms,
    done: &Done,
) -> Result<Response<Body>, ApiError> {
    let output: &RawValue = serde_json::from_slice(&done.answer.output).map_err(ApiError::internal)?;
    let extension = to_raw_value(&Extension::of(context, &done.answer.signed)).map_err(ApiError::internal)?;
    let envelope = envelope(prepared, terms, done);
    let body = prepared.shape.body(&envelope, output, &extension).map_err(ApiError::internal)?;
    let mut response = json_text(body);
    let headers = response.headers_mut();
    set(headers, RECEIPT, &receipt::header(extension.get()));
    describe(context, headers, terms, done.settled.as_ref());
    Ok(response)
}

/// What surrounds the output.
pub(super) fn envelope(prepared: &Prepared, terms: &Terms, done: &Done) -> Envelope {
    Envelope {
        created: done.answer.signed.receipt().issuedAt,
        input_tokens: done.answer.input_tokens,
        output_tokens: done.answer.output_tokens,
        ..blank(prepared, terms)
    }
}

/// The same before anything is known of the answer.
pub(super) fn blank(prepared: &Prepared, terms: &Terms) -> Envelope {
    let id = alloy::primitives::hex::encode(&terms.request_id[..16]);
    Envelope {
        id: prepared.id.clone().unwrap_or_else(|| format!("{}-{id}", prepared.shape.prefix())),
        created: 0,
        model: prepared.model.name.clone(),
        version: prepared.model.version,
        input_tokens: 0,
        output_tokens: 0,
    }
}

fn describe(context: &Context, headers: &mut HeaderMap, terms: &Terms, settled: Option<&Settlement>) {
    set(headers, REQUEST_ID, &terms.request_id.to_string());
    let Some(settled) = settled else { return };
    let (transaction, amount, extra) = match settled {
        Settlement::Transaction(hash, amount) => (hash.to_string(), amount.to_string(), None),
        Settlement::Voucher { channel, fee } => {
            (String::new(), String::new(), Some(told::extra(channel, *fee)))
        }
    };
    let network = quote::network(context);
    let settled = Settled { success: true, payer: terms.payer, transaction, network, amount, extra };
    set(headers, x402::RESPONSE, &x402::encode(&settled));
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
