//! `/v1/completions`: each prompt is put to the model by itself, as one message of the user. The models that are served are chat
//! models; continuing a bare text is not what they were trained for.

use std::sync::Arc;

use opg_engine::{ChatInput, Input, Message, Role, Task};
use serde_json::{Value, json};

use super::{Endpoint, Prepared, chat, fields::Fields};
use crate::{ApiError, model::Model};

/// Most prompts of one request: they are answered one after the other, in one turn.
const MOST_PROMPTS: usize = 16;

pub(super) fn prepare(fields: &mut Fields, model: Arc<Model>) -> Result<Prepared, ApiError> {
    model.needs(Task::Chat)?;
    let sampler = "its sampler has temperature, top_p, seed and stop";
    for (name, neutral, why) in [
        ("n", vec![json!(1)], "it gives one answer per request"),
        ("best_of", vec![json!(1)], "it gives one answer per request"),
        ("echo", vec![json!(false)], "the prompt is not repeated"),
        ("logprobs", vec![json!(0)], "probabilities are not reported"),
        ("suffix", vec![json!("")], "it writes forwards only"),
        ("frequency_penalty", vec![json!(0)], sampler),
        ("presence_penalty", vec![json!(0)], sampler),
        ("logit_bias", vec![json!({})], sampler),
    ] {
        fields.only(name, &neutral, why)?;
    }
    let prompts = read(fields.required("prompt")?)?;
    let mut prepared = chat::chat(fields, model, Endpoint::Completions, Vec::new())?;
    if prompts.len() > 1 && prepared.shape.stream().is_some() {
        let message = "the answers to several prompts are not streamed; leave `stream` out, or send the prompts one by one";
        return Err(ApiError::invalid("stream", "unsupported_parameter", message));
    }
    prepared.text_bytes = prompts.iter().map(String::len).sum();
    prepared.messages = prompts.len();
    let asked = std::mem::take(&mut prepared.inputs);
    // What else was asked for holds for each prompt.
    prepared.inputs = prompts
        .iter()
        .flat_map(|prompt| asked.iter().cloned().map(|input| with_prompt(input, prompt)))
        .collect();
    Ok(prepared)
}

/// One prompt, or a list of them.
fn read(prompt: Value) -> Result<Vec<String>, ApiError> {
    let prompts = match prompt {
        Value::String(text) => vec![text],
        other => serde_json::from_value::<Vec<String>>(other).map_err(|_| {
            let message = "give a text or a list of texts; prompts of token ids are not supported";
            ApiError::invalid("prompt", "unsupported_parameter", message)
        })?,
    };
    if prompts.is_empty() || prompts.len() > MOST_PROMPTS {
        let message = format!("{} prompts; give between 1 and {MOST_PROMPTS}", prompts.len());
        return Err(ApiError::invalid("prompt", "invalid_value", message));
    }
    Ok(prompts)
}

fn with_prompt(input: Input, prompt: &str) -> Input {
    match input {
        Input::Chat(chat) => {
            Input::Chat(ChatInput { messages: vec![Message::new(Role::User, prompt)], ..chat })
        }
        other => other,
    }
}
