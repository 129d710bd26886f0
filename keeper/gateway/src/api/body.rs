//! The whole body of an answer that is not streamed. Output and receipt stand in it as they are stored and signed, so that
//! neither is read and written once more.

use alloy::primitives::B256;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

use super::{Envelope, Shape};

#[derive(Serialize)]
struct Generated<'a> {
    choices: &'a RawValue,
    created: u64,
    id: &'a str,
    model: &'a str,
    object: &'static str,
    opg: &'a RawValue,
    usage: Value,
}

#[derive(Serialize)]
struct Embedded<'a> {
    data: &'a RawValue,
    model: &'a str,
    object: &'static str,
    opg: &'a RawValue,
    usage: Value,
}

#[derive(Serialize)]
struct Inferred<'a> {
    id: &'a str,
    model_name: &'a str,
    model_version: B256,
    opg: &'a RawValue,
    outputs: &'a RawValue,
}

impl Shape {
    /// The body with this output and what is under `opg`.
    ///
    /// # Errors
    /// If the output is not JSON.
    pub(crate) fn body(
        self,
        envelope: &Envelope,
        output: &RawValue,
        opg: &RawValue,
    ) -> serde_json::Result<String> {
        let (id, model) = (envelope.id.as_str(), envelope.model.as_str());
        match self {
            Shape::Chat(_) | Shape::Text(_) => serde_json::to_string(&Generated {
                choices: output,
                created: envelope.created,
                id,
                model,
                object: if matches!(self, Shape::Text(_)) { "text_completion" } else { "chat.completion" },
                opg,
                usage: envelope.usage(),
            }),
            Shape::Embeddings { base64 } => {
                let encoded = if base64 { Some(with_base64(output)?) } else { None };
                let tokens = envelope.input_tokens;
                serde_json::to_string(&Embedded {
                    data: encoded.as_deref().unwrap_or(output),
                    model,
                    object: "list",
                    opg,
                    usage: json!({ "prompt_tokens": tokens, "total_tokens": tokens }),
                })
            }
            Shape::Tensor => serde_json::to_string(&Inferred {
                id,
                model_name: model,
                model_version: envelope.version,
                opg,
                outputs: output,
            }),
        }
    }
}

fn with_base64(output: &RawValue) -> serde_json::Result<Box<RawValue>> {
    let mut output: Value = serde_json::from_str(output.get())?;
    for item in output.as_array_mut().into_iter().flatten() {
        let Some(vector) = item.get("embedding").and_then(Value::as_array) else { continue };
        #[allow(clippy::cast_possible_truncation, reason = "each was a float before")]
        let bytes: Vec<u8> =
            vector.iter().flat_map(|x| (x.as_f64().unwrap_or_default() as f32).to_le_bytes()).collect();
        item["embedding"] = BASE64_STANDARD.encode(bytes).into();
    }
    to_raw_value(&output)
}
