#![doc = include_str!("../README.md")]

pub mod digest;
pub mod error;
pub mod local;
pub mod manifest;
pub mod process;
pub mod types;
pub mod wire;
pub mod worker;

mod api;
mod chat;
mod constraint;
mod embedding;
mod exact;
mod frame;
mod gguf;
mod llama;
mod message;
mod network;
mod pinned;
mod shelf;
mod tensor;
mod tokens;
mod tools;
mod trace;

pub use api::{Capacity, Engine};
pub use constraint::Constraint;
pub use error::{EngineError, InputError};
pub use manifest::{Limits, ModelManifest};
pub use pinned::Pinned;
pub use process::{ProcessConfig, ProcessEngine};
pub use tokens::assumed_tokens;
pub use tools::{Tool, ToolCall};
pub use trace::{Difference, Gaps, Profile, Verdict};
pub use types::{
    ChatInput, Completion, EmbeddingInput, FinishReason, Input, Message, Output, Role, Sampling, Task,
    TensorInput, Timings, Trace, Usage,
};
