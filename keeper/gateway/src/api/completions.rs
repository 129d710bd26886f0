//! `/v1/completions`: the prompt is put to the model as one message of the user. The models that are served are chat
//! models; continuing a bare text is not what they were trained for.

use std::sync::Arc;

use opg_engine::{Message, Role, Task};
use serde_json::{Value, json};

use super::{Endpoint, Prepared, chat, fields::Fields};
use crate::{ApiError, model::Model};

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
    let content = match fields.required("prompt")? {
        Value::String(text) => text,
        Value::Array(mut list) if list.len() == 1 && list.first().is_some_and(Value::is_string) => {
            match list.pop() {
                Some(Value::String(text)) => text,
                _ => String::new(),
            }
        }
        _ => {
            let message =
                "give one prompt as a string; several prompts, and prompts of token ids, are not supported";
            return Err(ApiError::invalid("prompt", "unsupported_parameter", message));
        }
    };
    chat::chat(fields, model, Endpoint::Completions, vec![Message::new(Role::User, content)])
}
