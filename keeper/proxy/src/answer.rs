//! The part of an answer that its receipt commits to, read from a body or put together from the events of a stream, and what
//! of it is handed on.
//!
//! What is handed on is written anew from what was read: fields that nobody knows are left out, and the model bears the name
//! that the caller used. So no reader can see something else than what was checked.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

/// Fields of a body or an event that are handed on as the node wrote them, besides what the receipt commits to. No receipt
/// commits to them.
const AROUND: [&str; 4] = ["created", "id", "object", "usage"];

/// An answer that came as one body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Whole {
    /// What is handed on.
    pub(crate) body: Value,
    /// What the receipt commits to.
    pub(crate) output: Value,
    /// What is under `opg`.
    pub(crate) extension: Option<Value>,
}

/// Reads an answer that came as one body. `name` is what the caller calls the model.
pub(crate) fn whole(body: &[u8], name: &str) -> Result<Whole, String> {
    let mut fields: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| format!("it is not an answer: {error}"))?;
    let extension = fields.remove("opg");
    let (field, shown) = ["choices", "data"]
        .into_iter()
        .find_map(|field| fields.remove(field).map(|shown| (field, shown)))
        .ok_or("it has neither choices nor data")?;
    let mut output = shown.clone();
    for item in output.as_array_mut().into_iter().flatten() {
        with_numbers(item)?;
    }
    let mut body = around(&mut fields, name);
    body[field] = shown;
    if let Some(extension) = &extension {
        body["opg"] = extension.clone();
    }
    Ok(Whole { body, output, extension })
}

fn around(fields: &mut Map<String, Value>, name: &str) -> Value {
    let known = AROUND.into_iter().filter_map(|field| Some((field.to_owned(), fields.remove(field)?)));
    let mut around: Map<String, Value> = known.collect();
    around.insert("model".to_owned(), name.into());
    around.into()
}

/// The receipt commits to embeddings as numbers, however they were sent.
fn with_numbers(item: &mut Value) -> Result<(), String> {
    let Some(Value::String(text)) = item.get("embedding") else { return Ok(()) };
    let bytes =
        BASE64_STANDARD.decode(text).map_err(|error| format!("an embedding is not base64: {error}"))?;
    if bytes.len() % 4 != 0 {
        return Err("an embedding is not whole".to_owned());
    }
    let floats = bytes.chunks_exact(4).map(|four| {
        let mut word = [0; 4];
        word.copy_from_slice(four);
        f64::from(f32::from_le_bytes(word))
    });
    let floats: Vec<f64> = floats.collect();
    if !floats.iter().all(|float| float.is_finite()) {
        return Err("an embedding has something that is not a number".to_owned());
    }
    item["embedding"] = floats.into();
    Ok(())
}

/// Puts an answer together from the events of a stream.
#[derive(Debug, Default)]
pub(crate) struct Streamed {
    text: String,
    is_text: bool,
    finish: Value,
    calls: Vec<Value>,
    extension: Option<Value>,
}

/// An event that was taken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Taken {
    /// What is handed on.
    pub(crate) event: Value,
    /// Whether it has the receipt.
    pub(crate) is_last: bool,
    /// What went wrong at the node, if it says that something did.
    pub(crate) error: Option<String>,
}

impl Streamed {
    /// Takes the data of an event other than the closing `[DONE]`. `name` is what the caller calls the model.
    pub(crate) fn add(&mut self, data: &str, name: &str) -> Result<Taken, String> {
        let mut fields: Map<String, Value> =
            serde_json::from_str(data).map_err(|error| format!("an event is not an object: {error}"))?;
        let error = fields.remove("error").map(|error| error.to_string().chars().take(500).collect());
        let choices = match fields.remove("choices") {
            Some(Value::Array(choices)) => choices,
            None => Vec::new(),
            Some(_) => return Err("the choices of an event are not a list".to_owned()),
        };
        self.extension = fields.remove("opg");
        let mut event = around(&mut fields, name);
        event["choices"] = choices.clone().into();
        if let Some(extension) = &self.extension {
            event["opg"] = extension.clone();
        }
        self.add_choices(choices)?;
        Ok(Taken { event, is_last: self.extension.is_some(), error })
    }

    fn add_choices(&mut self, mut choices: Vec<Value>) -> Result<(), String> {
        let Some(choice) = choices.pop() else { return Ok(()) };
        let Value::Object(mut choice) = choice else { return Err("a choice is not an object".to_owned()) };
        if !choices.is_empty() || choice.remove("index") != Some(json!(0)) {
            return Err("an event has other choices than one of index 0".to_owned());
        }
        if let Some(finish) = choice.remove("finish_reason").filter(|finish| !finish.is_null()) {
            self.finish = finish;
        }
        match choice.remove("delta") {
            Some(Value::Object(delta)) => self.add_delta(delta)?,
            Some(_) => return Err("a delta is not an object".to_owned()),
            None => {
                self.is_text = true;
                self.add_text(choice.remove("text"))?;
            }
        }
        none_left(&choice)
    }

    fn add_delta(&mut self, mut delta: Map<String, Value>) -> Result<(), String> {
        if delta.remove("role").is_some_and(|role| role != "assistant") {
            return Err("an event speaks in another role".to_owned());
        }
        self.add_text(delta.remove("content"))?;
        match delta.remove("tool_calls") {
            None | Some(Value::Null) => {}
            Some(Value::Array(calls)) => calls.into_iter().try_for_each(|call| self.add_call(call))?,
            Some(_) => return Err("the calls of an event are not a list".to_owned()),
        }
        none_left(&delta)
    }

    fn add_text(&mut self, text: Option<Value>) -> Result<(), String> {
        match text {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(text)) => {
                self.text.push_str(&text);
                Ok(())
            }
            Some(_) => Err("a piece is not text".to_owned()),
        }
    }

    /// A node sends each call whole, numbered in order; clients that put pieces together must not find others.
    fn add_call(&mut self, mut call: Value) -> Result<(), String> {
        let fields = call.as_object_mut().ok_or("a call is not an object")?;
        if fields.remove("index") != Some(self.calls.len().into()) {
            return Err("an event has a call of a tool that is not the next one".to_owned());
        }
        self.calls.push(call);
        Ok(())
    }

    /// What the receipt commits to, and what is under `opg`.
    pub(crate) fn end(self) -> (Value, Option<Value>) {
        let Self { text, is_text, finish, calls, extension } = self;
        let choice = if is_text {
            json!({ "finish_reason": finish, "index": 0, "text": text })
        } else if calls.is_empty() {
            json!({ "finish_reason": finish, "index": 0, "message": { "content": text, "role": "assistant" } })
        } else {
            let content = if text.is_empty() { Value::Null } else { text.into() };
            let message = json!({ "content": content, "role": "assistant", "tool_calls": calls });
            json!({ "finish_reason": finish, "index": 0, "message": message })
        };
        (json!([choice]), extension)
    }
}

/// What the receipt does not commit to must not reach a caller as if it did.
fn none_left(fields: &Map<String, Value>) -> Result<(), String> {
    match fields.iter().find(|(_, value)| !value.is_null()) {
        None => Ok(()),
        Some((name, _)) => Err(format!("an event has a part that no receipt commits to: {name:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(streamed: &mut Streamed, event: &Value) -> Result<Taken, String> {
        streamed.add(&event.to_string(), "m")
    }

    #[test]
    fn only_what_is_known_is_handed_on_under_the_callers_name() {
        let body = json!({
            "id": "1", "object": "chat.completion", "created": 5, "model": "node's", "choices": [{ "index": 0 }], "strange": 1,
        });
        let handed_on = json!({ "id": "1", "object": "chat.completion", "created": 5, "model": "m", "choices": [{ "index": 0 }] });
        assert_eq!(whole(body.to_string().as_bytes(), "m").unwrap().body, handed_on);
        // Of a key that occurs twice, the caller sees the one that was checked.
        let twice = whole(br#"{"choices":[1],"choices":[2]}"#, "m").unwrap();
        assert_eq!((&twice.body["choices"], &twice.output), (&json!([2]), &json!([2])));
        let event = json!({ "choices": [{ "index": 0, "delta": { "content": "a" } }], "model": "node's", "strange": 1 });
        let taken = add(&mut Streamed::default(), &event).unwrap();
        assert_eq!(taken.event, json!({ "choices": event["choices"], "model": "m" }));
    }

    #[test]
    fn an_error_of_the_node_is_told() {
        let taken = add(&mut Streamed::default(), &json!({ "error": { "code": "timeout" } })).unwrap();
        assert_eq!(taken.error.as_deref(), Some(r#"{"code":"timeout"}"#));
    }

    #[test]
    fn events_make_up_the_answer_that_was_hashed() {
        let mut streamed = Streamed::default();
        for (event, last) in [
            (
                json!({ "choices": [{ "index": 0, "delta": { "role": "assistant", "content": "Pa" }, "finish_reason": null }] }),
                false,
            ),
            (
                json!({ "choices": [{ "index": 0, "delta": { "content": "ris" }, "finish_reason": null }] }),
                false,
            ),
            (json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }), false),
            (json!({ "choices": [], "opg": { "chainId": 1 } }), true),
        ] {
            assert_eq!(add(&mut streamed, &event).map(|taken| taken.is_last), Ok(last));
        }
        let (output, extension) = streamed.end();
        let message = json!({ "content": "Paris", "role": "assistant" });
        assert_eq!(output, json!([{ "finish_reason": "stop", "index": 0, "message": message }]));
        assert_eq!(extension, Some(json!({ "chainId": 1 })));
    }

    #[test]
    fn calls_of_tools_are_numbered_in_order() {
        let mut streamed = Streamed::default();
        let call = |index: u64| {
            let function = json!({ "name": "f", "arguments": "{}" });
            let call = json!({ "index": index, "id": "call_1", "type": "function", "function": function });
            json!({ "choices": [{ "index": 0, "delta": { "tool_calls": [call] }, "finish_reason": null }] })
        };
        add(&mut streamed, &call(0)).unwrap();
        assert!(add(&mut streamed, &call(0)).is_err() && add(&mut streamed, &call(2)).is_err());
        add(&mut streamed, &call(1)).unwrap();
        let (output, _) = streamed.end();
        let message = &output[0]["message"];
        assert_eq!(message["content"], Value::Null);
        let whole =
            json!({ "id": "call_1", "type": "function", "function": { "name": "f", "arguments": "{}" } });
        assert_eq!(message["tool_calls"], json!([whole, whole]));
    }

    #[test]
    fn what_no_receipt_commits_to_is_refused() {
        for event in [
            json!({ "choices": [{ "index": 1, "delta": {} }] }),
            json!({ "choices": [{ "index": 0, "delta": { "content": "a" } }, { "index": 0, "delta": {} }] }),
            json!({ "choices": [{ "index": 0, "delta": { "reasoning": "x" } }] }),
            json!({ "choices": [{ "index": 0, "delta": { "role": "system" } }] }),
            json!({ "choices": [{ "index": 0, "delta": { "content": 5 } }] }),
            json!({ "choices": [{ "index": 0, "delta": {}, "logprobs": {} }] }),
        ] {
            assert!(add(&mut Streamed::default(), &event).is_err(), "{event}");
        }
    }

    #[test]
    fn embeddings_are_numbers_however_they_were_sent() {
        let bytes: Vec<u8> = [0.5_f32, 0.1].iter().flat_map(|float| float.to_le_bytes()).collect();
        let body = json!({ "data": [{ "embedding": BASE64_STANDARD.encode(bytes), "index": 0 }] });
        let answer = whole(body.to_string().as_bytes(), "m").unwrap();
        assert_eq!(answer.output[0]["embedding"], json!([0.5, f64::from(0.1_f32)]));
        assert_eq!(answer.body["data"], body["data"], "the caller gets the form that it asked for");
        let nan = BASE64_STANDARD.encode(f32::NAN.to_le_bytes());
        for bad in [
            json!({ "data": [{ "embedding": "AAA=" }] }),
            json!({ "data": [{ "embedding": nan }] }),
            json!({}),
        ] {
            assert!(whole(bad.to_string().as_bytes(), "m").is_err(), "{bad}");
        }
    }
}
