//! What comes back, and what of it is believed.

use opg_engine::{FinishReason, Usage, wire::MAX_OUTPUT_BYTES};
use serde::Deserialize;

/// Most components of a vector.
const MAX_WIDTH: usize = 1 << 14;

/// One event of a streamed chat, as far as it matters.
#[derive(Debug, Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Reported>,
    error: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    content: Option<String>,
}

/// What the server says that it counted.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Reported {
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// A chat's answer as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct ChatAnswer {
    text: String,
    finish: Option<FinishReason>,
    usage: Option<Reported>,
    done: bool,
}

impl ChatAnswer {
    /// Takes one event; the text that it adds.
    pub(crate) fn take(&mut self, data: &str) -> Result<String, String> {
        if self.done {
            return Err("its stream goes on behind its end".to_owned());
        }
        if data == "[DONE]" {
            self.done = true;
            return Ok(String::new());
        }
        let chunk: Chunk = serde_json::from_str(data)
            .map_err(|error| format!("an event of its stream is not what a chat's is: {error}"))?;
        if chunk.error.is_some() {
            return Err("it failed in the middle of the answer".to_owned());
        }
        self.usage = chunk.usage.or(self.usage);
        let mut added = String::new();
        for choice in chunk.choices {
            if choice.index != 0 {
                return Err("it gives several answers where one was asked for".to_owned());
            }
            let content = choice.delta.content.unwrap_or_default();
            if self.finish.is_some() && !content.is_empty() {
                return Err("its answer goes on behind its end".to_owned());
            }
            added.push_str(&content);
            if let Some(reason) = choice.finish_reason {
                self.finish = Some(finish(&reason)?);
            }
        }
        if self.text.len() + added.len() > MAX_OUTPUT_BYTES {
            return Err(format!("its answer is longer than {MAX_OUTPUT_BYTES} bytes"));
        }
        self.text.push_str(&added);
        Ok(added)
    }

    /// Whether the server has said that nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Text, why it ended, and what it is charged as: at most `input` tokens read and `most` written.
    pub(crate) fn finish(self, input: u32, most: u32) -> Result<(String, FinishReason, Usage), String> {
        if !self.done {
            return Err("its stream ended before its end".to_owned());
        }
        let finish = self.finish.ok_or("it does not say why its answer ended")?;
        let reported = self.usage.ok_or("it does not say how many tokens it read and wrote")?;
        // Every token but the last, which ends the answer, is a byte of text at least.
        let most = most.min(u32::try_from(self.text.len()).unwrap_or(u32::MAX).saturating_add(1));
        let usage = Usage {
            input_tokens: at_most(reported.prompt_tokens, input),
            output_tokens: at_most(reported.completion_tokens, most),
        };
        Ok((self.text, finish, usage))
    }
}

fn finish(reason: &str) -> Result<FinishReason, String> {
    match reason {
        "stop" => Ok(FinishReason::Stop),
        "length" => Ok(FinishReason::Length),
        "content_filter" => Err("it withheld the answer by a filter of its own".to_owned()),
        _ => Err("its answer ended for a reason that is none of a chat".to_owned()),
    }
}

fn at_most(reported: u64, limit: u32) -> u32 {
    u32::try_from(reported).unwrap_or(u32::MAX).min(limit)
}

#[derive(Debug, Deserialize)]
struct Vectors {
    data: Vec<Vector>,
    usage: Reported,
}

#[derive(Debug, Deserialize)]
struct Vector {
    embedding: Vec<f32>,
}

/// The vector, scaled to length 1, and the tokens that were read, at most `input`.
pub(crate) fn embedding(body: &[u8], input: u32) -> Result<(Vec<f32>, Usage), String> {
    let answer: Vectors = serde_json::from_slice(body)
        .map_err(|error| format!("its answer is not that of embeddings: {error}"))?;
    let [Vector { embedding }] = &answer.data[..] else {
        return Err(format!("it gives {} vectors where one was asked for", answer.data.len()));
    };
    if embedding.len() > MAX_WIDTH {
        return Err(format!("its vector has {} components, at most {MAX_WIDTH} are taken", embedding.len()));
    }
    let length = embedding.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if !(length.is_finite() && length > 0.0) {
        return Err(format!("its vector has length {length}"));
    }
    let vector = embedding.iter().map(|x| (f64::from(*x) / length) as f32).collect();
    Ok((vector, Usage { input_tokens: at_most(answer.usage.prompt_tokens, input), output_tokens: 0 }))
}

#[derive(Debug, Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Debug, Deserialize)]
struct Model {
    id: String,
}

/// Refuses a list of models in which `name` is not.
pub(crate) fn lists(body: &[u8], name: &str) -> Result<(), String> {
    let models: Models = serde_json::from_slice(body)
        .map_err(|error| format!("its list of models cannot be read: {error}"))?;
    if models.data.iter().any(|model| model.id == name) {
        return Ok(());
    }
    let known: Vec<_> = models.data.iter().take(8).map(|model| model.id.as_str()).collect();
    Err(format!("it has no model `{name}`; it has {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"choices":[{"index":0,"delta":{"content":"abc"},"finish_reason":null}]}"#;
    const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#;

    fn of(events: &[&str]) -> Result<(String, FinishReason, Usage), String> {
        let mut answer = ChatAnswer::default();
        for event in events {
            answer.take(event)?;
        }
        answer.finish(100, 50)
    }

    #[test]
    fn an_answer_has_text_end_and_usage() {
        let (text, finish, usage) = of(&[TEXT, TEXT, STOP, USAGE, "[DONE]"]).unwrap();
        assert_eq!((text.as_str(), finish), ("abcabc", FinishReason::Stop));
        assert_eq!(usage, Usage { input_tokens: 5, output_tokens: 2 });
    }

    #[test]
    fn nobody_pays_for_a_count_that_cannot_be() {
        let usage = |reported: &str| of(&[TEXT, STOP, reported, "[DONE]"]).unwrap().2;
        let lie = r#"{"usage":{"prompt_tokens":18446744073709551615,"completion_tokens":9999}}"#;
        // Three bytes are three tokens at most, and one ends the answer.
        assert_eq!(usage(lie), Usage { input_tokens: 100, output_tokens: 4 });
        let mut long = ChatAnswer::default();
        for _ in 0..40 {
            long.take(TEXT).unwrap();
        }
        for event in [STOP, lie, "[DONE]"] {
            long.take(event).unwrap();
        }
        assert_eq!(long.finish(100, 50).unwrap().2.output_tokens, 50);
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_no_answer() {
        for (events, reason) in [
            (vec![TEXT, STOP, USAGE], "before its end"),
            (vec![TEXT, USAGE, "[DONE]"], "why its answer ended"),
            (vec![TEXT, STOP, "[DONE]"], "how many tokens"),
            (vec![TEXT, STOP, USAGE, "[DONE]", TEXT], "behind its end"),
            (vec![STOP, TEXT], "behind its end"),
            (vec![r#"{"choices":[{"index":1,"delta":{}}]}"#], "several"),
            (vec![r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#], "withheld"),
            (vec![r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#], "none of a chat"),
            (vec![TEXT, r#"{"error":{"message":"out of memory"}}"#], "failed"),
            (vec!["not json"], "is not what"),
        ] {
            let error = of(&events).unwrap_err();
            assert!(error.contains(reason), "{events:?}: {error}");
        }
        let mut answer = ChatAnswer::default();
        let piece = format!(r#"{{"choices":[{{"delta":{{"content":"{}"}}}}]}}"#, "x".repeat(1 << 16));
        assert!((0..5).map(|_| answer.take(&piece)).any(|taken| taken.is_err()));
    }

    #[test]
    fn a_vector_is_scaled_and_nothing_else_is_taken_for_one() {
        let body = |vectors: &str| format!(r#"{{"data":{vectors},"usage":{{"prompt_tokens":900}}}}"#);
        let (vector, usage) = embedding(body(r#"[{"embedding":[3,4]}]"#).as_bytes(), 7).unwrap();
        assert_eq!((vector, usage.input_tokens), (vec![0.6, 0.8], 7));
        for bad in [
            body("[]"),
            body(r#"[{"embedding":[1]},{"embedding":[1]}]"#),
            body(r#"[{"embedding":[]}]"#),
            body(r#"[{"embedding":[0,0]}]"#),
            body(r#"[{"embedding":[1e39]}]"#),
            r#"{"data":[{"embedding":[1]}]}"#.to_owned(),
        ] {
            assert!(embedding(bad.as_bytes(), 7).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_server_without_the_model_says_what_it_has() {
        let body = br#"{"data":[{"id":"a"},{"id":"b"}]}"#;
        assert_eq!(lists(body, "a"), Ok(()));
        assert_eq!(lists(body, "c").unwrap_err(), "it has no model `c`; it has a, b");
    }
}
