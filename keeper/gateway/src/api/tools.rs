//! `tools`, `tool_choice` and what earlier turns say of calls.

use opg_engine::{Constraint, Tool, ToolCall};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{calls::CallReader, fields::Fields};
use crate::ApiError;

/// The functions of a request that has some.
#[derive(Debug)]
pub(super) struct Offer {
    /// What the model is told.
    pub(super) tools: Vec<Tool>,
    /// What the answer must be where the caller wants a call.
    pub(super) constraint: Option<Constraint>,
    /// What finds calls in the answer.
    pub(super) reader: CallReader,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Declared {
    Function { function: Function },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
    #[serde(default)]
    strict: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Choice {
    Word(String),
    Named(Named),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Named {
    Function { function: Name },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

/// Takes the functions that the caller offers. None where there are none, or where the model shall not know of them.
pub(super) fn take(fields: &mut Fields) -> Result<Option<Offer>, ApiError> {
    let declared: Vec<Declared> = fields.take("tools")?.unwrap_or_default();
    let choice: Option<Choice> = fields.take("tool_choice")?;
    let parallel = fields.take::<bool>("parallel_tool_calls")?.unwrap_or(true);
    let mut strict = false;
    let tools: Vec<Tool> = declared
        .into_iter()
        .map(|Declared::Function { function: Function { name, description, parameters, strict: own } }| {
            strict |= own.unwrap_or(false);
            Tool { name, description, parameters }
        })
        .collect();
    let refuse = |code, message: String| Err(ApiError::invalid("tool_choice", code, message));
    let wanted = match &choice {
        Some(Choice::Word(word)) if word == "none" => return Ok(None),
        None => Vec::new(),
        Some(Choice::Word(word)) if word == "auto" => Vec::new(),
        Some(Choice::Word(word)) if word == "required" => tools.iter().collect(),
        Some(Choice::Word(word)) => {
            let message =
                format!("there is no choice `{word}`; there are none, auto, required and a function");
            return refuse("invalid_value", message);
        }
        Some(Choice::Named(Named::Function { function: Name { name } })) => {
            let named: Vec<&Tool> = tools.iter().filter(|tool| tool.name == *name).collect();
            if named.is_empty() {
                return refuse("invalid_value", format!("there is no function `{name}` among the `tools`"));
            }
            named
        }
    };
    let forced = matches!(&choice, Some(Choice::Named(_)))
        || matches!(&choice, Some(Choice::Word(word)) if word == "required");
    if tools.is_empty() {
        return if forced {
            refuse("invalid_value", "a call is required, but there are no `tools`; add them".to_owned())
        } else {
            Ok(None)
        };
    }
    if strict && !forced {
        let message = "`strict` is not supported where the model may choose whether to call: then it writes arguments as \
                       it likes; add tool_choice required, or leave `strict` out";
        return Err(ApiError::invalid("tools", "unsupported_parameter", message));
    }
    let constraint = forced.then(|| Constraint::JsonSchema(one_of(&wanted)));
    let names = tools.iter().map(|tool| tool.name.clone()).collect();
    Ok(Some(Offer { tools, constraint, reader: CallReader::new(names, parallel) }))
}

/// The schema of a call of one of these.
fn one_of(tools: &[&Tool]) -> Value {
    match tools {
        [one] => call_schema(one, "#/properties/arguments"),
        several => {
            let each = several.iter().enumerate();
            let each =
                each.map(|(at, tool)| call_schema(tool, &format!("#/anyOf/{at}/properties/arguments")));
            json!({ "anyOf": each.collect::<Vec<_>>() })
        }
    }
}

fn call_schema(tool: &Tool, place: &str) -> Value {
    let arguments = match &tool.parameters {
        Some(parameters) if !parameters.is_empty() => moved(&Value::Object(parameters.clone()), place),
        _ => json!({ "type": "object" }),
    };
    json!({
        "type": "object",
        "properties": { "name": { "const": tool.name }, "arguments": arguments },
        "required": ["name", "arguments"],
    })
}

/// The schema with its references to itself as they are at `place` in a larger one.
fn moved(schema: &Value, place: &str) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(|item| moved(item, place)).collect(),
        Value::Object(members) => {
            let each = members.iter().map(|(name, value)| {
                let value = match (name.as_str(), value.as_str().and_then(|text| text.strip_prefix('#'))) {
                    ("$ref", Some(pointer)) => format!("{place}{pointer}").into(),
                    _ => moved(value, place),
                };
                (name.clone(), value)
            });
            Value::Object(each.collect())
        }
        other => other.clone(),
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Earlier {
    Function { id: String, function: Called },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    name: String,
    arguments: String,
}

/// Takes the calls of an assistant's message, as they were in the answer.
pub(super) fn take_calls(fields: &mut Fields, place: &str) -> Result<Vec<ToolCall>, ApiError> {
    let calls: Vec<Earlier> = fields.take("tool_calls")?.unwrap_or_default();
    calls
        .into_iter()
        .map(|Earlier::Function { id, function: Called { name, arguments } }| {
            let arguments = serde_json::from_str(&arguments).map_err(|error| {
                let message = format!("the arguments of `{name}` are not a JSON object: {error}");
                ApiError::invalid(place, "invalid_value", message)
            })?;
            Ok(ToolCall { id, name, arguments })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_a_schema_still_lead_to_their_definitions() {
        let parameters = json!({
            "type": "object",
            "properties": { "at": { "$ref": "#/$defs/place" } },
            "$defs": { "place": { "type": "string" } },
        });
        let tool = |name: &str| Tool {
            name: name.to_owned(),
            description: None,
            parameters: parameters.as_object().cloned(),
        };
        let (one, two) = (tool("one"), tool("two"));
        for tools in [vec![&one], vec![&one, &two]] {
            let schema = one_of(&tools);
            let constraint = Constraint::JsonSchema(schema.clone());
            assert!(constraint.digest().is_ok(), "{schema}: {:?}", constraint.digest());
        }
    }
}
