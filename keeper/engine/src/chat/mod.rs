//! `chat/1`: from messages to a generated answer.

mod generate;
mod prompt;
mod sampling;
mod template;
mod text;
mod tokenizer;

pub(crate) use generate::ChatModel;
