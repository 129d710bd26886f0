//! Refusals and failures, in the shape that OpenAI's clients read.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use opg_engine::EngineError;
use opg_node::LedgerError;
use opg_store::{GroupError, StoreError};
use serde_json::json;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    param: Option<String>,
    retry_after: Option<Duration>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), param: None, retry_after: None }
    }

    /// The request is not one that could ever be answered; `param` is the field at fault.
    pub(crate) fn invalid(param: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(StatusCode::BAD_REQUEST, code, message) }
    }

    /// The body is not what it should be.
    pub(crate) fn body(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The body is longer than `limit` bytes.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("the body is over the limit of {limit} bytes; send less");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    }

    /// The body took too long to arrive.
    pub(crate) fn slow_body(limit: Duration) -> Self {
        let message = format!("the body did not arrive within {limit:?}; send it faster");
        Self::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", message)
    }

    /// There is no such thing.
    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// There was such a thing, and it is not kept any more.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "expired", message)
    }

    /// The method does not exist here.
    pub(crate) fn method() -> Self {
        let message = "this address does not take this method; /openapi.json lists what there is";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    /// The request and an earlier one exclude each other.
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// The caller asks for more than its share.
    pub(crate) fn too_many(code: &'static str, message: impl Into<String>, after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, message).after(after)
    }

    /// This node cannot serve now, but may soon.
    pub(crate) fn unavailable(code: &'static str, message: impl Into<String>, after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).after(after)
    }

    /// A fault of this node.
    pub(crate) fn internal(message: impl std::fmt::Display) -> Self {
        tracing::error!(%message, "a request failed through a fault of the keeper");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "the node failed; nothing is charged twice if you repeat the request with the same payment",
        )
    }

    /// The payment is missing or not acceptable.
    pub(crate) fn payment(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, code, message)
    }

    /// Asks the caller to wait that long before it tries again.
    fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What it is, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What it is, for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What OpenAI's clients expect under `error`.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let kind = match self.status.as_u16() {
            402 => "payment_required",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        json!({ "error": { "message": self.message, "type": kind, "param": self.param, "code": self.code } })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        let body = Body::from(self.to_json().to_string());
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if matches!(self.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            // What is left of the body is not read, so the connection cannot be used again.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::Input(_) => Self::body("invalid_value", message),
            EngineError::InputTooLong { .. } => Self::invalid("messages", "context_length_exceeded", message),
            EngineError::Busy { .. } => Self::unavailable("engine_busy", message, Duration::from_secs(2)),
            EngineError::WorkerCrashed { .. } | EngineError::WorkerUnavailable { .. } => {
                tracing::warn!(%message, "the engine failed a request");
                let text = "the model's process failed; the same request may succeed now";
                Self::unavailable("engine_unavailable", text, Duration::from_secs(2))
            }
            EngineError::Upstream { again: true, .. } => {
                tracing::warn!(%message, "a forwarded request failed");
                let text = "the server that answers for this model failed; the same request may succeed now";
                Self::unavailable("upstream_unavailable", text, Duration::from_secs(2))
            }
            EngineError::DeadlineExceeded { .. } => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", message).after(Duration::from_secs(5))
            }
            _ => Self::internal(message),
        }
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        tracing::warn!(%error, "the chain cannot be asked");
        let text = "the chain cannot be asked at present, so no payment can be taken; nothing was charged";
        Self::unavailable("chain_unavailable", text, Duration::from_secs(5))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        storage(&error)
    }
}

impl From<GroupError> for ApiError {
    fn from(error: GroupError) -> Self {
        match &error {
            GroupError::Commit(inner) => storage(inner),
            GroupError::Change(inner) => storage(inner),
            _ => Self::internal(error),
        }
    }
}

/// A disk that is full or failing may be mended while the client waits; anything else is a fault.
fn storage(error: &StoreError) -> ApiError {
    match error {
        StoreError::Database(_) => {
            tracing::error!(%error, "the state database cannot be written");
            let text = "the node cannot store receipts at present, so it answers nothing; nothing is charged twice if you \
                        repeat the request with the same payment";
            ApiError::unavailable("storage_unavailable", text, Duration::from_secs(10))
        }
        other => ApiError::internal(other),
    }
}
