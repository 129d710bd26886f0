//! The crate as its users see it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod agreement;
mod batches;
mod examples;
mod format;
mod hostile;
mod importing;
mod onnx;
mod powers;
mod proofs;
mod quantising;
mod setup;
mod shapes;
mod soundness;
mod support;
mod vectors;
