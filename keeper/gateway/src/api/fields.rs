//! Fields of a body, taken one by one, so that one that nobody took is known to be unknown.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::ApiError;

/// Fields that say something about the caller and nothing about the answer.
const IGNORED: &[&str] = &[
    "user",
    "metadata",
    "store",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "service_tier",
];

/// The fields that are left. `null` stands for absence everywhere, as in OpenAI's API.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn new(mut fields: Map<String, Value>) -> Self {
        fields.retain(|name, value| !value.is_null() && !IGNORED.contains(&name.as_str()));
        Self(fields)
    }

    /// Takes a field of type `T`.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|error| wrong_type(name, &error))
    }

    /// Takes a text that must be there.
    pub(super) fn required_text(&mut self, name: &'static str) -> Result<String, ApiError> {
        self.take(name)?.ok_or_else(|| missing(name))
    }

    /// Takes a field that must be there.
    pub(super) fn required(&mut self, name: &'static str) -> Result<Value, ApiError> {
        self.0.remove(name).ok_or_else(|| missing(name))
    }

    /// Takes a field of which only values are supported that change nothing.
    pub(super) fn only(&mut self, name: &str, neutral: &[Value], why: &str) -> Result<(), ApiError> {
        match self.0.remove(name) {
            None => Ok(()),
            Some(value) if neutral.iter().any(|allowed| same(allowed, &value)) => Ok(()),
            Some(_) => Err(ApiError::invalid(
                name,
                "unsupported_parameter",
                format!("`{name}` is not supported by this model: {why}; leave it out"),
            )),
        }
    }

    /// Refuses what nobody took: a field that would be ignored silently could matter to the caller.
    pub(super) fn finish(&mut self) -> Result<(), ApiError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(ApiError::invalid(
                name,
                "unknown_parameter",
                format!("`{name}` is not a parameter that this node knows; leave it out"),
            )),
        }
    }
}

/// Equal, whatever the spelling of a number.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// A field that is not there and must be.
pub(super) fn missing(name: &'static str) -> ApiError {
    ApiError::invalid(name, "missing_required_parameter", format!("`{name}` is missing; add it"))
}

/// A field of the wrong type.
pub(super) fn wrong_type(name: &str, reason: &dyn std::fmt::Display) -> ApiError {
    ApiError::invalid(name, "invalid_type", format!("`{name}` is refused: {reason}"))
}
