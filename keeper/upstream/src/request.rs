//! What the server is sent.

use opg_engine::{ChatInput, Constraint, EmbeddingInput, InputError, Message};
use serde_json::{Map, Value, json};

/// The body of a request for a streamed answer of at most `most` tokens.
///
/// Every option is sent that decides the answer, also at its default, as servers have defaults of their own. Those that
/// OpenAI's API does not know are sent only where they are set.
pub(crate) fn chat(model: &str, input: &ChatInput, most: u32) -> Result<Value, InputError> {
    if !input.tools.is_empty() || input.messages.iter().any(calls_tools) {
        return Err(refuse("tools", "a forwarded model takes none; leave them out or choose another model"));
    }
    let sampling = input.sampling();
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("model", json!(model));
    set("messages", input.messages.iter().map(message).collect());
    set("max_tokens", json!(most));
    set("temperature", json!(sampling.temperature));
    set("top_p", json!(sampling.top_p));
    set("seed", json!(sampling.seed));
    set("stream", json!(true));
    set("stream_options", json!({ "include_usage": true }));
    if let Some(stop) = &input.stop {
        set("stop", json!(stop));
    }
    if sampling.top_k > 0 {
        set("top_k", json!(sampling.top_k));
    }
    if sampling.min_p > 0.0 {
        set("min_p", json!(sampling.min_p));
    }
    if sampling.repetition_penalty != 1.0 {
        set("repetition_penalty", json!(sampling.repetition_penalty));
    }
    if let Some(constraint) = &input.constraint {
        set("response_format", response_format(constraint)?);
    }
    Ok(Value::Object(body))
}

/// The body of a request for a vector.
pub(crate) fn embedding(model: &str, input: &EmbeddingInput) -> Value {
    json!({ "model": model, "input": input.input, "encoding_format": "float" })
}

fn calls_tools(message: &Message) -> bool {
    !message.tool_calls.is_empty() || message.tool_call_id.is_some()
}

fn message(message: &Message) -> Value {
    json!({ "role": message.role.name(), "content": message.content })
}

fn response_format(constraint: &Constraint) -> Result<Value, InputError> {
    match constraint {
        Constraint::JsonObject => Ok(json!({ "type": "json_object" })),
        Constraint::JsonSchema(schema) => Ok(json!({
            "type": "json_schema",
            "json_schema": { "name": "answer", "strict": true, "schema": schema },
        })),
        Constraint::Regex(_) => Err(refuse(
            "constraint.regex",
            "a forwarded model cannot be held to a pattern; ask for JSON or choose another model",
        )),
    }
}

fn refuse(field: &str, reason: &str) -> InputError {
    InputError::Field { field: field.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use opg_engine::{Role, Tool};

    use super::*;

    #[test]
    fn options_are_sent_where_servers_would_choose_their_own() {
        let body = chat("m", &ChatInput::ask("Hello"), 9).unwrap();
        let expected = json!({
            "model": "m", "messages": [{ "role": "user", "content": "Hello" }], "max_tokens": 9,
            "temperature": 0.0, "top_p": 1.0, "seed": 0, "stream": true,
            "stream_options": { "include_usage": true },
        });
        assert_eq!(body, expected);
        let input = ChatInput {
            temperature: Some(0.5),
            top_k: Some(3),
            min_p: Some(0.1),
            repetition_penalty: Some(1.5),
            seed: Some(u64::MAX),
            stop: Some(vec!["END".to_owned()]),
            constraint: Some(Constraint::JsonObject),
            ..ChatInput::ask("Hello")
        };
        let body = chat("m", &input, 9).unwrap();
        for (name, value) in [
            ("temperature", json!(0.5)),
            ("top_k", json!(3)),
            ("min_p", json!(0.1)),
            ("repetition_penalty", json!(1.5)),
            ("seed", json!(u64::MAX)),
            ("stop", json!(["END"])),
            ("response_format", json!({ "type": "json_object" })),
        ] {
            assert_eq!(body[name], value, "{name}");
        }
    }

    #[test]
    fn what_the_server_might_ignore_is_refused() {
        let regex = ChatInput { constraint: Some(Constraint::Regex("a".to_owned())), ..ChatInput::ask("x") };
        let tool = Tool { name: "f".to_owned(), description: None, parameters: None };
        let tools = ChatInput { tools: vec![tool], ..ChatInput::ask("x") };
        let mut result = ChatInput::ask("x");
        result.messages.push(Message { tool_call_id: Some("1".to_owned()), ..Message::new(Role::Tool, "9") });
        for (input, field) in [(regex, "constraint.regex"), (tools, "tools"), (result, "tools")] {
            let error = chat("m", &input, 9).unwrap_err();
            assert!(matches!(&error, InputError::Field { field: found, .. } if found == field), "{error}");
        }
    }
}
