//! `response_format`: the form that an answer must have.

use opg_engine::Constraint;
use serde::Deserialize;
use serde_json::Value;

use super::fields::Fields;
use crate::ApiError;

/// Its name.
pub(super) const FIELD: &str = "response_format";

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    Text,
    JsonObject,
    JsonSchema { json_schema: Named },
}

/// A schema as clients send it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(rename = "name")]
    _name: String,
    #[serde(default, rename = "description")]
    _description: Option<String>,
    schema: Value,
    // The answer always follows the schema, asked for or not.
    #[serde(default, rename = "strict")]
    _strict: Option<bool>,
}

/// Takes the form that the caller wants. What the schema may contain is the engine's to say.
pub(super) fn take(fields: &mut Fields) -> Result<Option<Constraint>, ApiError> {
    match fields.take::<Format>(FIELD)? {
        None | Some(Format::Text) => Ok(None),
        Some(Format::JsonSchema { json_schema }) => Ok(Some(Constraint::JsonSchema(json_schema.schema))),
        Some(Format::JsonObject) => Ok(Some(Constraint::JsonObject)),
    }
}
