//! The body of a request: bounded, strict JSON.

use opg_receipts::CanonicalError;
use serde_json::{Map, Value};

use crate::ApiError;

/// A body that was read completely, with its canonical form.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// Its fields.
    pub(crate) fields: Map<String, Value>,
    /// RFC 8785: what the input hash is taken of.
    pub(crate) canonical: Vec<u8>,
}

/// Reads a JSON object nested at most `depth` deep.
pub(crate) fn parse(body: &[u8], depth: usize) -> Result<Parsed, ApiError> {
    let found = nesting(body);
    if found > depth {
        let message = format!("the body is nested {found} deep, the limit is {depth}");
        return Err(ApiError::body("nested_too_deeply", message));
    }
    let canonical = opg_receipts::canonicalize(body).map_err(|error| match error {
        CanonicalError::Number(_) => ApiError::body("inexact_number", error.to_string()),
        error => ApiError::body("invalid_json", error.to_string()),
    })?;
    match serde_json::from_slice(&canonical) {
        Ok(Value::Object(fields)) => Ok(Parsed { fields, canonical }),
        Ok(_) => Err(ApiError::body("invalid_json", "the body must be a JSON object")),
        Err(error) => Err(ApiError::body("invalid_json", error.to_string())),
    }
}

/// How deep brackets nest outside of strings. Reads bytes, so it costs nothing that a parser could be made to pay.
fn nesting(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_counts_brackets_and_not_text() {
        assert_eq!(nesting(br#"{"a":[{"b":1}],"c":[]}"#), 3);
        assert_eq!(nesting(br#"{"a":"[[[[\"[["}"#), 1);
        assert_eq!(nesting("[".repeat(1_000).as_bytes()), 1_000);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (body, code) in [
            (r#"{"a":1,"a":2}"#, "invalid_json"),
            (r#"{"a":9007199254740993}"#, "inexact_number"),
            ("[]", "invalid_json"),
            ("{", "invalid_json"),
            (r#"{"a":[[[[[1]]]]]}"#, "nested_too_deeply"),
        ] {
            assert_eq!(parse(body.as_bytes(), 4).unwrap_err().code(), code, "{body}");
        }
    }

    #[test]
    fn the_canonical_form_does_not_depend_on_spelling() {
        let one = parse(br#"{ "b": 1.0, "a": "\u0041" }"#, 4).unwrap();
        assert_eq!(one.canonical, br#"{"a":"A","b":1}"#);
    }
}
