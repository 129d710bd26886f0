#![doc = include_str!("../README.md")]

mod circuit;
mod gadgets;
mod groth16;
pub mod model;
mod r1cs;
pub mod reference;
mod statement;

pub use circuit::{Circuit, Execution, Fault};
pub use groth16::evm;
pub use groth16::{KeyError, Proof, ProveError, ProvingKey, VerifyingKey, development_setup};
pub use model::{Model, ModelError};
pub use r1cs::R1cs;
pub use reference::InputError;
pub use statement::{Statement, public_inputs};
