//! Which files make up a model and what a request to it may use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{EngineError, Task, digest};

/// What one request to a model may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most input tokens, chat template included; the model's context length is a further limit.
    pub max_input_tokens: u32,
    /// Most output tokens, whatever the request says.
    pub max_output_tokens: u32,
    /// Output tokens of a request that does not say.
    pub default_output_tokens: u32,
    /// Longest time from acceptance to answer; waiting and loading count.
    pub max_duration: Duration,
}

impl Limits {
    /// Most output tokens of a request that asks for at most `asked`.
    pub fn output(&self, asked: Option<u32>) -> u32 {
        asked.unwrap_or(self.default_output_tokens).min(self.max_output_tokens)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_input_tokens: 2048,
            max_output_tokens: 1024,
            default_output_tokens: 256,
            max_duration: Duration::from_secs(300),
        }
    }
}

/// A model as an operator serves it: local files, pinned by the digests of its registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelManifest {
    /// Name by which requests refer to it; unique within an engine.
    pub name: String,
    /// What it does.
    pub task: Task,
    /// GGUF for chat, safetensors for embeddings, a file of `opg model import` for tensors.
    pub weights: PathBuf,
    /// `tokenizer.json`; absent where the weights file carries the tokenizer (GGUF).
    pub tokenizer: Option<PathBuf>,
    /// `config.json`; absent where the weights file carries it (GGUF).
    pub config: Option<PathBuf>,
    /// sha256 of the weights file.
    pub weights_digest: [u8; 32],
    /// sha256 of the tokenizer file; required when there is one.
    pub tokenizer_digest: Option<[u8; 32]>,
    /// sha256 of the config file; required when there is one.
    pub config_digest: Option<[u8; 32]>,
    /// What one request may use.
    pub limits: Limits,
}

impl ModelManifest {
    /// Hashes every file and compares it with its registered digest.
    ///
    /// Reads the files whole; blocking.
    pub fn verify(&self) -> Result<(), EngineError> {
        digest::verify(&self.weights, &self.weights_digest)?;
        verify_optional("tokenizer", self.tokenizer.as_deref(), self.tokenizer_digest.as_ref())?;
        verify_optional("config", self.config.as_deref(), self.config_digest.as_ref())
    }

    /// Size of the weights file: about what the model takes in memory. 0 where there is none; loading says so.
    pub(crate) fn bytes(&self) -> u64 {
        std::fs::metadata(&self.weights).map_or(0, |file| file.len())
    }
}

fn verify_optional(what: &str, path: Option<&Path>, expected: Option<&[u8; 32]>) -> Result<(), EngineError> {
    match (path, expected) {
        (Some(path), Some(expected)) => digest::verify(path, expected),
        (Some(path), None) => Err(EngineError::model_file(
            path,
            format!("a {what} file without a registered digest; the file could be anything"),
        )),
        (None, _) => Ok(()),
    }
}
