//! From a node that was paid, or wants nothing, to an answer that holds.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::primitives::{Address, B256};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use opg_receipts::http_request_id;
use serde_json::Value;

use crate::{
    answer,
    error::ProxyError,
    outgoing::{Unread, read},
    proxy::Shared,
    relay,
    request::Question,
    under_way::Claim,
    verify::{self, Asked, Refusal},
};

/// Longest error of a node that is read.
const MAX_PROBLEM: usize = 64 << 10;
/// Longest answer.
pub(crate) const MAX_ANSWER: usize = 64 << 20;
/// Shortest and longest pause before a paid answer is asked for again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// Whom an answer is expected of, and for which payment.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) question: Question,
    pub(crate) operator: Address,
    pub(crate) url: String,
    /// The payment and what says that nobody else asks for its answer; nothing where nobody pays.
    pub(crate) paid: Option<Paid>,
    /// When the answer was asked for first, and until when it is waited for.
    pub(crate) begun: Instant,
    pub(crate) deadline: Instant,
}

/// A payment that left.
#[derive(Debug)]
pub(crate) struct Paid {
    pub(crate) nonce: B256,
    pub(crate) amount: u128,
    pub(crate) header: String,
    /// Held for as long as its answer is waited for.
    pub(crate) _claim: Claim,
}

impl Order {
    pub(crate) fn new(
        shared: &Shared,
        question: Question,
        operator: Address,
        url: String,
        paid: Option<Paid>,
    ) -> Self {
        let begun = Instant::now();
        Self { question, operator, url, paid, begun, deadline: begun + shared.config.patience }
    }

    /// What a receipt for it has to say.
    pub(crate) fn asked(&self, shared: &Shared) -> Asked {
        let payment = self.paid.as_ref().map(|paid| (shared.purse.payer(), paid.nonce, paid.amount));
        let Question { version, input_hash, .. } = self.question;
        Asked { operator: self.operator, version, input_hash, payment }
    }
}

/// Asks the node that was paid for the answer, again and again: it is durable there, and is charged once.
pub(crate) async fn collect(shared: &Arc<Shared>, mut order: Order) -> Result<Response<Body>, ProxyError> {
    let url = format!("{}{}", order.url, order.question.path);
    loop {
        let header = order.paid.as_ref().map(|paid| paid.header.as_str());
        let sent = shared.outgoing.post(&url, order.question.body.clone(), header);
        let (reason, pause) = match tokio::time::timeout_at(order.deadline.into(), sent).await {
            Err(_) => (format!("it does not answer within {:?}", shared.config.patience), PAUSE.0),
            Ok(Err(reason)) => (reason, PAUSE.0),
            Ok(Ok(response)) if response.status() == StatusCode::OK => {
                match deliver(shared, order, response).await {
                    Ok(response) => return Ok(response),
                    Err(Undelivered::Refused(error)) => return Err(error),
                    Err(Undelivered::Broken(kept, reason)) => {
                        order = *kept;
                        (reason, PAUSE.0)
                    }
                }
            }
            Ok(Ok(response)) => {
                let status = response.status();
                let pause = after(response.headers());
                let told = problem(response).await;
                let reason = format!("it answers {status}: {} ({})", told.message(), told.code());
                let is_final = status.is_client_error() && !matches!(status.as_u16(), 408 | 409 | 425 | 429);
                if is_final || !(status.is_client_error() || status.is_server_error()) {
                    return Err(unanswered(shared, &order, &reason));
                }
                (reason, pause)
            }
        };
        let left = order.deadline.saturating_duration_since(Instant::now());
        if left <= pause {
            return Err(unanswered(shared, &order, &reason));
        }
        tracing::debug!(operator = %order.operator, reason, "a paid answer is asked for again");
        tokio::time::sleep(pause).await;
    }
}

/// The payment left and no answer came: nobody else is asked.
pub(crate) fn unanswered(shared: &Shared, order: &Order, reason: &str) -> ProxyError {
    shared.nodes.failed(order.operator);
    let Some(Paid { amount, .. }) = &order.paid else {
        return ProxyError::new(
            502,
            "node_failed",
            format!("operator {} gave no answer: {reason}", order.operator),
        );
    };
    let message = format!(
        "operator {} was sent a payment of {amount} wei of OPG, and there is no answer: {reason}. No other node is asked, because \
         the payment may be taken. Repeat the same request to ask for the answer again: it is not paid twice",
        order.operator
    );
    ProxyError::new(502, "answer_pending", message).after_payment()
}

/// Why an answer is not handed on.
pub(crate) enum Undelivered {
    /// It must not be, ever.
    Refused(ProxyError),
    /// It did not come whole; it may be asked for again.
    Broken(Box<Order>, String),
}

/// Hands on what came if it holds. A stream is handed on as it comes.
pub(crate) async fn deliver(
    shared: &Arc<Shared>,
    order: Order,
    response: reqwest::Response,
) -> Result<Response<Body>, Undelivered> {
    let kind =
        response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_stream = kind.starts_with("text/event-stream");
    if is_stream != order.question.is_stream {
        let reason = if is_stream { "a stream came that was not asked for" } else { "no stream came" };
        return Err(Undelivered::Refused(refuse(shared, &order, reason, &Value::Null)));
    }
    let mut reply = Response::new(Body::empty());
    describe(shared, &order, reply.headers_mut());
    if is_stream {
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        *reply.body_mut() = relay::body(Arc::clone(shared), order, response);
        return Ok(reply);
    }
    let body = match tokio::time::timeout_at(order.deadline.into(), read(response, MAX_ANSWER)).await {
        Ok(Ok(body)) => body,
        Ok(Err(Unread::TooLong)) => {
            let reason = format!("it is longer than {MAX_ANSWER} bytes");
            return Err(Undelivered::Refused(refuse(shared, &order, &reason, &Value::Null)));
        }
        Ok(Err(Unread::Broken(reason))) => return Err(Undelivered::Broken(Box::new(order), reason)),
        Err(_) => return Err(Undelivered::Broken(Box::new(order), "it does not end in time".to_owned())),
    };
    let read = answer::whole(&body, &order.question.name);
    let read = read.map_err(|reason| Undelivered::Refused(refuse(shared, &order, &reason, &Value::Null)))?;
    settle(shared, &order, &read.output, read.extension.as_ref()).await.map_err(Undelivered::Refused)?;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *reply.body_mut() = Body::from(read.body.to_string());
    Ok(reply)
}

/// Checks the receipt of an answer and notes what came of it.
pub(crate) async fn settle(
    shared: &Shared,
    order: &Order,
    output: &Value,
    extension: Option<&Value>,
) -> Result<(), ProxyError> {
    match verify::check(&*shared.chain, &order.asked(shared), Some(output), extension).await {
        Ok(signed) => {
            if let Some(paid) = &order.paid {
                let id = signed.receipt().requestId;
                // Durable before it is handed on: whoever has an answer can show its receipt.
                let text = extension.map(Value::to_string).unwrap_or_default();
                shared
                    .book
                    .answered(paid.nonce, id, &text)
                    .map_err(|error| ProxyError::from(error).after_payment())?;
            }
            shared.nodes.answered(order.operator, order.begun.elapsed());
            Ok(())
        }
        Err(Refusal::Wrong(reason)) => Err(refuse(shared, order, &reason, extension.unwrap_or(&Value::Null))),
        // The payment stays open: the same request gets the same answer when the chain is back.
        Err(Refusal::Chain(error)) => {
            let message = format!(
                "{error}; so nobody can tell whether the receipt holds. Repeat the request: it is not paid twice"
            );
            Err(ProxyError::new(503, "chain_unavailable", message).after_payment())
        }
    }
}

/// Notes an answer that does not hold.
pub(crate) fn refuse(shared: &Shared, order: &Order, reason: &str, evidence: &Value) -> ProxyError {
    tracing::warn!(operator = %order.operator, reason, "an answer was refused");
    shared.nodes.failed(order.operator);
    if let Some(paid) = &order.paid
        && let Err(error) = shared.book.refused(paid.nonce, reason, &evidence.to_string())
    {
        tracing::error!(%error, "a refused answer could not be noted");
    }
    ProxyError::refused(order.operator, reason)
}

/// Says who answers, and under which number the receipt is.
fn describe(shared: &Shared, order: &Order, headers: &mut HeaderMap) {
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set("opg-operator", order.operator.to_string());
    if let Some(paid) = &order.paid {
        let id = http_request_id(shared.purse.payer(), order.operator, paid.nonce, order.question.input_hash);
        set("x-request-id", id.to_string());
    }
}

/// What a node says went wrong, in its own words, shortened.
pub(crate) async fn problem(response: reqwest::Response) -> ProxyError {
    let status = response.status().as_u16();
    let read = tokio::time::timeout(Duration::from_secs(5), read(response, MAX_PROBLEM)).await;
    let body: Value = match read {
        Ok(Ok(body)) => serde_json::from_slice(&body).unwrap_or_default(),
        _ => Value::Null,
    };
    let text = |field: &str, other: &str| -> String {
        body.pointer(field).and_then(Value::as_str).unwrap_or(other).chars().take(500).collect()
    };
    ProxyError::new(status, text("/error/code", "node_failed"), text("/error/message", "it does not say why"))
}

/// How long a node asks to wait.
fn after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(PAUSE.0, Duration::from_secs).clamp(PAUSE.0, PAUSE.1)
}
