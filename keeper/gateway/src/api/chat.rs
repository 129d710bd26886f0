//! `/v1/chat/completions`

use std::sync::Arc;

use alloy::primitives::B256;
use opg_engine::{ChatInput, Input, Message, Role, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Endpoint, Prepared, Shape, Stream,
    fields::{self, Fields, wrong_type},
    format,
    tools::{self, Offer},
};
use crate::{ApiError, model::Model};

/// Which options are neutral, and why others are not supported.
fn refuse_unsupported(fields: &mut Fields) -> Result<(), ApiError> {
    let tools = "send functions as `tools`";
    let penalties = "its sampler has temperature, top_p, seed and stop";
    let text = "it answers in text";
    for (name, neutral, why) in [
        ("n", vec![json!(1)], "it gives one answer per request"),
        ("logprobs", vec![json!(false)], "probabilities are not reported"),
        ("top_logprobs", vec![json!(0)], "probabilities are not reported"),
        ("functions", vec![json!([])], tools),
        ("function_call", vec![json!("none"), json!("auto")], tools),
        ("frequency_penalty", vec![json!(0)], penalties),
        ("presence_penalty", vec![json!(0)], penalties),
        ("logit_bias", vec![json!({})], penalties),
        ("modalities", vec![json!(["text"])], text),
        ("audio", vec![], text),
        ("prediction", vec![], "drafts by the caller are not used"),
        ("reasoning_effort", vec![json!("none")], "it does not reason in steps of its own"),
        ("verbosity", vec![json!("medium")], "it has no such setting"),
        ("web_search_options", vec![], "it has no access to the web"),
    ] {
        fields.only(name, &neutral, why)?;
    }
    Ok(())
}

pub(super) fn prepare(fields: &mut Fields, model: Arc<Model>) -> Result<Prepared, ApiError> {
    model.needs(opg_engine::Task::Chat)?;
    refuse_unsupported(fields)?;
    let messages: Vec<Value> = serde_json::from_value(fields.required("messages")?)
        .map_err(|error| wrong_type("messages", &error))?;
    let messages = messages
        .into_iter()
        .enumerate()
        .map(|(index, message)| read_message(index, message))
        .collect::<Result<Vec<_>, _>>()?;
    chat(fields, model, Endpoint::Chat, messages)
}

/// What chat and text completions have in common.
pub(super) fn chat(
    fields: &mut Fields,
    model: Arc<Model>,
    endpoint: Endpoint,
    messages: Vec<Message>,
) -> Result<Prepared, ApiError> {
    let newer: Option<u32> = fields.take("max_completion_tokens")?;
    let older: Option<u32> = fields.take("max_tokens")?;
    let limit = newer.or(older);
    let constraint = format::take(fields)?;
    let offer = if endpoint == Endpoint::Chat { tools::take(fields)? } else { None };
    if offer.is_some() && constraint.is_some() {
        let message =
            "a form of the whole answer leaves no room for calls; leave it out, or add tool_choice none";
        return Err(ApiError::invalid(format::FIELD, "invalid_value", message));
    }
    let (tools, constraint, calls) = match offer {
        Some(Offer { tools, constraint, reader }) => (tools, constraint, Some(Arc::new(reader))),
        None => (Vec::new(), constraint, None),
    };
    let input = ChatInput {
        messages,
        max_tokens: limit,
        temperature: fields.take("temperature")?,
        top_p: fields.take("top_p")?,
        seed: fields.take("seed")?,
        stop: fields.take::<Stop>("stop")?.map(Stop::into_list),
        tools,
        constraint,
        ..ChatInput::ask(String::new())
    };
    let stream = if fields.take::<bool>("stream")?.unwrap_or(false) {
        let options: Option<StreamOptions> = fields.take("stream_options")?;
        Some(Stream { include_usage: options.is_some_and(|options| options.include_usage) })
    } else {
        if fields.take::<Value>("stream_options")?.is_some() {
            let message = "`stream_options` goes with `stream`: true; add that, or leave the options out";
            return Err(ApiError::invalid("stream_options", "invalid_value", message));
        }
        None
    };
    Ok(Prepared {
        endpoint,
        text_bytes: input.messages.iter().map(text_bytes).sum::<usize>() + tool_bytes(&input.tools),
        messages: input.messages.len() + if input.tools.is_empty() { 0 } else { TOOLS_AS_MESSAGES },
        needs_tools: !input.tools.is_empty() || input.messages.iter().any(speaks_of_tools),
        calls,
        max_output: model.output_limit(limit),
        inputs: vec![Input::Chat(input)],
        shape: match endpoint {
            Endpoint::Completions => Shape::Text(stream),
            _ => Shape::Chat(stream),
        },
        model,
        id: None,
        input_hash: B256::ZERO,
    })
}

/// What a template says around tools, in messages' worth of tokens.
const TOOLS_AS_MESSAGES: usize = 24;

fn speaks_of_tools(message: &Message) -> bool {
    message.role == Role::Tool || !message.tool_calls.is_empty()
}

fn text_bytes(message: &Message) -> usize {
    let calls = &message.tool_calls;
    let calls = if calls.is_empty() { 0 } else { json!(calls).to_string().len() };
    message.content.len() + calls + message.tool_call_id.as_ref().map_or(0, String::len)
}

fn tool_bytes(tools: &[Tool]) -> usize {
    if tools.is_empty() { 0 } else { json!(tools).to_string().len() }
}

fn read_message(index: usize, message: Value) -> Result<Message, ApiError> {
    let place = |field: &str| format!("messages[{index}].{field}");
    let Value::Object(message) = message else {
        return Err(ApiError::invalid(
            format!("messages[{index}]"),
            "invalid_type",
            "a message is an object",
        ));
    };
    let mut fields = Fields::new(message);
    let role: String = fields.required_text("role")?;
    let role = match role.as_str() {
        // What newer clients call the system's instructions.
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        "function" => {
            let message = "results of functions come with role tool and their tool_call_id";
            return Err(ApiError::invalid(place("role"), "unsupported_parameter", message));
        }
        other => {
            let message =
                format!("there is no role `{other}`; there are system, developer, user, assistant and tool");
            return Err(ApiError::invalid(place("role"), "invalid_value", message));
        }
    };
    let tool_calls = match role {
        Role::Assistant => tools::take_calls(&mut fields, &place("tool_calls"))?,
        _ => Vec::new(),
    };
    let tool_call_id = match role {
        Role::Tool => Some(fields.required_text("tool_call_id")?),
        _ => None,
    };
    let content = match fields.take("content")? {
        // An answer that was nothing but calls.
        None if !tool_calls.is_empty() => Value::from(""),
        None => return Err(fields::missing("content")),
        Some(content) => content,
    };
    let content = read_content(content).map_err(|reason| wrong_type(&place("content"), &reason))?;
    // What the API itself returns in an answer may come back with it.
    fields.only("refusal", &[], "answers are texts")?;
    fields.only("annotations", &[json!([])], "answers are texts")?;
    fields.finish()?;
    Ok(Message { role, content, tool_calls, tool_call_id })
}

/// A text, or parts that are all text.
fn read_content(content: Value) -> Result<String, String> {
    match content {
        Value::String(text) => Ok(text),
        Value::Array(parts) => parts
            .into_iter()
            .map(|part| match serde_json::from_value(part) {
                Ok(Part::Text { text }) => Ok(text),
                Err(_) => Err("this model reads text only; give a string or parts of type text".to_owned()),
            })
            .collect(),
        _ => Err("it must be a string or a list of parts".to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Part {
    Text { text: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
    #[serde(default, rename = "include_obfuscation")]
    _include_obfuscation: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stop {
    One(String),
    Many(Vec<String>),
}

impl Stop {
    fn into_list(self) -> Vec<String> {
        match self {
            Stop::One(text) => vec![text],
            Stop::Many(texts) => texts,
        }
    }
}
