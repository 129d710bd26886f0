//! Functions that a model is told about, and calls of them in a conversation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A function that the model may ask its caller to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Letters, digits, `_` and `-`.
    pub name: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON schema of its arguments; none where it takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
}

/// A call that the model asked for in an earlier turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The name of the call, by which its result refers to it.
    pub id: String,
    /// The function.
    pub name: String,
    /// What it is called with.
    pub arguments: Map<String, Value>,
}
