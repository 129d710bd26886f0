#![doc = include_str!("../README.md")]

mod batch;
mod circuit;
pub mod dataset;
pub mod float;
mod gadgets;
mod groth16;
pub mod import;
pub mod model;
pub mod quantise;
mod r1cs;
pub mod reference;
pub mod setup;

pub use batch::{BatchError, Proved, prove_batch};
pub use circuit::{Circuit, Execution, Fault};
pub use groth16::{KeyError, ProveError, ProvingKey, development_setup};
pub use model::{Model, ModelError};
pub use opg_zkml_verifier::{CHUNK, Proof, Statement, VerifyingKey, evm, public_inputs};
pub use r1cs::R1cs;
pub use reference::InputError;
