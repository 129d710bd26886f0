//! The values that go into an engine and come out of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Constraint, Tool, ToolCall};

/// A kind of work, named on-chain by the model's registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Task {
    /// `chat/1`: messages in, text out.
    #[serde(rename = "chat/1")]
    Chat,
    /// `embedding/1`: text in, a unit vector out.
    #[serde(rename = "embedding/1")]
    Embedding,
    /// `tensor/1`: bytes in, bytes out, by an integer model whose runs can be proved.
    #[serde(rename = "tensor/1")]
    Tensor,
}

impl Task {
    /// Every task that this build knows.
    pub const ALL: [Task; 3] = [Task::Chat, Task::Embedding, Task::Tensor];

    /// The name under which the task is registered, version included.
    pub fn name(self) -> &'static str {
        match self {
            Task::Chat => "chat/1",
            Task::Embedding => "embedding/1",
            Task::Tensor => "tensor/1",
        }
    }

    /// The task of that name, if this build knows it.
    pub fn parse_name(name: &str) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.name() == name)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Who speaks in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions that frame the conversation.
    System,
    /// The person or contract that asks.
    User,
    /// An earlier answer of the model.
    Assistant,
    /// What came of a call that the model asked for.
    Tool,
}

impl Role {
    /// The name that requests and chat templates use.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

/// One turn of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said. Text that looks like a control token stays text.
    pub content: String,
    /// Calls that the assistant asked for in this turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The call that a tool's turn is the result of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl Message {
    /// A turn that is text and nothing else.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Message { role, content: content.into(), tool_calls: Vec::new(), tool_call_id: None }
    }
}

/// A chat request. Absent options take the documented defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatInput {
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// Most tokens to generate; the model's default when absent, never above its limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 picks the likeliest token each time. Default 0, so that an answer can be reproduced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Share of probability mass to sample from. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Most candidates to sample from. Default 0: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Least probability of a candidate, as a share of the likeliest one's. Default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f64>,
    /// Divisor of the scores of tokens that occurred. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition_penalty: Option<f64>,
    /// Seed of the sampler. Default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Generation ends before any of these strings would appear in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Vec<String>>,
    /// Functions that the model is told about. What it says of them is text: whoever asks reads the calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// What the whole answer must look like. Default: anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Constraint>,
}

impl ChatInput {
    /// A single question with default options.
    pub fn ask(question: impl Into<String>) -> Self {
        ChatInput { messages: vec![Message::new(Role::User, question)], ..ChatInput::default() }
    }

    /// The sampling parameters with defaults filled in.
    pub fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.temperature.unwrap_or(0.0),
            top_p: self.top_p.unwrap_or(1.0),
            top_k: self.top_k.unwrap_or(0),
            min_p: self.min_p.unwrap_or(0.0),
            repetition_penalty: self.repetition_penalty.unwrap_or(1.0),
            seed: self.seed.unwrap_or(0),
        }
    }
}

/// An embedding request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingInput {
    /// The text to embed.
    pub input: String,
}

/// Values for an integer model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TensorInput {
    /// One byte per value of the model's input, in channel, row, column order.
    pub values: Vec<u8>,
}

/// A decoded request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// Input of [`Task::Chat`].
    Chat(ChatInput),
    /// Input of [`Task::Embedding`].
    Embedding(EmbeddingInput),
    /// Input of [`Task::Tensor`].
    Tensor(TensorInput),
}

impl Input {
    /// The task that this is an input of.
    pub fn task(&self) -> Task {
        match self {
            Input::Chat(_) => Task::Chat,
            Input::Embedding(_) => Task::Embedding,
            Input::Tensor(_) => Task::Tensor,
        }
    }
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Output {
    /// Answer of [`Task::Chat`].
    Text(String),
    /// Answer of [`Task::Embedding`]: components of a vector of length 1.
    Embedding(Vec<f32>),
    /// Answer of [`Task::Tensor`]: the bytes that a proof is about.
    Tensor(Vec<u8>),
}

/// What a request is charged for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that the model read, chat template included.
    pub input_tokens: u32,
    /// Tokens that the model produced, the end-of-turn token included; 0 for embeddings.
    pub output_tokens: u32,
}

/// Sampling parameters with every default filled in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sampling {
    /// 0 for greedy decoding.
    pub temperature: f64,
    /// Share of probability mass that is sampled from, in (0, 1].
    pub top_p: f64,
    /// Most candidates; 0 for all.
    #[serde(default)]
    pub top_k: u32,
    /// Least probability of a candidate, as a share of the likeliest one's.
    #[serde(default)]
    pub min_p: f64,
    /// Divisor of the scores of tokens that occurred; 1 for none.
    #[serde(default = "one")]
    pub repetition_penalty: f64,
    /// Written as a decimal string: JSON numbers are exact only up to 2^53.
    #[serde(with = "decimal")]
    pub seed: u64,
}

impl Default for Sampling {
    /// Greedy decoding.
    fn default() -> Self {
        Sampling { temperature: 0.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, seed: 0 }
    }
}

fn one() -> f64 {
    1.0
}

/// What a verifier needs beyond the text to repeat the computation. Its RFC 8785 form is hashed into
/// the receipt's `traceHash`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// Engine build: name, version and device kind, e.g. `opg-engine/0.1.0 cpu`.
    pub engine: String,
    /// Digest of the execution profile, in hex; empty where the engine states none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// Token ids that the model read.
    pub input_tokens: Vec<u32>,
    /// Token ids that the model produced; empty for embeddings.
    pub output_tokens: Vec<u32>,
    /// Sampling parameters; absent for embeddings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// Digest of the answer's constraint, in hex; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// Chained hashes, in hex, over every 32 output tokens and the logits behind the last of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<String>,
}

/// Why generation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinishReason {
    /// The model ended its turn, a stop string appeared, or the task has a single answer.
    Stop,
    /// A token limit was reached.
    Length,
}

/// Where the time of a request went. Not part of the trace: it differs from run to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Waiting for the worker.
    pub queued: Duration,
    /// Verifying and loading the model; zero when it was resident.
    pub load: Duration,
    /// Reading the input.
    pub prefill: Duration,
    /// Producing the output after its first token.
    pub decode: Duration,
}

/// A finished request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The answer.
    pub output: Output,
    /// What to charge for.
    pub usage: Usage,
    /// What to commit to.
    pub trace: Trace,
    /// Why generation ended.
    pub finish_reason: FinishReason,
    /// Where the time went.
    pub timings: Timings,
}

mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
