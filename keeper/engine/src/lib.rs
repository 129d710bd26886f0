#![doc = include_str!("../README.md")]

pub mod digest;
pub mod error;
pub mod manifest;
pub mod types;
pub mod wire;

mod api;

pub use api::{Capacity, Engine};
pub use error::{EngineError, InputError};
pub use manifest::{Limits, ModelManifest};
pub use types::{
    ChatInput, Completion, EmbeddingInput, FinishReason, Input, Message, Output, Role, Sampling, Task, Timings,
    Trace, Usage,
};
