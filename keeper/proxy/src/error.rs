//! Why a caller has no answer, in the shape that OpenAI's clients read.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde_json::{Value, json};

use crate::{BookError, ChainError};

/// Why a request has no answer, and whether money is under way for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProxyError {
    status: StatusCode,
    code: String,
    message: String,
    /// Whether a client may repeat it by itself.
    may_repeat: bool,
}

impl ProxyError {
    /// An error before anything was paid.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        Self { status, code: code.into(), message: message.into(), may_repeat: true }
    }

    /// An error after a payment left: what may have cost money is the user's to repeat, not the client's.
    pub(crate) fn after_payment(self) -> Self {
        Self { may_repeat: false, ..self }
    }

    /// The answer does not hold.
    pub(crate) fn refused(operator: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        let message = format!(
            "the answer of operator {operator} cannot be relied on: {reason}. It is not handed on, and the operator is not asked \
             again for a day; what it claimed is kept in the book"
        );
        Self::new(502, "receipt_refused", message).after_payment()
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn to_json(&self) -> Value {
        let kind = match self.status.as_u16() {
            402 => "payment_required",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        json!({ "error": { "message": self.message, "type": kind, "param": null, "code": self.code } })
    }
}

impl From<BookError> for ProxyError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Request { .. } | BookError::Day { .. } => {
                Self::new(402, "budget_exceeded", error.to_string())
            }
            error => Self::new(503, "book_unavailable", error.to_string()),
        }
    }
}

impl From<ChainError> for ProxyError {
    fn from(error: ChainError) -> Self {
        Self::new(503, "chain_unavailable", error.to_string())
    }
}

impl IntoResponse for ProxyError {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if !self.may_repeat {
            headers.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
        }
        response
    }
}
