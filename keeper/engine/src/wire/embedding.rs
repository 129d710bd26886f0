use super::parse;
use crate::{EmbeddingInput, InputError, Task};

const SCALE: f32 = i16::MAX as f32;

pub(super) fn decode(bytes: &[u8]) -> Result<EmbeddingInput, InputError> {
    let input: EmbeddingInput = parse(Task::Embedding, bytes)?;
    validate(&input)?;
    Ok(input)
}

pub(super) fn validate(input: &EmbeddingInput) -> Result<(), InputError> {
    if input.input.is_empty() {
        return Err(InputError::field("input", "empty; give the text to embed"));
    }
    Ok(())
}

pub(super) fn encode_vector(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| quantise(*x).to_be_bytes()).collect()
}

/// Components of a unit vector lie in [-1, 1]; the cast saturates should rounding leave one outside.
fn quantise(x: f32) -> i16 {
    (x * SCALE).round() as i16
}

pub(super) fn decode_vector(bytes: &[u8]) -> Result<Vec<f32>, InputError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        let reason = format!("{} bytes are not a whole number of 16-bit components", bytes.len());
        return Err(InputError::Malformed { task: Task::Embedding.to_string(), reason });
    }
    Ok(pairs.iter().map(|pair| f32::from(i16::from_be_bytes(*pair)) / SCALE).collect())
}
