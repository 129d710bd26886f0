//! `/v1/embeddings`

use std::sync::Arc;

use alloy::primitives::B256;
use opg_engine::{EmbeddingInput, Input, Task};
use serde::Deserialize;

use super::{
    Endpoint, Prepared, Shape,
    fields::{Fields, wrong_type},
};
use crate::{ApiError, model::Model};

/// Most texts of one request.
const MOST_TEXTS: usize = 128;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Float,
    Base64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

pub(super) fn prepare(fields: &mut Fields, model: Arc<Model>) -> Result<Prepared, ApiError> {
    model.needs(Task::Embedding)?;
    fields.only("dimensions", &[], "its vectors have one length")?;
    let texts = serde_json::from_value(fields.required("input")?).map_err(|_| {
        wrong_type("input", &"it must be a text or a list of texts; lists of token ids are not supported")
    })?;
    let texts = match texts {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    };
    if texts.is_empty() || texts.len() > MOST_TEXTS {
        let message = format!("{} texts; give between 1 and {MOST_TEXTS}", texts.len());
        return Err(ApiError::invalid("input", "invalid_value", message));
    }
    let base64 = matches!(fields.take("encoding_format")?, Some(Format::Base64));
    Ok(Prepared {
        endpoint: Endpoint::Embeddings,
        text_bytes: texts.iter().map(String::len).sum(),
        messages: texts.len(),
        max_output: 0,
        needs_tools: false,
        calls: None,
        inputs: texts.into_iter().map(|input| Input::Embedding(EmbeddingInput { input })).collect(),
        shape: Shape::Embeddings { base64 },
        model,
        id: None,
        input_hash: B256::ZERO,
    })
}
