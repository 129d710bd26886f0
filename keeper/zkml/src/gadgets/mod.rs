//! What costs constraints: everything that is not linear. Each gadget fixes all of its variables, so that a witness is
//! unique for an input; each states its cost.

mod argmax;
mod max;
mod pack;
mod range;
mod requantise;

pub(crate) use argmax::argmax;
pub(crate) use max::max;
pub(crate) use pack::{CHUNK, Part, bind};
pub(crate) use range::range;
pub(crate) use requantise::requantise;

/// The number of bits of `value`.
pub(crate) fn bits(value: i64) -> u32 {
    i64::BITS - value.max(0).leading_zeros()
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a helper that fails is a test that fails")]
mod tests;
