//! `/v2/models/{model}/infer`: the Open Inference Protocol, for integer models. A tensor is the bytes of the task `tensor/1`.

use std::sync::Arc;

use alloy::primitives::B256;
use opg_engine::{Input, Task, TensorInput};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Endpoint, Prepared, Shape,
    fields::{Fields, wrong_type},
};
use crate::{ApiError, model::Model};

/// Names and type of the tensors.
pub(crate) const INPUT: &str = "input";
pub(crate) const OUTPUT: &str = "output";
pub(crate) const TYPE: &str = "UINT8";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    name: String,
    shape: Vec<u64>,
    datatype: String,
    data: Value,
}

pub(super) fn prepare(fields: &mut Fields, model: Arc<Model>) -> Result<Prepared, ApiError> {
    model.needs(Task::Tensor)?;
    fields.only("parameters", &[json!({})], "it has no parameters")?;
    fields.only("outputs", &[json!([{ "name": OUTPUT }]), json!([])], "it has one output, `output`")?;
    let id: Option<String> = fields.take("id")?;
    let tensors: Vec<Tensor> =
        serde_json::from_value(fields.required("inputs")?).map_err(|error| wrong_type("inputs", &error))?;
    let refused = |field: &str, message: String| {
        Err(ApiError::invalid(format!("inputs[0].{field}"), "invalid_value", message))
    };
    let [tensor] = tensors.as_slice() else {
        let message = format!("{} inputs; this model has one, `{INPUT}`", tensors.len());
        return Err(ApiError::invalid("inputs", "invalid_value", message));
    };
    if tensor.name != INPUT {
        return refused(
            "name",
            format!("there is no input `{}`; this model has one, `{INPUT}`", tensor.name),
        );
    }
    if tensor.datatype != TYPE {
        return refused("datatype", format!("`{}`; this model reads {TYPE}", tensor.datatype));
    }
    let mut values = Vec::new();
    if !flatten(&tensor.data, &mut values) {
        return refused("data", "give numbers from 0 to 255, in lists".to_owned());
    }
    let promised = tensor.shape.iter().try_fold(1_u64, |product, side| product.checked_mul(*side));
    if promised != Some(values.len() as u64) {
        return refused("shape", format!("{:?} is not the shape of {} values", tensor.shape, values.len()));
    }
    Ok(Prepared {
        endpoint: Endpoint::Infer,
        text_bytes: values.len(),
        messages: 1,
        max_output: 0,
        needs_tools: false,
        calls: None,
        inputs: vec![Input::Tensor(TensorInput { values })],
        shape: Shape::Tensor,
        model,
        id,
        input_hash: B256::ZERO,
    })
}

/// Adds the numbers in nested lists, row by row. False if there is anything else. How deep lists nest is bounded already.
fn flatten(value: &Value, values: &mut Vec<u8>) -> bool {
    match value {
        Value::Array(rows) => rows.iter().all(|row| flatten(row, values)),
        value => match value.as_u64().and_then(|value| u8::try_from(value).ok()) {
            Some(value) => {
                values.push(value);
                true
            }
            None => false,
        },
    }
}
