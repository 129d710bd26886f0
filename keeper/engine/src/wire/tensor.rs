use super::MAX_INPUT_BYTES;
use crate::{InputError, TensorInput};

pub(super) fn decode(bytes: &[u8]) -> Result<TensorInput, InputError> {
    let input = TensorInput { values: bytes.to_vec() };
    validate(&input)?;
    Ok(input)
}

/// How many values there have to be is the model's to say.
pub(super) fn validate(input: &TensorInput) -> Result<(), InputError> {
    match input.values.len() {
        0 => Err(InputError::field("values", "empty; give one byte per value of the model's input")),
        1..=MAX_INPUT_BYTES => Ok(()),
        found => Err(InputError::TooLarge { found, limit: MAX_INPUT_BYTES }),
    }
}
