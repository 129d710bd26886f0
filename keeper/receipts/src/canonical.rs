//! Canonical JSON: RFC 8785, refusing what it would change.

use serde::{Serialize, ser::Error};

use crate::{finite::Finite, numbers, strict_json::StrictJson};

/// Why something has no canonical JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The text is not JSON, or contains a key twice.
    #[error("not canonicalisable JSON: {0}")]
    Json(serde_json::Error),
    /// The value cannot be written as JSON: not a finite number, a key that is not a string, or a key twice.
    #[error("the value cannot be written as canonical JSON: {0}")]
    Value(serde_json::Error),
    /// A number that a double-precision float cannot hold.
    #[error("the number {0} is not exactly a 64-bit float; write it as a string")]
    Number(String),
}

/// The canonical JSON of a value, in UTF-8.
///
/// # Errors
/// If the value holds a number that would change, NaN, an infinity, or a map whose keys are not distinct strings.
pub fn canonical_json(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, CanonicalError> {
    value.serialize(Finite).map_err(|error| CanonicalError::Value(serde_json::Error::custom(error)))?;
    // The canonicaliser rounds integers to floats, so they are judged in the plain serialisation.
    let canonical = serde_json_canonicalizer::to_vec(&value).map_err(CanonicalError::Value)?;
    let plain = serde_json::to_vec(&value).map_err(CanonicalError::Value)?;
    numbers::check(&plain)?;
    Ok(canonical)
}

/// The canonical form of JSON text, in UTF-8.
///
/// Fractions are rounded to the nearest float, as RFC 8785 has it; integers must be exact.
///
/// # Errors
/// If the text is not JSON, has an object with a key twice, a lone surrogate, or a number that a float cannot hold.
pub fn canonicalize(text: &[u8]) -> Result<Vec<u8>, CanonicalError> {
    let value: StrictJson = serde_json::from_slice(text).map_err(CanonicalError::Json)?;
    numbers::check(text)?;
    serde_json_canonicalizer::to_vec(&value.0).map_err(CanonicalError::Value)
}
