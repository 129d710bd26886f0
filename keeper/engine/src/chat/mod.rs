//! `chat/1`: from messages to a generated answer.

mod batch;
mod bytelevel;
mod generation;
mod guide;
mod model;
mod philox;
mod pieces;
mod prompt;
mod sampling;
mod template;
mod text;
mod tojson;
mod tokenizer;
mod verify;

pub(crate) use batch::{Batch, BatchLimits, Progress};
pub(crate) use model::ChatModel;
pub(crate) use sampling::NAME as SAMPLER;
pub(crate) use template::source as template_source;
pub(crate) use tokenizer::Tokenizer;
