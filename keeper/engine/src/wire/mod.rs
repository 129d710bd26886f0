//! The bytes of on-chain inputs and outputs. What is hashed into a receipt is exactly these bytes.
//!
//! | task | input | output |
//! |---|---|---|
//! | `chat/1` | UTF-8 JSON object of [`ChatInput`](crate::ChatInput) | UTF-8 text |
//! | `embedding/1` | UTF-8 JSON object of [`EmbeddingInput`](crate::EmbeddingInput) | per component a big-endian i16 of round(x · 32767) |
//! | `tensor/1` | one byte per value of the model's input | one byte per value of its output, or four: big-endian with 2^31 added |
//!
//! Tensors are not wrapped in JSON: a proof binds the very bytes that the chain hashes, and parsing inside a circuit would cost
//! more than most models.

mod chat;
mod embedding;
mod tensor;

use serde::de::DeserializeOwned;

use crate::{Input, InputError, Output, Task};

/// Most bytes of an encoded input.
pub const MAX_INPUT_BYTES: usize = 256 * 1024;

/// Most bytes of an encoded output.
pub const MAX_OUTPUT_BYTES: usize = 256 * 1024;

impl Task {
    /// Decodes a request, refusing unknown fields and values out of range.
    pub fn decode_input(&self, bytes: &[u8]) -> Result<Input, InputError> {
        match self {
            Task::Chat => chat::decode(bytes).map(Input::Chat),
            Task::Embedding => embedding::decode(bytes).map(Input::Embedding),
            Task::Tensor => tensor::decode(bytes).map(Input::Tensor),
        }
    }

    /// Decodes an answer, for whoever reads it from the chain.
    pub fn decode_output(&self, bytes: &[u8]) -> Result<Output, InputError> {
        if bytes.len() > MAX_OUTPUT_BYTES {
            return Err(InputError::TooLarge { found: bytes.len(), limit: MAX_OUTPUT_BYTES });
        }
        match self {
            Task::Chat => std::str::from_utf8(bytes)
                .map(|text| Output::Text(text.to_owned()))
                .map_err(|error| InputError::Malformed { task: self.to_string(), reason: error.to_string() }),
            Task::Embedding => embedding::decode_vector(bytes).map(Output::Embedding),
            Task::Tensor => Ok(Output::Tensor(bytes.to_vec())),
        }
    }
}

impl Input {
    /// Encodes a request; [`Task::decode_input`] reads it back.
    pub fn encode(&self) -> Vec<u8> {
        let encoded = match self {
            Input::Chat(chat) => serde_json::to_vec(chat),
            Input::Embedding(embedding) => serde_json::to_vec(embedding),
            Input::Tensor(tensor) => Ok(tensor.values.clone()),
        };
        // Plain structs of strings and numbers have no way to fail; an empty input would be refused.
        encoded.unwrap_or_default()
    }

    /// Checks the ranges that [`Task::decode_input`] checks, for inputs that were built in code.
    pub fn validate(&self) -> Result<(), InputError> {
        match self {
            Input::Chat(chat) => chat::validate(chat),
            Input::Embedding(embedding) => embedding::validate(embedding),
            Input::Tensor(tensor) => tensor::validate(tensor),
        }
    }
}

impl Output {
    /// Encodes an answer.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Output::Text(text) => text.as_bytes().to_vec(),
            Output::Embedding(vector) => embedding::encode_vector(vector),
            Output::Tensor(bytes) => bytes.clone(),
        }
    }
}

fn parse<T: DeserializeOwned>(task: Task, bytes: &[u8]) -> Result<T, InputError> {
    if bytes.len() > MAX_INPUT_BYTES {
        return Err(InputError::TooLarge { found: bytes.len(), limit: MAX_INPUT_BYTES });
    }
    serde_json::from_slice(bytes)
        .map_err(|error| InputError::Malformed { task: task.to_string(), reason: error.to_string() })
}
