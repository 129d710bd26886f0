//! From a body to what the engine runs, and from what it produced to a body.

mod body;
mod calls;
mod chat;
mod completions;
mod embeddings;
mod fields;
mod format;
pub(crate) mod infer;
mod output;
mod tools;

use std::sync::Arc;

use alloy::primitives::{B256, keccak256};
use opg_engine::{Completion, Input};
use serde_json::Value;

pub(crate) use calls::{CallReader, Held};
pub(crate) use output::{Envelope, Shape, Stream};

use crate::{ApiError, json, model::Model, models::Models};

/// Addresses that run a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/completions`
    Completions,
    /// `/v1/embeddings`
    Embeddings,
    /// `/v2/models/{model}/infer`
    Infer,
}

impl Endpoint {
    /// Its path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Endpoint::Chat => "/v1/chat/completions",
            Endpoint::Completions => "/v1/completions",
            Endpoint::Embeddings => "/v1/embeddings",
            Endpoint::Infer => "/v2/models/{model}/infer",
        }
    }
}

/// A request that can be run.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) endpoint: Endpoint,
    pub(crate) model: Arc<Model>,
    /// One for each answer that is wanted.
    pub(crate) inputs: Vec<Input>,
    pub(crate) shape: Shape,
    /// What the caller calls the request.
    pub(crate) id: Option<String>,
    /// Bytes of text that the model has to read.
    pub(crate) text_bytes: usize,
    /// Messages that the text is spread over.
    pub(crate) messages: usize,
    /// Most tokens that each answer may have.
    pub(crate) max_output: u32,
    /// Whether only a model whose template has a place for tools can answer.
    pub(crate) needs_tools: bool,
    /// What finds calls in the answer, if it may have some.
    pub(crate) calls: Option<Arc<CallReader>>,
    /// keccak-256 of the canonical body.
    pub(crate) input_hash: B256,
}

impl Prepared {
    /// The path that it came to.
    pub(crate) fn path(&self) -> String {
        self.endpoint.path().replace("{model}", &self.model.name)
    }

    /// The output that a receipt commits to.
    pub(crate) fn output(&self, completions: &[Completion]) -> Value {
        let each = completions.iter().enumerate();
        each.map(|(index, completion)| self.shape.item(index, completion, self)).collect()
    }
}

/// Reads `body` as a request to `endpoint`, whose path names the model where the body does not.
pub(crate) fn prepare(
    endpoint: Endpoint,
    body: &[u8],
    depth: usize,
    models: &Models,
    named: Option<String>,
) -> Result<Prepared, ApiError> {
    let parsed = json::parse(body, depth)?;
    let (name, mut fields, canonical) = match named {
        None => {
            let mut fields = fields::Fields::new(parsed.fields);
            (fields.required_text("model")?, fields, parsed.canonical)
        }
        Some(name) => {
            // One payment pays for one question to one model: the name belongs to what is hashed.
            let mut whole = parsed.fields.clone();
            if whole.insert("model_name".to_owned(), name.clone().into()).is_some() {
                let message = "`model_name` is in the path; leave it out";
                return Err(ApiError::invalid("model_name", "unknown_parameter", message));
            }
            let canonical = opg_receipts::canonical_json(&whole).map_err(ApiError::internal)?;
            (name, fields::Fields::new(parsed.fields), canonical)
        }
    };
    let input_hash = keccak256(&canonical);
    let model = models.find(&name)?;
    let mut prepared = match endpoint {
        Endpoint::Chat => chat::prepare(&mut fields, model)?,
        Endpoint::Completions => completions::prepare(&mut fields, model)?,
        Endpoint::Embeddings => embeddings::prepare(&mut fields, model)?,
        Endpoint::Infer => infer::prepare(&mut fields, model)?,
    };
    fields.finish()?;
    prepared.input_hash = input_hash;
    for input in &prepared.inputs {
        input.validate().map_err(opg_engine::EngineError::from)?;
    }
    Ok(prepared)
}
