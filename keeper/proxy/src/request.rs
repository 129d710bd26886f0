//! What a caller asks.

use alloy::primitives::{B256, keccak256};
use bytes::Bytes;
use opg_receipts::{CanonicalError, canonical_json, canonicalize};
use serde_json::{Map, Value};

use crate::{ModelTerms, error::ProxyError};

/// Tokens around a text, at most.
const AROUND: u128 = 8;

/// Addresses that run a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Completions,
    Embeddings,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 3] = [Self::Chat, Self::Completions, Self::Embeddings];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Completions => "/v1/completions",
            Self::Embeddings => "/v1/embeddings",
        }
    }
}

/// A request as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    endpoint: Endpoint,
    fields: Map<String, Value>,
    /// What it calls the model.
    pub(crate) name: String,
}

/// A request as nodes get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) path: &'static str,
    pub(crate) name: String,
    pub(crate) version: B256,
    /// Canonical JSON that names the version as model: the same for every node.
    pub(crate) body: Bytes,
    pub(crate) input_hash: B256,
    pub(crate) is_stream: bool,
    /// Most tokens of all answers, if it says.
    max_output: Option<u64>,
    /// Texts to be answered.
    inputs: u64,
}

impl Draft {
    pub(crate) fn read(endpoint: Endpoint, body: &[u8]) -> Result<Self, ProxyError> {
        let canonical = canonicalize(body).map_err(|error| match error {
            CanonicalError::Number(_) => ProxyError::new(400, "inexact_number", error.to_string()),
            error => ProxyError::new(400, "invalid_json", error.to_string()),
        })?;
        let fields: Map<String, Value> = serde_json::from_slice(&canonical).map_err(|error| {
            ProxyError::new(400, "invalid_json", format!("the body must be an object: {error}"))
        })?;
        let name = fields.get("model").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
            ProxyError::new(400, "missing_required_parameter", "`model` must name a model, or be its version")
        })?;
        Ok(Self { endpoint, fields, name })
    }

    pub(crate) fn of_version(self, version: B256) -> Result<Question, ProxyError> {
        let Self { endpoint, mut fields, name } = self;
        // Operators name models as they like: nodes are asked by the version, which the receipt's input hash then covers.
        fields.insert("model".to_owned(), version.to_string().into());
        let body = canonical_json(&fields)
            .map_err(|error| ProxyError::new(400, "invalid_json", error.to_string()))?;
        let number = |field: &str| fields.get(field).and_then(Value::as_u64);
        let texts = if endpoint == Endpoint::Completions { "prompt" } else { "input" };
        let inputs = match fields.get(texts) {
            Some(Value::Array(inputs)) => inputs.len() as u64,
            _ => 1,
        };
        Ok(Question {
            path: endpoint.path(),
            name,
            version,
            input_hash: keccak256(&body),
            is_stream: fields.get("stream") == Some(&Value::Bool(true)),
            max_output: number("max_completion_tokens").or_else(|| number("max_tokens")),
            inputs,
            body: body.into(),
        })
    }
}

impl Question {
    /// What it may cost at most at `unit_price`: no token is shorter than a byte, and what surrounds a text takes a few.
    pub(crate) fn ceiling(&self, model: &ModelTerms, unit_price: u128, default_output: u64) -> u128 {
        let tokens = (self.body.len() as u128).saturating_add(u128::from(self.inputs) * AROUND);
        let input = u128::from(model.per_input_token).saturating_mul(tokens);
        let tokens = u128::from(self.max_output.unwrap_or(default_output)).saturating_mul(self.inputs.into());
        let output = u128::from(model.per_output_token).saturating_mul(tokens);
        input.saturating_add(output).saturating_add(model.per_request.into()).saturating_mul(unit_price)
    }
}

#[cfg(test)]
mod tests {
    use opg_receipts::json_hash;
    use serde_json::json;

    use super::*;

    fn question(body: &Value) -> Question {
        let draft = Draft::read(Endpoint::Chat, body.to_string().as_bytes()).unwrap();
        draft.of_version(B256::repeat_byte(7)).unwrap()
    }

    #[test]
    fn nodes_are_asked_by_the_version() {
        let asked = question(&json!({ "model": "smol", "messages": [], "stream": true }));
        let sent = json!({ "model": B256::repeat_byte(7).to_string(), "messages": [], "stream": true });
        assert_eq!(serde_json::from_slice::<Value>(&asked.body).unwrap(), sent);
        assert_eq!(asked.input_hash, json_hash(&sent).unwrap());
        assert!(asked.is_stream && asked.name == "smol");
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (body, code) in [
            (r#"{"model":"a","model":"b"}"#, "invalid_json"),
            (r#"{"model":"a","seed":9007199254740993}"#, "inexact_number"),
            ("[]", "invalid_json"),
            ("", "invalid_json"),
            (r#"{"messages":[]}"#, "missing_required_parameter"),
            (r#"{"model":5}"#, "missing_required_parameter"),
        ] {
            assert_eq!(Draft::read(Endpoint::Chat, body.as_bytes()).unwrap_err().code(), code, "{body}");
        }
    }

    #[test]
    fn a_ceiling_covers_what_was_asked_for() {
        let model = ModelTerms { modes: 1, per_request: 100, per_input_token: 1, per_output_token: 4 };
        let asked = question(&json!({ "model": "m", "max_tokens": 50 }));
        assert_eq!(asked.ceiling(&model, 10, 9), (100 + asked.body.len() as u128 + 8 + 200) * 10);
        let open = question(&json!({ "model": "m" }));
        assert_eq!(open.ceiling(&model, 10, 9), (100 + open.body.len() as u128 + 8 + 36) * 10);
        assert_eq!(open.ceiling(&model, u128::MAX, 9), u128::MAX);
        let body = json!({ "model": "m", "prompt": ["a", "b", "c"], "max_tokens": 50 }).to_string();
        let draft = Draft::read(Endpoint::Completions, body.as_bytes()).unwrap();
        let several = draft.of_version(B256::repeat_byte(7)).unwrap();
        assert_eq!(several.ceiling(&model, 10, 9), (100 + several.body.len() as u128 + 24 + 600) * 10);
    }
}
