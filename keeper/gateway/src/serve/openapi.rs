//! The OpenAPI document.

use serde_json::Value;

/// The document as served.
pub(super) fn document() -> Value {
    // The text is part of the program; a test reads it.
    serde_json::from_str(include_str!("openapi.json")).unwrap_or_default()
}
