//! What goes back: the output that a receipt commits to, and the events that carry it.
//!
//! The output of an answer is the JSON under `choices` or `data` of its body, whether it was streamed or not: whoever
//! has the answer can hash it.

use alloy::{
    hex,
    primitives::{B256, keccak256},
};
use opg_engine::{Completion, FinishReason, Output};
use serde_json::{Value, json};

use super::{Prepared, calls::Call, infer};

/// How an answer is streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Whether the last event but `[DONE]` is one with the usage.
    pub(crate) include_usage: bool,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As a message.
    Chat(Option<Stream>),
    /// As bare text.
    Text(Option<Stream>),
    /// As vectors.
    Embeddings {
        /// As base64 of little-endian floats instead of numbers.
        base64: bool,
    },
    /// As a tensor.
    Tensor,
}

/// What surrounds the output in a body.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) created: u64,
    pub(crate) model: String,
    pub(crate) version: B256,
    pub(crate) input_tokens: u32,
    pub(crate) output_tokens: u32,
}

impl Shape {
    /// How it is streamed, if it is.
    pub(crate) fn stream(self) -> Option<Stream> {
        match self {
            Shape::Chat(stream) | Shape::Text(stream) => stream,
            Shape::Embeddings { .. } | Shape::Tensor => None,
        }
    }

    /// What identifiers of such answers begin with.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Shape::Chat(_) => "chatcmpl",
            Shape::Text(_) => "cmpl",
            Shape::Embeddings { .. } => "embd",
            Shape::Tensor => "infer",
        }
    }

    pub(super) fn item(self, index: usize, completion: &Completion, prepared: &Prepared) -> Value {
        match (&completion.output, self) {
            (Output::Text(text), Shape::Text(_)) => {
                json!({ "finish_reason": finish(completion), "index": index, "text": text })
            }
            (Output::Text(text), _) => {
                let whole = completion.finish_reason == FinishReason::Stop;
                match prepared.calls.as_ref().filter(|_| whole).and_then(|calls| calls.read(text)) {
                    Some((content, calls)) => json!({
                        "finish_reason": "tool_calls",
                        "index": index,
                        "message": calling(content, &calls, prepared.input_hash),
                    }),
                    None => json!({
                        "finish_reason": finish(completion),
                        "index": index,
                        "message": { "content": text, "role": "assistant" },
                    }),
                }
            }
            // Each float as the double that it equals, so that every client hashes the same digits.
            (Output::Embedding(vector), _) => {
                let vector: Vec<f64> = vector.iter().copied().map(f64::from).collect();
                json!({ "embedding": vector, "index": index, "object": "embedding" })
            }
            (Output::Tensor(values), _) => json!({
                "data": values,
                "datatype": infer::TYPE,
                "name": infer::OUTPUT,
                "shape": [values.len()],
            }),
            #[allow(unreachable_patterns, reason = "the engine may learn further kinds of output")]
            (other, _) => json!({ "index": index, "output": format!("{other:?}") }),
        }
    }

    /// An event with the next piece of text; the first one says who speaks.
    pub(crate) fn piece(self, envelope: &Envelope, text: &str, first: bool) -> Value {
        let choice = match self {
            Shape::Text(_) => json!({ "index": 0, "text": text, "finish_reason": null }),
            _ if first => {
                json!({ "index": 0, "delta": { "role": "assistant", "content": text }, "finish_reason": null })
            }
            _ => json!({ "index": 0, "delta": { "content": text }, "finish_reason": null }),
        };
        self.event(envelope, json!([choice]))
    }

    /// An event with the calls of `output`, if there are any; the first one says who speaks.
    pub(crate) fn calls(self, envelope: &Envelope, output: &Value, first: bool) -> Option<Value> {
        let mut calls = output.pointer("/0/message/tool_calls")?.clone();
        for (index, call) in calls.as_array_mut()?.iter_mut().enumerate() {
            call["index"] = index.into();
        }
        let mut delta = json!({ "tool_calls": calls });
        if first {
            delta["role"] = "assistant".into();
            delta["content"] = Value::Null;
        }
        Some(self.event(envelope, json!([{ "index": 0, "delta": delta, "finish_reason": null }])))
    }

    /// The last events: how the text ended, then the usage if it is wanted. The receipt is in the last one.
    pub(crate) fn end(self, envelope: &Envelope, output: &Value, opg: Value) -> Vec<Value> {
        let reason = output.pointer("/0/finish_reason").cloned().unwrap_or(Value::Null);
        let choice = match self {
            Shape::Text(_) => json!({ "index": 0, "text": "", "finish_reason": reason }),
            _ => json!({ "index": 0, "delta": {}, "finish_reason": reason }),
        };
        let mut events = vec![self.event(envelope, json!([choice]))];
        if self.stream().is_some_and(|stream| stream.include_usage) {
            let mut last = self.event(envelope, json!([]));
            last["usage"] = envelope.usage();
            events.push(last);
        }
        if let Some(last) = events.last_mut() {
            last["opg"] = opg;
        }
        events
    }

    fn event(self, envelope: &Envelope, choices: Value) -> Value {
        json!({
            "id": envelope.id,
            "object": if matches!(self, Shape::Text(_)) { "text_completion" } else { "chat.completion.chunk" },
            "created": envelope.created,
            "model": envelope.model,
            "choices": choices,
        })
    }

    /// The text of an output.
    pub(crate) fn text_of(self, output: &Value) -> &str {
        let place = if matches!(self, Shape::Text(_)) { "/0/text" } else { "/0/message/content" };
        output.pointer(place).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Envelope {
    pub(super) fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens,
            "total_tokens": u64::from(self.input_tokens) + u64::from(self.output_tokens),
        })
    }
}

fn finish(completion: &Completion) -> &'static str {
    match completion.finish_reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
    }
}

/// The message that asks for calls. Their names follow from the request, so that whoever runs it again finds the same.
fn calling(content: &str, calls: &[Call], input_hash: B256) -> Value {
    let each = calls.iter().enumerate().map(|(index, call)| {
        let id = keccak256([input_hash.as_slice(), &(index as u64).to_be_bytes()].concat());
        json!({
            "id": format!("call_{}", hex::encode(&id[..12])),
            "type": "function",
            "function": { "name": call.name, "arguments": call.arguments },
        })
    });
    let content = if content.trim().is_empty() { Value::Null } else { content.into() };
    json!({ "content": content, "role": "assistant", "tool_calls": each.collect::<Vec<_>>() })
}
