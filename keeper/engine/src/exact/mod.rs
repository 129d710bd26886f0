//! Language models on the processor, with the same bits in every run.
//!
//! A floating-point sum depends on its order, and ordinary engines let the order depend on the batch, the number of
//! threads and the processor. Here each number's order of operations is fixed by the model alone: every row of a
//! matrix and every position is summed in its own lane, from first to last, by operations that IEEE 754 defines
//! exactly. Wider registers compute more lanes at once; they never split a sum.

// Counting loops over lanes and registers say what the kernels do; the compiler unrolls them.
#![allow(clippy::needless_range_loop)]

mod attention;
mod bert;
mod block;
mod buffers;
mod cache;
mod floats;
mod lanes;
#[cfg(target_arch = "x86_64")]
mod lanes_x86;
mod level;
mod logits;
mod model;
mod packed;
mod panels;
mod prefix;
mod rope;
mod rows;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tiles;
mod weights;

pub(crate) use bert::Bert;
pub(crate) use buffers::{Buffer, Buffers};
pub(crate) use cache::Sequence;
pub use level::Level;
pub(crate) use model::{Model, Step};
pub(crate) use prefix::PrefixCache;
