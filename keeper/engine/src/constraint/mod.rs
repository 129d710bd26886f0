//! What an answer may look like: a regular expression over the whole of it, or a JSON schema, which becomes one.
//!
//! A constraint is a set of texts and nothing else. At each position the tokens that no text of the set can go on with are
//! left out, so what may be picked follows from the pattern and the vocabulary by definition, not by how a library happens to
//! work it out: a verifier with another implementation finds the same.

mod automaton;
mod json;
mod schema;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use automaton::Automaton;

use crate::InputError;

/// Most bytes of a pattern or a schema as it is written in a request.
const MAX_BYTES: usize = 16 * 1024;

/// What the whole answer must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Constraint {
    /// A text that this regular expression matches from beginning to end.
    Regex(String),
    /// JSON that this schema admits, written without line breaks. docs/engine.md lists the keywords.
    JsonSchema(serde_json::Value),
    /// Any JSON object, at most eight levels deep, written without line breaks.
    JsonObject,
}

impl Constraint {
    /// The regular expression that stands for it.
    fn pattern(&self) -> Result<String, InputError> {
        let (pattern, written) = match self {
            Constraint::Regex(pattern) => (pattern.clone(), pattern.len()),
            Constraint::JsonSchema(schema) => {
                let pattern = schema::pattern(schema)
                    .map_err(|reason| InputError::field("constraint.json_schema", reason))?;
                (pattern, schema.to_string().len())
            }
            // It would be far too long: every level has all that is below it twice.
            Constraint::JsonObject => return Ok(json::NAME.to_owned()),
        };
        if written > MAX_BYTES {
            let reason = format!("{written} bytes, at most {MAX_BYTES} are allowed");
            return Err(InputError::field("constraint", reason));
        }
        Ok(pattern)
    }

    /// What a trace commits to: sha256 of the pattern, of `json-object/1` for any JSON object.
    pub fn digest(&self) -> Result<[u8; 32], InputError> {
        Ok(Sha256::digest(self.pattern()?).into())
    }

    /// Checks that it can be followed.
    pub(crate) fn validate(&self) -> Result<(), InputError> {
        self.compile().map(drop)
    }

    pub(crate) fn compile(&self) -> Result<Arc<Automaton>, InputError> {
        let refuse = |reason| InputError::field("constraint", reason);
        match self {
            Constraint::JsonObject => json::any_object().map_err(refuse),
            _ => Automaton::compile(&self.pattern()?).map(Arc::new).map_err(refuse),
        }
    }
}
